"""What a past period comes to by other terms: counts of all of it, and the rows in which it differs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from collector.change.item import Item
from collector.model import CI, Verdict

MOST: Final = 1000
"""Rows that are kept; all are counted."""
FLAGGED: Final = frozenset({
    Verdict.UNAPPROVED, Verdict.PENDING, Verdict.VARIANCE, Verdict.OUT_OF_WINDOW, Verdict.LATE_APPROVAL,
    Verdict.RETRO_LATE,
})  # fmt: skip
"""Verdicts somebody has something to do for."""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that moved: what is held of it, and what would be; None: it is no item. `change`: by which."""

    ci: CI
    item: Item
    was: Verdict | None
    would_be: Verdict | None
    change: str = ""


@dataclass
class Report:
    """A period [start, end) (ms) judged anew. `pairs`: (was, would be) → how many things that moved."""

    start: int
    end: int
    cis: int = 0
    pairs: Counter[tuple[Verdict | None, Verdict | None]] = field(default_factory=Counter)
    rows: list[Row] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Count one thing; keep it where it differs, as long as there is room."""
        self.pairs[row.was, row.would_be] += 1
        if row.was is not row.would_be and len(self.rows) < MOST:
            self.rows.append(row)

    @property
    def items(self) -> int:
        return self.pairs.total()

    @property
    def differing(self) -> int:
        return sum(count for (was, would_be), count in self.pairs.items() if was is not would_be)

    @property
    def flagged(self) -> int:
        """Return how many things are flagged now."""
        return sum(count for (was, _), count in self.pairs.items() if was in FLAGGED)

    @property
    def would_flag(self) -> int:
        return sum(count for (_, would_be), count in self.pairs.items() if would_be in FLAGGED)

    @property
    def counts(self) -> tuple[tuple[str, str, int], ...]:
        """Return (was, would be, how many), the most first; an empty word: it is no item."""
        told = [(str(was or ""), str(would_be or ""), count) for (was, would_be), count in self.pairs.items()]
        return tuple(sorted(told, key=lambda each: (-each[2], each)))
