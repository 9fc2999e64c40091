"""What may be asked of a report."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from collector.desk.table import BUILT_IN, Table
from collector.report.needs import Needs
from collector.report.value import Figure, Kind
from collector.rule_meter import RuleMeter
from collector.services.inspections import Rules
from collector.store.asof import Moment
from collector.store.browse.page import MAX_LIMIT
from collector.store.browse.report_moves import Period
from collector.store.browse.reports import Scope

DAY_MS: Final = 86_400_000
HALF_YEAR_MS: Final = 183 * DAY_MS


@dataclass(frozen=True, slots=True)
class Asked:
    """As of `at` (ms; None: now) as it was known at `known_at` (None: now), of some classes, or of one CI (uid).

    `since`, `until`: the period (ms; None: the half year before).

    `needs`: what data health is measured by; `limit`: how many rows a part has.

    `desk`, `rules`, `meter`: what the monthly report goes by.
    """

    now: int
    at: int | None = None
    known_at: int | None = None
    since: int | None = None
    until: int | None = None
    classes: tuple[str, ...] = ()
    ci: str = ""
    needs: Needs = field(default_factory=Needs)
    limit: int = MAX_LIMIT
    desk: Table = field(default=BUILT_IN, kw_only=True)
    rules: Rules = field(default_factory=dict, kw_only=True)
    meter: RuleMeter = field(default_factory=RuleMeter, kw_only=True)

    @property
    def moment(self) -> Moment | None:
        """When values are read: None for the present."""
        if self.at is None and self.known_at is None:
            return None
        return Moment(self.when, self.now if self.known_at is None else self.known_at)

    @property
    def when(self) -> int:
        return self.now if self.at is None else self.at

    @property
    def period(self) -> Period:
        until = self.when + 1 if self.until is None else self.until
        return Period(until - HALF_YEAR_MS if self.since is None else self.since, until)

    @property
    def scope(self) -> Scope:
        return Scope(self.moment, self.classes)

    def of(self, at: int) -> Scope:
        """Return the same as of another time (ms), as it was known then."""
        return replace(self.scope, moment=Moment(at, at))

    @property
    def told(self) -> tuple[Figure, ...]:
        """What every report says of what was asked: as of when, and of which classes."""
        classes = (Figure("classes", self.classes, Kind.WORDS, "class"),) if self.classes else ()
        known = () if self.known_at is None else (Figure("known_at", self.known_at, Kind.TIME),)
        return (Figure("at", self.when, Kind.TIME), *known, *classes)

    @property
    def told_period(self) -> tuple[Figure, ...]:
        return (Figure("since", self.period.since, Kind.TIME), Figure("until", self.period.until, Kind.TIME))
