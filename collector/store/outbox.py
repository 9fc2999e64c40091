"""The outbox: messages written in the transaction of what they tell of, sent later, marked only when sent.

A row's key is unique, so writing the same message again changes nothing. Messages of one subject
(`incident|INC-000001|…`) to one destination go out in the order they were written. Who claims a row marks it under the
lease it got: a claimer that was too slow, whose row another one has taken meanwhile, marks nothing.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Row, and_, bindparam, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Delivery
from collector.store import interning
from collector.store.engine import insert
from collector.store.schema import correspondence, outbox
from wire.sections import canonical

LEASE_MS = 30_000
"""How long a claimed row is left alone; longer than any destination may take to answer."""
MAX_ERROR = 500
MAX_BEHIND = 2_000
"""Rows looked at behind claimed ones; what lies beyond them is told later."""
WAITING, SENT, DEAD, FOLDED, DROPPED = "waiting", "sent", "dead", "folded", "dropped"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A claimed row: which, since when (ms), how often it was tried in vain, the lease, and what to send."""

    id: int
    attempts: int
    created_at: int
    lease: str
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Lag:
    """How far delivery is behind: rows that wait and that were given up, age of the oldest that waits in ms."""

    waiting: int
    dead: int
    oldest_ms: int


@dataclass(frozen=True, slots=True)
class Mark:
    """What became of a claimed row: `state` sent, dead, folded, or waiting until `next_at` (ms).

    `unsure`: it may have arrived all the same.
    """

    id: int
    lease: str
    state: str
    error: str = ""
    next_at: int = 0
    unsure: bool = False


async def write(connection: AsyncConnection, deliveries: Iterable[Delivery], now: int) -> None:
    """Add `deliveries`, due at once; one that is there already is left as it is."""
    rows = [
        {"key": _row_key(each), "destination": each.destination, "subject": each.subject, "event": each.event,
         "payload": canonical(dict(each.payload)).decode(), "next_at": now, "created_at": now}
        for each in deliveries
    ]  # fmt: skip
    if rows:
        await connection.execute(insert(connection, outbox).on_conflict_do_nothing(index_elements=["key"]), rows)


async def told(connection: AsyncConnection, subjects: Collection[str]) -> set[tuple[str, str]]:
    """Return (destination, subject) of those that were, or will be, told of any of `subjects`."""
    found: set[tuple[str, str]] = set()
    for part in interning.chunks(sorted(subjects)):
        some = select(outbox.c.destination, outbox.c.subject).distinct().where(outbox.c.subject.in_(part))
        found |= {(row.destination, row.subject) for row in await connection.execute(some)}
    return found


async def due(connection: AsyncConnection, now: int, limit: int, destination: str = "") -> list[int]:
    """Return the ids of up to `limit` rows to send at `now`: of each subject and destination the next, oldest first.

    A row whose claimer died is due again when its lease has run out.
    """
    before = outbox.alias("before")
    held = exists().where(
        before.c.subject == outbox.c.subject, before.c.destination == outbox.c.destination,
        before.c.id < outbox.c.id, before.c.state == WAITING,
    )  # fmt: skip
    first = select(outbox.c.id).where(outbox.c.state == WAITING, outbox.c.next_at <= now, ~held)
    if destination:
        first = first.where(outbox.c.destination == destination)
    return list((await connection.execute(first.order_by(outbox.c.id).limit(limit))).scalars())


async def waiting_of(connection: AsyncConnection, destination: str, limit: int) -> list[tuple[int, int, int]]:
    """Return (id, created at, due at) of what waits for one destination, oldest first."""
    found = select(outbox.c.id, outbox.c.created_at, outbox.c.next_at)
    found = found.where(outbox.c.destination == destination, outbox.c.state == WAITING)
    return [tuple(row) for row in await connection.execute(found.order_by(outbox.c.id).limit(limit))]


