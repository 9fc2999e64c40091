"""What was done when, and what ought to be held of it."""

from __future__ import annotations

from dataclasses import dataclass

from collector.model import Verdict
from tests.bench.estate.touch import Touch
from tests.bench.estate.world import Thing

STANDING = frozenset({
    Verdict.UNAPPROVED, Verdict.VARIANCE, Verdict.OUT_OF_WINDOW, Verdict.LATE_APPROVAL, Verdict.RETRO_LATE,
})  # fmt: skip
"""What stands against somebody."""
GOOD = frozenset({Verdict.VERIFIED, Verdict.AUTHORISED})


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing done at `at` (ms). `ought`: the verdicts one of which it ends with; none: nothing of it is told.

    `breach`: it was unapproved, or broke the rules, whatever became of it afterwards. `beyond`: nothing of the sort is
    drift by design (a source switch never is), so it is counted by itself.
    """

    kind: str
    thing: Thing
    touch: Touch
    at: int
    ought: frozenset[Verdict]
    breach: bool
    beyond: bool = False
