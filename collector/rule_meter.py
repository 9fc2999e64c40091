"""How often each rule ran since start, how long that took, and how often it was wrong. In memory only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(slots=True)
class Used:
    """What one rule has cost: runs on a CI, seconds of all of them, and runs that ended in ERROR."""

    evaluations: int = 0
    seconds: float = 0.0
    errors: int = 0


class RuleMeter:
    """Counts by rule. One for a pipeline; whoever shows it reads it in the same loop."""

    def __init__(self) -> None:
        self._used: dict[str, Used] = {}

    def note(self, rule_id: str, seconds: float, errors: int) -> None:
        """Count one run of a rule on one CI."""
        used = self._used.get(rule_id)
        if used is None:
            used = self._used[rule_id] = Used()
        used.evaluations += 1
        used.seconds += seconds
        used.errors += errors

    @property
    def used(self) -> Mapping[str, Used]:
        """What each rule has cost that ran."""
        return self._used

    @property
    def evaluations(self) -> int:
        """Runs of all rules together."""
        return sum(each.evaluations for each in self._used.values())