async def claim(
    connection: AsyncConnection, row_ids: Sequence[int], now: int, *, early: bool = False, lease_ms: int = LEASE_MS
) -> list[Waiting]:
    """Take those of `row_ids` that still wait, and return them; two couriers never get the same.

    `early`: also those whose time has not come, for who has the whole destination for itself.
    """
    lease = secrets.token_hex(8)
    taken = []
    for part in interning.chunks(list(row_ids)):
        still_due = and_(outbox.c.id.in_(part), outbox.c.state == WAITING)
        if not early:
            still_due = and_(still_due, outbox.c.next_at <= now)
        mine = update(outbox).where(still_due).values(next_at=now + lease_ms, lease=lease).returning(*outbox.c)
        taken += [_waiting(row) for row in await connection.execute(mine)]
    return await _with_references(connection, sorted(taken, key=lambda each: each.id))


async def behind(tx: AsyncConnection, claimed: Sequence[Waiting]) -> list[list[Waiting]]:
    """Return for each of `claimed` itself and what waits behind it for the same subject, in order.

    Nobody else gets at those: the claimed row is in front of them.
    """
    lines = {(each.delivery.destination, each.delivery.subject): [each] for each in claimed}
    for part in interning.chunks(sorted({subject for _, subject in lines})):
        later = select(outbox).where(outbox.c.subject.in_(part), outbox.c.state == WAITING).order_by(outbox.c.id)
        for row in await tx.execute(later.limit(MAX_BEHIND)):
            line = lines.get((row.destination, row.subject))
            if line and row.id > line[-1].id:
                line.append(_waiting(row))
    return list(lines.values())


async def pass_on(tx: AsyncConnection, passed: Sequence[Waiting], to: Waiting) -> Waiting:
    """Let a row tell what those before it were to tell: they are folded into it, and it has the lease of the first."""
    of = outbox.c.id
    await tx.execute(update(outbox).where(of.in_([each.id for each in passed])).values(state=FOLDED, lease=""))
    leased = select(outbox.c.next_at).where(of == passed[0].id).scalar_subquery()
    unsure = any(each.delivery.unsure for each in (*passed, to))
    heir = replace(to, lease=passed[0].lease, delivery=replace(to.delivery, unsure=unsure))
    said = canonical(dict(heir.delivery.payload)).decode()
    mine = update(outbox).where(of == heir.id)
    await tx.execute(mine.values(next_at=leased, lease=heir.lease, unsure=int(unsure), payload=said))
    return heir


async def mark(connection: AsyncConnection, marks: Sequence[Mark], now: int) -> set[int]:
    """Write what became of claimed rows; return the ids of those that were still this claimer's."""
    if not marks:
        return set()
    leases = {each.id: each.lease for each in marks}
    mine = set()
    for part in interning.chunks(sorted(leases)):
        held = select(outbox.c.id, outbox.c.lease).where(outbox.c.id.in_(part), outbox.c.state == WAITING)
        rows = await connection.execute(held.with_for_update())
        mine |= {row.id for row in rows if row.lease == leases[row.id]}
    values = [_values(each, now) for each in marks if each.id in mine]
    if values:
        done = update(outbox).where(outbox.c.id == bindparam("its_id")).values(
            state=bindparam("to_state"), sent_at=bindparam("to_sent_at"), error=bindparam("to_error"), lease="",
            attempts=outbox.c.attempts + 1, unsure=bindparam("to_unsure"), next_at=bindparam("to_next_at"),
        )  # fmt: skip
        await connection.execute(done, values)
    return mine


def _values(each: Mark, now: int) -> dict[str, object]:
    return {
        "its_id": each.id, "to_state": each.state, "to_sent_at": now if each.state in (SENT, FOLDED) else None,
        "to_error": each.error[:MAX_ERROR], "to_unsure": int(each.unsure),
        "to_next_at": each.next_at or now,
    }  # fmt: skip


async def waits(connection: AsyncConnection, destination: str, subject: str) -> bool:
    """Return whether anything waits to be told of a subject."""
    found = select(outbox.c.id).where(
        outbox.c.subject == subject, outbox.c.destination == destination, outbox.c.state == WAITING
    )
    return (await connection.execute(found.limit(1))).first() is not None


