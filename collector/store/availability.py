"""For how long CIs could be reached within a span, summed up where they moved: one question for many CIs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import BigInteger, ColumnElement, Subquery, case, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store import interning
from collector.store.browse.ref import CiRef
from collector.store.browse.reports import Scope, of_scope
from collector.store.schema import ci, reach_move

_move = reach_move.c
AT_ONCE: Final = 10_000
"""CIs, by their ids, whose moves one question adds up."""


@dataclass(frozen=True, slots=True)
class Availability:
    """For how long a CI was in each state within a span (ms); before it was first watched it was in none."""

    up: int = 0
    degraded: int = 0
    unreachable: int = 0
    unknown: int = 0

    @property
    def share(self) -> float | None:
        """The share of the time in which it could be reached (0…1), of the time in which that is known; None: never."""
        known = self.up + self.degraded + self.unreachable
        return (self.up + self.degraded) / known if known else None

    def __add__(self, other: Availability) -> Availability:
        return Availability(
            self.up + other.up, self.degraded + other.degraded, self.unreachable + other.unreachable,
            self.unknown + other.unknown,
        )  # fmt: skip


async def of_cis(connection: AsyncConnection, ci_ids: Collection[int], begin: int, end: int) -> dict[int, Availability]:
    """Return CI → its availability within [begin, end) (ms); CIs that were not watched by then are left out."""
    found: dict[int, Availability] = {}
    for part in interning.chunks(sorted(ci_ids)):
        rows = await connection.execute(select(_spent(begin, end, _move.ci_id.in_(part))))
        found |= {row[0]: Availability(*row[1:]) for row in rows}
    return found


async def of_all(
    connection: AsyncConnection, classes: Collection[str], begin: int, end: int
) -> AsyncIterator[tuple[CiRef, Availability]]:
    """Yield every CI of these classes (none: of all) that was watched within [begin, end) (ms), by id."""
    last = (await connection.execute(select(func.max(_move.ci_id)))).scalar_one() or 0
    for first in range(0, last + 1, AT_ONCE):
        its = _spent(begin, end, _move.ci_id >= first, _move.ci_id < first + AT_ONCE)
        wanted = select(ci.c.uid, ci.c.name, ci.c.ci_class, ci.c.ci_type, *list(its.c)[1:])
        where = of_scope(Scope(None, tuple(classes)))
        for row in await connection.execute(wanted.join(its, its.c.ci_id == ci.c.id).where(*where).order_by(ci.c.id)):
            yield CiRef(*row[:4]), Availability(*row[4:])


def _spent(begin: int, end: int, *which: ColumnElement[bool]) -> Subquery:
    """Return CI, and the time (ms) it spent in each state: a move holds until the next one."""
    following = func.lead(_move.at).over(partition_by=_move.ci_id, order_by=_move.at)
    course = select(_move.ci_id, _move.state, _move.at, func.coalesce(following, end).label("until"))
    its = course.where(_move.at < end, *which).subquery().c
    lasted = its.until - case((its.at < begin, begin), else_=its.at)
    sums = [
        cast(func.sum(case((its.state == name, lasted), else_=0)), BigInteger).label(name)
        for name in Availability.__slots__
    ]
    return select(its.ci_id, *sums).where(its.until > begin).group_by(its.ci_id).subquery()
