"""Changes as they are kept: read whole, written by who read them last, found by the CIs and times they concern.

A change is a handful of rows in six tables. It is read and written whole, as the value `collector.change` works with.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.record import Change, ChangeType, State, Window
from collector.store import change_parts, interning
from collector.store.engine import insert
from collector.store.schema import change, change_ci, change_line

AnySelect = Select[*tuple[Any, ...]]
ENDED = frozenset({State.CLOSED, State.CANCELLED})


class Stale(Exception):
    """Somebody else wrote this change since it was read; nothing was written."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a change came from: another system and what it calls it, or a finding it was made from. Empty: neither."""

    system: str = ""
    reference: str = ""
    finding_id: int | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A change as it was read. `moved_at`: when it was last written (ms); `version` grows with each write."""

    id: int
    version: int
    change: Change
    origin: Origin
    created_at: int
    moved_at: int


async def add(tx: AsyncConnection, new: Change, origin: Origin, at: int) -> Kept:
    """Write a change and give it its number; the one `new` has is of no account."""
    values = {**change_parts.head(new), "version": 1, "created_at": at, "moved_at": at, **_origin(origin)}
    values["template_id"] = await change_parts.template_id(tx, new.template)
    made = insert(tx, change).values(values | {"number": _unnumbered(new, at)}).returning(change.c.id)
    change_id = int((await tx.execute(made)).scalar_one())
    numbered = replace(new, number=f"CHG-{change_id:06d}")
    await tx.execute(update(change).where(change.c.id == change_id).values(number=numbered.number))
    await change_parts.write(tx, change_id, None, numbered)
    return Kept(change_id, 1, await _classed(tx, change_id, numbered), origin, at, at)


async def save(tx: AsyncConnection, before: Kept, after: Change, at: int) -> Kept:
    """Write what became of a change; raise `Stale` when it is no longer what it was when it was read."""
    is_it = (change.c.id == before.id, change.c.version == before.version)
    values = {**change_parts.head(after), "version": before.version + 1, "moved_at": at}
    done = await tx.execute(update(change).where(*is_it).values(values))
    if done.rowcount != 1:
        raise Stale(before.change.number)
    await change_parts.write(tx, before.id, before.change, after)
    return replace(before, version=before.version + 1, change=await _classed(tx, before.id, after), moved_at=at)


async def find(connection: AsyncConnection, number: str) -> Kept | None:
    found = await _kept(connection, change.c.number == number)
    return found[0] if found else None


async def by_reference(connection: AsyncConnection, system: str, reference: str) -> Kept | None:
    """Return the change that came from `system` as `reference`."""
    found = await _kept(connection, and_(change.c.origin == system, change.c.reference == reference))
    return found[0] if found else None


async def by_finding(connection: AsyncConnection, finding_id: int) -> tuple[Kept, ...]:
    """Return the changes made from a finding, the oldest first."""
    return await _kept(connection, change.c.finding_id == finding_id)


_IN_REACH = and_(change.c.window_start <= bindparam("until"), change.c.window_end >= bindparam("since"))
_RECORDED = or_(
    *(c.between(bindparam("since"), bindparam("until")) for c in (change.c.requested_at, change.c.planned_at))
)
_CONCERNING = change_parts.HEADS.where(
    change.c.id.in_(select(change_line.c.change_id).where(change_line.c.ci_id.in_(bindparam("cis", expanding=True)))),
    or_(_IN_REACH, and_(change.c.type == ChangeType.EMERGENCY, _RECORDED), change.c.finding_id.is_not(None)),
)


async def concerning(connection: AsyncConnection, ci_ids: Collection[int], reach: Window) -> tuple[Kept, ...]:
    """Return the changes that may explain what moved on `ci_ids` within `reach`, or accept it, the oldest first.

    They have a line on such a CI, and a window that meets `reach`, or are emergencies recorded within it, or were made
    from a finding. `reach` is the bracket with `covering.Margins.span_ms` on both sides.
    """
    found: dict[int, Kept] = {}
    for part in interning.chunks(sorted(ci_ids)):
        asked = {"cis": part, "since": reach.start, "until": reach.end}
        found |= {each.id: each for each in await _told(connection, _CONCERNING, asked)}
    return tuple(found[each] for each in sorted(found))


async def moved_since(connection: AsyncConnection, at: int, limit: int = 200) -> tuple[Kept, ...]:
    """Return the changes that were written at `at` (ms) or later, in the order they were."""
    found = await _kept(connection, change.c.moved_at >= at)
    return tuple(sorted(found, key=lambda each: (each.moved_at, each.id))[:limit])


async def at_work(connection: AsyncConnection, ci_ids: Collection[int], times: Window) -> tuple[Change, ...]:
    """Return the changes that ask for one of `ci_ids` and plan work that meets `times`, unless they have ended."""
    timely = and_(change.c.window_start <= times.end, change.c.window_end >= times.start)
    found: dict[int, Kept] = {}
    for part in interning.chunks(sorted(ci_ids)):
        asked = select(change_ci.c.change_id).where(change_ci.c.ci_id.in_(part))
        here = await _kept(connection, and_(change.c.id.in_(asked), timely, change.c.state.not_in(ENDED)))
        found |= {each.id: each for each in here}
    return tuple(found[each].change for each in sorted(found))


async def to_verify(connection: AsyncConnection) -> tuple[Kept, ...]:
    """Return the changes whose work is done and that wait to be closed, in the order of their numbers."""
    found = await _kept(connection, change.c.state == State.IMPLEMENTED)
    return tuple(sorted(found, key=lambda each: each.id))


async def by_ids(connection: AsyncConnection, ids: Collection[int]) -> tuple[Kept, ...]:
    found: list[Kept] = []
    for part in interning.chunks(sorted(ids)):
        found += await _kept(connection, change.c.id.in_(part))
    return tuple(found)


async def count_by_state(connection: AsyncConnection) -> dict[str, int]:
    rows = await connection.execute(select(change.c.state, func.count()).group_by(change.c.state))
    return {row[0]: row[1] for row in rows}


async def _classed(connection: AsyncConnection, change_id: int, one: Change) -> Change:
    """Return the change with the classes of the CIs it asks for now."""
    found = await change_parts.classes(connection, [change_id])
    return replace(one, ci_classes=found.get(change_id, frozenset()))


async def _lined(connection: AsyncConnection, ci_ids: Collection[int], where: ColumnElement[bool]) -> tuple[Kept, ...]:
    found: dict[int, Kept] = {}
    for part in interning.chunks(sorted(ci_ids)):
        named = select(change_line.c.change_id).where(change_line.c.ci_id.in_(part))
        found |= {each.id: each for each in await _kept(connection, and_(change.c.id.in_(named), where))}
    return tuple(found[each] for each in sorted(found))


async def _kept(connection: AsyncConnection, where: ColumnElement[bool]) -> tuple[Kept, ...]:
    return await _told(connection, change_parts.HEADS.where(where), {})


async def _told(connection: AsyncConnection, asked: AnySelect, how: Mapping[str, object]) -> tuple[Kept, ...]:
    rows: Sequence[change_parts.AnyRow] = (await connection.execute(asked, how)).all()
    whole = await change_parts.whole(connection, rows)
    return tuple(
        Kept(
            row.id, row.version, whole[row.id], Origin(row.origin, row.reference, row.finding_id), row.created_at,
            row.moved_at,
        )
        for row in rows
    )  # fmt: skip


def _origin(origin: Origin) -> dict[str, object]:
    return {"origin": origin.system, "reference": origin.reference, "finding_id": origin.finding_id}


def _unnumbered(new: Change, at: int) -> str:
    """Return what stands for the number until the row has its id; within one transaction, so nobody sees it."""
    return f"new|{new.initiator}|{at}"
