"""What nobody takes goes to the next line by itself: when that is due."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile

from collector.desk.clocks import FULL, Interval, passing
from collector.desk.flow import LINES, WAITING
from collector.desk.table import RESPONSE, Table
from collector.model import Incident


def leaves_at(one: Incident, intervals: Sequence[Interval], table: Table) -> int | None:
    """Return when (ms) an incident leaves the line it waits with, by its priority; None: it stays there.

    `intervals`: the oldest first. Only what is nobody's and has no time of its own leaves by itself; the last line has
    nobody to hand it to.
    """
    percent, allowed = table.keeps(one.line, one.category), table.allowed(one.priority, RESPONSE)
    is_anybodys = one.state in WAITING and not one.assignee and one.due_at is None
    if percent is None or allowed is None or one.line + 1 not in LINES or not is_anybodys:
        return None
    return passing(_here(one.line, intervals), -(-allowed * percent // FULL), table.counting(one.priority))


def _here(line: int, intervals: Sequence[Interval]) -> Iterable[Interval]:
    """Return the intervals in which it has waited with this line, of the time it came there last."""

    def is_here(each: Interval) -> bool:
        return each.line == line and each.state in WAITING and not each.assignee

    return reversed(list(takewhile(is_here, reversed(intervals))))
