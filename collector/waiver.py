"""Waivers: problems that are accepted until a day, or count for less. One function reads them: `effective_waiver`.

A waived problem is still evaluated and still has its state; it is shown as WAIVED and counted apart from what passes.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from collector.compiled import compile_selector
from collector.language import Fault
from collector.severity import SEVERITIES, rank

DAY_MS: Final = 86_400_000
LONGEST_MS: Final = 365 * DAY_MS
"""A waiver ends, at the latest after so long."""
REMIND_BEFORE_MS: Final = tuple(days * DAY_MS for days in (14, 7, 1))
"""How long before its end somebody is reminded."""
DEAD_AFTER_MS: Final = 30 * DAY_MS
"""One that matched nothing for so long is of no use."""
ACCEPT, LOWER = "accept", "lower"
ASKED, GRANTED, REFUSED, ENDED = "asked", "granted", "refused", "ended"
RISKS: Final = ("low", "medium", "high")


@dataclass(frozen=True, slots=True)
class Waiver:
    """What somebody asks to be let off, and somebody else grants. Times in ms.

    `rule`: an id, or a prefix as in `SEC-*`; `scope`: a condition over the CI, "" for every one; `instance` "": every
    one. `level`: what it counts for where the effect is `lower`. `matched_at`: when it last met a problem.
    """

    number: str
    rule: str
    effect: str
    reason: str
    starts: int
    expires: int
    scope: str = ""
    instance: str = ""
    level: str = ""
    risk: str = "medium"
    ticket: str = ""
    state: str = ASKED
    requested_by: str = ""
    asked_at: int = 0
    decided_by: str = ""
    decided_at: int = 0
    note: str = ""
    matched_at: int = 0

    def is_dead(self, now: int) -> bool:
        """Return whether it holds and has met nothing for a long time."""
        since = max(self.starts, self.decided_at, self.matched_at)
        return self.holds(now) and now - since > DEAD_AFTER_MS

    def holds(self, at: int) -> bool:
        return self.state == GRANTED and self.starts <= at < self.expires

    def concerns(self, rule: str, ci: Mapping[str, Any], instance: str) -> bool:
        """Return whether it is about this alert, whenever. A scope that cannot be judged of a CI holds nothing back."""
        if not meets(self.rule, rule) or self.instance not in ("", instance):
            return False
        try:
            return not self.scope or compile_selector(self.scope).judge({"ci": ci}) is True
        except Fault:
            return False

    def reminder_due(self, since: int, now: int) -> int:
        """Return how many days before its end a reminder fell due within (since, now]; 0: none did."""
        due = [each for each in REMIND_BEFORE_MS if since < self.expires - each <= now < self.expires]
        return min(due, default=0) // DAY_MS


def meets(pattern: str, rule: str) -> bool:
    """Return whether `pattern`, an id or a prefix with `*`, names `rule`."""
    return fnmatch.fnmatchcase(rule, pattern) if pattern.endswith("*") else rule == pattern


def effective_waiver(
    waivers: Iterable[Waiver], rule: str, ci: Mapping[str, Any], instance: str, at: int
) -> Waiver | None:
    """Return the waiver an alert of a rule that may be waived goes by at `at` (ms).

    What accepts goes before what lowers, then what lasts longer.
    """
    found = [each for each in waivers if each.holds(at) and each.concerns(rule, ci, instance)]
    return max(found, key=lambda each: (each.effect == ACCEPT, -rank(each.level), each.expires), default=None)


def lowered(severity: str, waiver: Waiver | None) -> str:
    """Return what a problem of `severity` counts for, never for more than it is; "" where nothing lowers it."""
    if waiver is None or waiver.effect != LOWER or severity not in SEVERITIES:
        return ""
    return min(severity, waiver.level, key=rank)
