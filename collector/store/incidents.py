"""Incidents and their numbers, and the causes they are made of; what happens is told in the same transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Row, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.desk.priority import Reckoning
from collector.incident.planning import (
    ASSIGNED,
    CANCELLED,
    CAUSE,
    MAINTENANCE,
    MERGED,
    NEW,
    REOPEN_WINDOW_MS,
    SELF_RECOVERED,
    TOLD,
    Held,
    Plan,
    key_of,
)
from collector.model import Cause, Incident, Member
from collector.store import admissions, desk, families, interning, members, telling
from collector.store.admissions import Admission, Reckoned
from collector.store.desk import COLLECTOR, Mark
from collector.store.engine import insert
from collector.store.incident_rows import as_text, incident_of, move, resolve, unresolved
from collector.store.schema import incident

AnyRow = Row[tuple[object, ...]]
_into, _last = incident.alias("into"), incident.alias("last")
_NEWEST = select(func.max(_last.c.id)).where(_last.c.cause_key == incident.c.cause_key).scalar_subquery()
_MERGED = (
    select(incident.c.cause_key, _into.c.cause_key.label("into"))
    .join(_into, _into.c.number == incident.c.merged_into)
    .where(incident.c.cause_key.in_(bindparam("keys", expanding=True)), incident.c.state == MERGED)
    .where(incident.c.id == _NEWEST, _into.c.resolved_at.is_(None))
)
"""Made once: it is asked in every batch, and an alias of a table this wide costs more to make than to ask."""


async def open_ones(connection: AsyncConnection, ci_ids: Collection[int]) -> list[Incident]:
    """Return the incidents of those CIs that are not resolved, the oldest first."""
    found: list[Incident] = []
    for part in interning.chunks(sorted(ci_ids)):
        found += await _select(connection, incident.c.resolved_at.is_(None), incident.c.ci_id.in_(part))
    return sorted(found, key=lambda each: each.id)


async def open_of_kind(connection: AsyncConnection, kind: str) -> list[Incident]:
    """Return the incidents of one kind that are not resolved, the oldest first."""
    return await _select(connection, incident.c.resolved_at.is_(None), incident.c.kind == kind)


async def held_of(connection: AsyncConnection, ci_ids: Collection[int], causes: Iterable[Cause], now: int) -> Held:
    """Return what `incident.plan` must know of these CIs, whose present causes are given."""
    return await _held(connection, await members.of_cis(connection, ci_ids), causes, now)


async def held_of_kind(connection: AsyncConnection, kind: str, causes: Iterable[Cause], now: int) -> Held:
    """Return the same for all causes of one kind, which are of no CI."""
    return await _held(connection, await members.of_kind(connection, kind), causes, now)


async def held_of_members(
    connection: AsyncConnection, its: Sequence[Member], causes: Iterable[Cause], now: int
) -> Held:
    """Return the same for causes of no CI of which only some have moved: `its` are the members these were."""
    return await _held(connection, its, causes, now)


async def victims_of(connection: AsyncConnection, incident_ids: Collection[int]) -> set[int]:
    """Return the CIs that are victims in these incidents."""
    its = await members.of_incidents(connection, incident_ids)
    return {each.ci_id for each in its if each.role != CAUSE and each.ci_id is not None}


async def _held(connection: AsyncConnection, its: Sequence[Member], causes: Iterable[Cause], now: int) -> Held:
    """Incidents are locked until the end of the transaction: another collector may settle the same group."""
    keys = sorted({key_of(cause) for cause in causes})
    ids = sorted({each.incident_id for each in its})
    found: dict[int, Incident] = {}
    recent: list[Incident] = []
    merged: dict[str, str] = {}
    for part in interning.chunks(ids):
        found |= {each.id: each for each in await _select(connection, incident.c.id.in_(part), unresolved())}
    for part in interning.chunks(keys):
        its_own = incident.c.cause_key.in_(part)
        found |= {each.id: each for each in await _select(connection, its_own, unresolved())}
        recent += await _select(
            connection, its_own, incident.c.resolved_at >= now - REOPEN_WINDOW_MS,
            incident.c.state.not_in((CANCELLED, MERGED)),
        )  # fmt: skip
        merged |= await _merged(connection, part)
    for part in interning.chunks(sorted(set(merged.values()))):
        found |= {each.id: each for each in await _select(connection, incident.c.cause_key.in_(part), unresolved())}
    return Held(tuple(sorted(found.values(), key=lambda each: each.id)), tuple(its), tuple(recent), merged)


async def _merged(connection: AsyncConnection, keys: Collection[str]) -> dict[str, str]:
    """Return key → key of the open incident that the last incident of that key was merged into."""
    return {row.cause_key: row.into for row in await connection.execute(_MERGED, {"keys": keys})}


async def redirect(connection: AsyncConnection, number: str, into: str) -> None:
    """Let what was merged into one incident stand as merged into another."""
    await connection.execute(update(incident).where(incident.c.merged_into == number).values(merged_into=into))


async def find(connection: AsyncConnection, number: str) -> Incident | None:
    """Return the incident with that number, held until the end of the transaction."""
    found = await _select(connection, incident.c.number == number)
    return found[0] if found else None


async def look(connection: AsyncConnection, number: str) -> Incident | None:
    """Return the incident with that number, to be looked at and not written: nobody waits for who looks."""
    row = (await connection.execute(select(incident).where(incident.c.number == number))).one_or_none()
    return incident_of(row) if row else None


async def awake(connection: AsyncConnection, now: int, limit: int) -> list[Incident]:
    """Return incidents whose clocks pass something by `now`, the longest overdue first."""
    wanted = select(incident).where(incident.c.wake_at <= now).order_by(incident.c.wake_at, incident.c.id)
    return [incident_of(row) for row in await connection.execute(wanted.limit(limit).with_for_update())]


async def by_ids(connection: AsyncConnection, ids: Collection[int]) -> list[Incident]:
    """Return these incidents as they are now, the oldest first."""
    found: list[Incident] = []
    for part in interning.chunks(sorted(ids)):
        found += await _select(connection, incident.c.id.in_(part))
    return found


async def categories(connection: AsyncConnection) -> list[str]:
    """Return every word some incident stands under."""
    return list((await connection.execute(select(incident.c.category).distinct())).scalars())


async def recategorise(connection: AsyncConnection, words: Mapping[str, str]) -> None:
    """Let what stands under these words stand under others."""
    for old, new in sorted(words.items()):
        await connection.execute(update(incident).where(incident.c.category == old).values(category=new))


async def is_open(connection: AsyncConnection, key: str) -> bool:
    """Return whether there is an open incident of that key."""
    return bool(await _select(connection, incident.c.cause_key == key, unresolved()))


async def _select(connection: AsyncConnection, *where: ColumnElement[bool]) -> list[Incident]:
    wanted = select(incident).where(*where).order_by(incident.c.id).with_for_update()
    return [incident_of(row) for row in await connection.execute(wanted)]


async def apply(
    connection: AsyncConnection,
    plan: Plan,
    now: int,
    admitted: Mapping[str, Admission] | None = None,
    reckoned: Mapping[int, Reckoned] | None = None,
) -> list[str]:
    """Do what `plan` says in this transaction, told by every channel; return the numbers of new incidents.

    `admitted`: what the desk knows of new incidents, by key; of the others it will know when its clockwork next looks.
    `reckoned`: the priorities that moved, by id; its clockwork looks at their clocks next.
    Applying a plan again opens nothing twice and tells nothing twice.
    """
    await members.leave(connection, plan.leave, now)
    opened = await _open(connection, plan.open, now, admitted or {})
    resolved = await resolve(connection, plan.resolve, now)
    anew = reckoned or {}
    await move(connection, [each for each in (*plan.update, *plan.recover) if each.id not in anew], None)
    await move(connection, [*(each for each in plan.update if each.id in anew), *plan.reopen], now)
    await admissions.reckon(connection, anew)
    joining = {cause.key: (key, cause) for key, cause in (*((key_of(each), each) for each in plan.open), *plan.join)}
    joining = {key: each for key, each in joining.items() if each[1].role != TOLD}
    await members.join(connection, await _homes(connection, list(joining.values())))
    followed = await families.follow(connection, resolved, now)
    causes = Counter(key for key, cause in joining.values() if cause.role == CAUSE)
    opened = [replace(each, causes=causes[each.cause_key]) for each in opened]
    await _put_under(connection, plan.under)
    await desk.turn(connection, (*opened, *resolved, *plan.reopen), now)
    marks = [(each.id, Mark(now, COLLECTOR, "open")) for each in opened]
    marks += [(each.id, Mark(now, COLLECTOR, each.resolution_code)) for each in resolved]
    marks += [(each.id, Mark(now, COLLECTOR, "reopen")) for each in plan.reopen]
    marks += [(each.id, Mark(now, COLLECTOR, _under_hands(plan.why.get(each.id)))) for each in plan.recover]
    marks += [(key, _reckoned(each, now)) for key, each in sorted(anew.items())]
    await desk.note(connection, marks)
    told = [(each, "opened") for each in opened] + [(each, "resolved") for each in resolved]
    told += [(each, "reopened") for each in plan.reopen] + [(each, "updated") for each in (*plan.update, *plan.recover)]
    await telling.tell(connection, [*told, *followed], now)
    return [each.number for each in opened]


def _under_hands(why: str | None) -> str:
    """Return what the trail says when the causes of an incident go that somebody works on."""
    return "recovered" if why in (None, SELF_RECOVERED) else f"over_{why}"


def _reckoned(each: Reckoned, now: int) -> Mark:
    its = each.reckoning
    moved = {"priority": [each.before, its.priority], "impact": its.impact, "urgency": its.urgency}
    return Mark(now, COLLECTOR, "reckon", detail=moved)


async def _homes(connection: AsyncConnection, joining: Sequence[tuple[str, Cause]]) -> list[tuple[int, Cause]]:
    """Return the causes by the id of the open incident each key has."""
    ids: dict[str, int] = {}
    for part in interning.chunks(sorted({key for key, _ in joining})):
        wanted = select(incident.c.cause_key, incident.c.id).where(unresolved(), incident.c.cause_key.in_(part))
        ids |= {row.cause_key: row.id for row in await connection.execute(wanted)}
    return [(ids[key], cause) for key, cause in joining if key in ids]


async def _put_under(connection: AsyncConnection, under: Sequence[tuple[int, str]]) -> None:
    """Let each of those incidents stand under the open one of that key, unless somebody has put it elsewhere."""
    numbers: dict[str, str] = {}
    for part in interning.chunks(sorted({key for _, key in under})):
        wanted = select(incident.c.cause_key, incident.c.number).where(unresolved(), incident.c.cause_key.in_(part))
        numbers |= {row.cause_key: row.number for row in await connection.execute(wanted)}
    rows = [{"its_id": its, "above": numbers[key]} for its, key in under if key in numbers]
    if rows:
        free = update(incident).where(incident.c.id == bindparam("its_id"), incident.c.parent == "")
        await connection.execute(free.values(parent=bindparam("above")), rows)


async def _open(
    connection: AsyncConnection, causes: Sequence[Cause], now: int, admitted: Mapping[str, Admission]
) -> list[Incident]:
    """Insert, then number by id: one statement each for any count. A cause that has an open incident keeps it."""
    if not causes:
        return []
    before = (await connection.execute(select(func.coalesce(func.max(incident.c.id), 0)))).scalar_one()
    fresh = insert(connection, incident).on_conflict_do_nothing(
        index_elements=["cause_key"], index_where=incident.c.resolved_at.is_(None)
    )
    await connection.execute(fresh, [_row(cause, now, admitted.get(key_of(cause))) for cause in causes])
    keys = {key_of(cause) for cause in causes}
    rows = (await connection.execute(select(incident).where(incident.c.id > before).order_by(incident.c.id))).all()
    numbers = {row.id: f"INC-{row.id:06d}" for row in rows if row.cause_key in keys and row.number == _unnumbered(row)}
    if numbers:
        earlier = await _earlier(connection, keys, before)
        numbered = update(incident).where(incident.c.id == bindparam("its_id"))
        called = {row.id: earlier.get(row.cause_key, "") for row in rows}
        its = [{"its_id": key, "number": number, "recurs": called[key]} for key, number in numbers.items()]
        await connection.execute(numbered, its)
    return [incident_of(row, numbers[row.id]) for row in rows if row.id in numbers]


async def _earlier(connection: AsyncConnection, keys: Collection[str], before: int) -> dict[str, str]:
    """Return key → the number of the last incident that had it: what opens now recurs."""
    found: dict[str, str] = {}
    for part in interning.chunks(sorted(keys)):
        wanted = select(incident.c.cause_key, incident.c.number).where(
            incident.c.cause_key.in_(part), incident.c.id <= before
        )
        found |= {row.cause_key: row.number for row in await connection.execute(wanted.order_by(incident.c.id))}
    return found


def _unnumbered(row: AnyRow) -> str:
    return f"new|{row.cause_key}"


def _row(cause: Cause, now: int, known: Admission | None) -> dict[str, object]:
    key = key_of(cause)
    return {
        "number": f"new|{key}", "cause_key": key, "ci_id": cause.ci_id, "kind": cause.kind,
        "severity": cause.severity, "state": ASSIGNED if known and known.assignee else NEW,
        "title": as_text(cause.title), "detail": as_text(admissions.sited(cause.detail, known)), "opened_at": now,
        "resolved_at": None, "category": cause.category, "urgency": cause.urgency, "line": cause.line or 1,
        "wake_at": now, **admissions.columns(known),
    }  # fmt: skip


async def open_maintenance(connection: AsyncConnection, cause: Cause, assignee: str, due_at: int, now: int) -> str:
    """Open the incident of a periodic maintenance, with whom and until when (ms, 0: no time) it is planned for.

    Return its number. `cause` has a key of its own for each time the plan is due; asked again, the number is that of
    the one there is.
    """
    known = Admission(
        Reckoning("P4", "one", "low"), cause.line or 2, MAINTENANCE, cause.category, assignee=assignee,
        due_at=due_at or None,
    )  # fmt: skip
    opening = replace(cause, role=TOLD)
    await apply(connection, Plan(open=(opening,)), now, {key_of(opening): known})
    wanted = select(incident.c.number).where(incident.c.cause_key == key_of(opening)).order_by(incident.c.id.desc())
    return str((await connection.execute(wanted.limit(1))).scalar_one())
