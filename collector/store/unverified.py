"""Lines of changes nobody saw in time after the work: each from when it was missed until it was seen, or decided."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Subquery, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store import interning
from collector.store.browse.page import AnyRow
from collector.store.browse.ref import CiRef
from collector.store.engine import insert
from collector.store.schema import change, change_line, ci, unverified

MAX_FIRST: Final = 5
"""Lines of a change that are named where only how many there are is of weight."""


@dataclass(frozen=True, slots=True)
class Missed:
    """A line nobody saw. Times in ms: `over_at`, when the work was over; `opened_at`, when it had waited long enough.

    `how` and `value` (JSON): what is expected there. `ended`: what the line came to; "" while nobody has seen it.
    """

    id: int
    change: str
    title: str
    owner: str
    place: int
    ci_id: int
    ci: CiRef
    section: str
    key: str
    field: str
    how: str
    value: str
    over_at: int
    opened_at: int
    closed_at: int | None
    ended: str

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


@dataclass(frozen=True, slots=True)
class Owed:
    """What nobody has seen of one change: how many lines, since when (ms, the end of the work), the first of them."""

    count: int
    over_at: int
    first: tuple[Missed, ...]


_LINE = (change_line.c.change_id == unverified.c.change_id) & (change_line.c.place == unverified.c.place)
_ROWS = (
    select(
        unverified.c.id, change.c.number, change.c.title, change.c.initiator, unverified.c.place, unverified.c.ci_id,
        ci.c.uid, ci.c.name, ci.c.ci_class, ci.c.ci_type, ci.c.state,
        change_line.c.section, change_line.c.key, change_line.c.field, change_line.c.how, change_line.c.value,
        unverified.c.over_at, unverified.c.opened_at, unverified.c.closed_at, unverified.c.ended,
    )
    .select_from(
        unverified.join(change, change.c.id == unverified.c.change_id)
        .join(ci, ci.c.id == unverified.c.ci_id)
        .join(change_line, _LINE)
    )
    .order_by(unverified.c.id)
)  # fmt: skip


async def add(tx: AsyncConnection, change_id: int, missed: Mapping[int, int], times: tuple[int, int]) -> None:
    """Write that nobody saw these lines (place → CI); `times` (ms): the end of the work, and now. Once a line."""
    over_at, at = times
    rows = [
        {"change_id": change_id, "place": place, "ci_id": ci_id, "over_at": over_at, "opened_at": at}
        for place, ci_id in sorted(missed.items())
    ]
    if rows:
        await tx.execute(insert(tx, unverified).on_conflict_do_nothing(), rows)


async def close(tx: AsyncConnection, change_id: int, ended: Mapping[int, str], at: int) -> None:
    """Write what these lines (by place) came to."""
    for place, word in ended.items():
        its = (unverified.c.change_id == change_id, unverified.c.place == place, unverified.c.closed_at.is_(None))
        await tx.execute(update(unverified).where(*its).values(closed_at=at, ended=word))


async def open_places(connection: AsyncConnection) -> dict[int, set[int]]:
    """Return change id → the places of its lines nobody has seen yet."""
    found: dict[int, set[int]] = {}
    wanted = select(unverified.c.change_id, unverified.c.place).where(stood())
    for change_id, place in await connection.execute(wanted):
        found.setdefault(change_id, set()).add(place)
    return found


async def count_open(connection: AsyncConnection) -> int:
    """Return of how many changes nobody has seen something yet."""
    counted = select(func.count(unverified.c.change_id.distinct())).where(stood())
    return int((await connection.execute(counted)).scalar_one())


async def listed(connection: AsyncConnection, number: str = "", limit: int = 1000) -> list[Missed]:
    """Return what nobody has seen yet, the oldest first, of one change or of all."""
    wanted = _ROWS.where(stood()).limit(limit)
    wanted = wanted.where(change.c.number == number) if number else wanted
    return [_opened(row) for row in await connection.execute(wanted)]


async def owed(connection: AsyncConnection, change_ids: Collection[int], at: int | None = None) -> dict[str, Owed]:
    """Return number of a change → what nobody had seen of it at `at` (ms; None: now), for those of which that is."""
    found: dict[str, list[AnyRow]] = {}
    for part in interning.chunks(sorted(set(change_ids))):
        its = _counted(part, at)
        wanted = _ROWS.join(its, its.c.id == unverified.c.id).where(its.c.nth <= MAX_FIRST)
        for row in await connection.execute(wanted.add_columns(its.c.many, its.c.since)):
            found.setdefault(row.number, []).append(row)
    return {number: Owed(rows[0].many, rows[0].since, tuple(map(_opened, rows))) for number, rows in found.items()}


def _counted(change_ids: Collection[int], at: int | None) -> Subquery:
    """Number the lines of each change, beside how many it has and since when the first of them waits."""
    each = unverified.c.change_id
    return (
        select(
            unverified.c.id,
            func.row_number().over(partition_by=each, order_by=unverified.c.place).label("nth"),
            func.count().over(partition_by=each).label("many"),
            func.min(unverified.c.over_at).over(partition_by=each).label("since"),
        )
        .where(unverified.c.change_id.in_(change_ids), stood(at))
        .subquery()
    )


def stood(at: int | None = None) -> ColumnElement[bool]:
    """Return the condition that nobody had seen a line at `at` (ms; None: now)."""
    its = unverified.c
    if at is None:
        return its.closed_at.is_(None)
    return (its.opened_at <= at) & or_(its.closed_at.is_(None), its.closed_at > at)


def _opened(row: AnyRow) -> Missed:
    its = tuple(row)
    return Missed(*(*its[:6], CiRef(*its[6:11]), *its[11:20]))
