"""Flapping: what goes to and fro. It stays one finding, in sight; a person is told what could be done about it."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from collector.change.covering import DAY_MS
from collector.model import Path, Step, Value

FLIPS = 3
WITHIN_MS = DAY_MS
PROPOSAL_MS = 30 * DAY_MS
"""How long what was proposed, once approved, holds before it must be decided anew."""


class Remedy(enum.StrEnum):
    """What a person may decide; each is a line in the table of attributes with a reason."""

    MAKE_VOLATILE = "make_volatile"
    WIDEN_TOLERANCE = "widen_tolerance"
    RAISE_CONFIRM = "raise_confirm"


@dataclass(frozen=True, slots=True)
class Flapping:
    """A path that flapped, when last, and what is proposed: never done without a person's name and an end."""

    path: Path
    flips: int
    since: int
    until: int
    remedies: tuple[Remedy, ...]

    @property
    def holds_until(self) -> int:
        return self.until + PROPOSAL_MS


def flapping(steps: Sequence[Step]) -> Flapping | None:
    """Return the last flapping among the steps of one path in one lane, or None.

    A flip is a step back to a value that was left within a day; three of them within a day are flapping.
    """
    flips = [step.hi for step in _flips(steps)]
    for last in range(len(flips) - 1, FLIPS - 2, -1):
        if flips[last] - flips[last - FLIPS + 1] < WITHIN_MS:
            within = [at for at in flips[: last + 1] if at > flips[last] - WITHIN_MS]
            return Flapping(steps[0].path, len(within), within[0], flips[last], _remedies(steps))
    return None


def _flips(steps: Iterable[Step]) -> Iterable[Step]:
    left: list[tuple[int, Value]] = []
    for step in sorted(steps, key=lambda each: each.hi):
        if any(value == step.new and at > step.hi - WITHIN_MS for at, value in left):
            yield step
        left.append((step.hi, step.old))


def _remedies(steps: Sequence[Step]) -> tuple[Remedy, ...]:
    """A number may need a tolerance, what comes and goes a second look, and everything may be volatile."""
    values = [value for step in steps for value in (step.old, step.new)]
    found = [Remedy.MAKE_VOLATILE]
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        found.append(Remedy.WIDEN_TOLERANCE)
    return (*found, Remedy.RAISE_CONFIRM)
