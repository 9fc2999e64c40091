"""How well incidents were handled: groups of them counted, with what was in time by the clocks of the desk."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from collector.desk import clocks
from collector.desk.clocks import Interval
from collector.desk.flow import State
from collector.desk.table import HOUR_MS, RESOLUTION, RESPONSE, Table
from collector.store.browse.monthly import Handled
from collector.store.browse.report_moves import Period

FIRST_LINE: Final = 1


@dataclass(frozen=True, slots=True)
class Judged:
    """One incident as the period sees it. `answered`, `solved`: whether in time; None: not here, or no promise.

    `first_line`: people of line one solved it without handing it on; None: nobody solved it in this period.
    """

    its: Handled
    opened: bool
    resolved: bool
    answered: bool | None
    solved: bool | None
    first_line: bool | None


def judge(its: Handled, intervals: Sequence[Interval], period: Period, table: Table, now: int) -> Judged:
    """Return how an incident was handled within the period, as it is known at `now` (ms)."""
    opened = period.since <= its.opened_at < period.until
    resolved = its.resolved_at is not None and period.since <= its.resolved_at < period.until
    resolved = resolved and its.state != State.CANCELLED
    readings = {each.clock: each for each in clocks.read(intervals, its.priority, table, now, its.due_at)}
    answered = solved = None
    response, solution = readings.get(RESPONSE), readings.get(RESOLUTION)
    if response and opened and (response.state == "done" or response.is_over):
        answered = not response.is_over
    if solution and resolved:
        solved = not solution.is_over
    by_people = resolved and its.code in table.codes and not table.codes[its.code].automatic
    stayed = all(each.line <= FIRST_LINE for each in intervals) and its.line <= FIRST_LINE
    return Judged(its, opened, resolved, answered, solved, stayed if by_people else None)


@dataclass(slots=True)
class Tally:
    """A group of incidents, counted. A share is None where there is nothing to share."""

    opened: int = 0
    resolved: int = 0
    reopened: int = 0
    spans: list[int] = field(default_factory=list)
    scores: list[int] = field(default_factory=list)
    shares: dict[str, list[int]] = field(default_factory=dict)

    def add(self, each: Judged) -> None:
        self.opened += each.opened
        if each.resolved:
            self.resolved += 1
            self.reopened += each.its.reopened > 0
            self.spans.append((each.its.resolved_at or 0) - each.its.opened_at)
            if each.its.score is not None:
                self.scores.append(each.its.score)
        for name in ("answered", "solved", "first_line"):
            held: bool | None = getattr(each, name)
            if held is not None:
                self.shares.setdefault(name, []).append(held)

    def share(self, name: str) -> float | None:
        found = self.shares.get(name)
        return sum(found) / len(found) if found else None

    @property
    def hours(self) -> float | None:
        """How long it took to solve them on average, in hours by the clock on the wall."""
        return round(sum(self.spans) / len(self.spans) / HOUR_MS, 1) if self.spans else None

    @property
    def score(self) -> float | None:
        return round(sum(self.scores) / len(self.scores), 2) if self.scores else None

    @property
    def again(self) -> float | None:
        return self.reopened / self.resolved if self.resolved else None


def tally(judged: Iterable[Judged]) -> Tally:
    total = Tally()
    for each in judged:
        total.add(each)
    return total


def grouped(judged: Iterable[Judged], key: Callable[[Handled], Hashable]) -> Mapping[Hashable, Tally]:
    """Return group → its tally, the group with the most new ones first."""
    found: dict[Hashable, Tally] = {}
    for each in judged:
        found.setdefault(key(each.its), Tally()).add(each)
    return dict(sorted(found.items(), key=lambda group: (-group[1].opened, -group[1].resolved, str(group[0]))))