async def drop(connection: AsyncConnection, destination: str) -> None:
    """Let nothing wait any more for a destination that is gone, or not used."""
    gone = update(outbox).where(outbox.c.destination == destination, outbox.c.state == WAITING)
    await connection.execute(gone.values(state=DROPPED))


async def revive(connection: AsyncConnection, destination: str, now: int) -> int:
    """Have what was given up for a destination tried again from now (ms), and return how many that were."""
    dead = update(outbox).where(outbox.c.destination == destination, outbox.c.state == DEAD)
    again = dead.values(state=WAITING, next_at=now, created_at=now, attempts=0, unsure=1, error="")
    return len((await connection.execute(again.returning(outbox.c.id))).all())


async def counts(connection: AsyncConnection) -> dict[str, dict[str, int]]:
    """Return destination → state → rows, of those that wait or were given up."""
    counted = select(outbox.c.destination, outbox.c.state, func.count()).where(outbox.c.state.in_((WAITING, DEAD)))
    found: dict[str, dict[str, int]] = {}
    for name, state, number in await connection.execute(counted.group_by(outbox.c.destination, outbox.c.state)):
        found.setdefault(name, {})[state] = number
    return found


async def given_up(connection: AsyncConnection, since: int) -> dict[str, int]:
    """Return destination → how many messages written since then (ms) were given up."""
    counted = select(outbox.c.destination, func.count()).where(outbox.c.state == DEAD, outbox.c.created_at >= since)
    return {row[0]: row[1] for row in await connection.execute(counted.group_by(outbox.c.destination))}


async def forget(connection: AsyncConnection, before: int, limit: int) -> int:
    """Take away up to `limit` rows written before then (ms) that no longer wait, and return how many.

    What a channel was last told of an incident that is still open stays.
    """
    kept = exists().where(correspondence.c.outbox_id == outbox.c.id, correspondence.c.open == 1)
    old = select(outbox.c.id).where(outbox.c.state != WAITING, outbox.c.created_at < before, ~kept).limit(limit)
    ids = list((await connection.execute(old)).scalars())
    for part in interning.chunks(ids):
        await connection.execute(delete(correspondence).where(correspondence.c.outbox_id.in_(part)))
        await connection.execute(delete(outbox).where(outbox.c.id.in_(part)))
    return len(ids)


async def lag(connection: AsyncConnection, now: int) -> Lag:
    """Return how far delivery is behind at `now`."""
    counted = select(outbox.c.state, func.count(), func.min(outbox.c.created_at)).group_by(outbox.c.state)
    found = {state: (count, oldest) for state, count, oldest in await connection.execute(counted)}
    waiting, oldest = found.get(WAITING, (0, now))
    return Lag(waiting, found.get(DEAD, (0, now))[0], max(0, now - oldest))


def _row_key(delivery: Delivery) -> str:
    """One message to two destinations is two rows, and the column is unique; the message's own key stays as it is."""
    return f"{delivery.key}@{delivery.destination}"


def _waiting(row: Row[tuple[object, ...]]) -> Waiting:
    key = row.key.removesuffix(f"@{row.destination}")
    delivery = Delivery(key, row.destination, json.loads(row.payload), "", bool(row.unsure))
    return Waiting(row.id, row.attempts, row.created_at, row.lease, delivery)


async def _with_references(connection: AsyncConnection, taken: list[Waiting]) -> list[Waiting]:
    """Return the rows with what the other side calls their subjects, where that is known."""
    subjects = sorted({each.delivery.subject for each in taken})
    known: dict[tuple[str, str], str] = {}
    for part in interning.chunks(subjects):
        found = select(correspondence).where(correspondence.c.subject.in_(part), correspondence.c.reference != "")
        known |= {(row.destination, row.subject): row.reference for row in await connection.execute(found)}
    return [
        replace(each, delivery=replace(each.delivery, reference=known.get((each.delivery.destination,
                                                                            each.delivery.subject), "")))
        for each in taken
    ]  # fmt: skip
