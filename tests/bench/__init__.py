"""Benchmarks: each `bench_*.py` here has `run() -> list[Figure]`; `./muster bench [NAME] [--json]` runs them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure: `value` in `unit`, and what was promised of it, if anything was.

    `note` says under which circumstances: sizes, counts, what it is compared with.
    """

    name: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""

    @property
    def holds(self) -> bool | None:
        """True or False for a figure with a promise, None for one without."""
        if self.at_least is None and self.at_most is None:
            return None
        return (self.at_least is None or self.value >= self.at_least) and (
            self.at_most is None or self.value <= self.at_most
        )
