"""Noise: how often findings turned out to be nothing, and which attributes that calls into question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collector.change.covering import DAY_MS
from collector.model import Path

REVIEW_ABOVE = 0.20
"""The share of dismissed findings above which an attribute is proposed for review."""
BUDGET = 0.5
"""Dismissed findings a thousand CIs and week that are borne."""
WEEK_MS = 7 * DAY_MS


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of the findings on one attribute: a person confirmed them, or dismissed them as nothing."""

    confirmed: int = 0
    dismissed: int = 0

    @property
    def error_rate(self) -> float | None:
        """The share that was dismissed, 0 to 1; None when nobody answered any."""
        answered = self.confirmed + self.dismissed
        return self.dismissed / answered if answered else None


@dataclass(frozen=True, slots=True)
class LogOnly:
    """A class or a site, each empty for all, whose findings are recorded but raise no incident, until a date."""

    until: int
    ci_class: str = ""
    site: str = ""


def for_review(answered: Mapping[Path, Answered]) -> tuple[Path, ...]:
    """Return the attributes that are dismissed too often, the worst first. They are proposed, never silenced."""
    rates = {path: each.error_rate or 0.0 for path, each in answered.items()}
    worst = sorted(rates, key=lambda path: (-rates[path], path))
    return tuple(path for path in worst if rates[path] > REVIEW_ABOVE)


def dismissed_rate(dismissed: int, cis: int, span_ms: int) -> float:
    """Return dismissed findings a thousand CIs and week, to be held against `BUDGET`."""
    if cis <= 0 or span_ms <= 0:
        raise ValueError("a rate is of some CIs over some time")
    return dismissed * 1000 / cis * WEEK_MS / span_ms


def is_enforced(rules: Sequence[LogOnly], ci_class: str, site: str, at: int) -> bool:
    """Return whether a finding of this class at this site raises an incident at `at` (ms)."""
    return not any(at < rule.until and rule.ci_class in {"", ci_class} and rule.site in {"", site} for rule in rules)
