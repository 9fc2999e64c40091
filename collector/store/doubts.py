"""Doubts about identity: cases, the observations that wait for them, the sources and CIs that are stopped by them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.ingest import Logged
from collector.model import DuplicateCase
from collector.store import interning, schema, settings
from collector.store.engine import insert, upsert

OPEN: Final = "open"
DECIDED: Final = "decided"
_TURN: Final = "identity"

_case, _member, _parked = schema.duplicate_case, schema.duplicate_member, schema.parked


@dataclass(frozen=True, slots=True)
class Ruling:
    """How a case was decided. `ci_id`: which CI the observations that waited are; None: none of those there are."""

    case_id: int
    kind: str
    decision: str
    by: str
    ci_id: int | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An observation that waited for a case: the role in it that was in doubt, and how that was decided.

    `overtaken`: newer words of its source are applied.
    """

    row: Logged
    role: str
    ruling: Ruling
    overtaken: bool


# --- cases


async def open_case(tx: AsyncConnection, case: DuplicateCase, fingerprint: str, at: int) -> int:
    """Open a case, or return the open one about the same thing; its members' evidence is refreshed."""
    row = {"kind": str(case.kind), "why": case.why, "opened_at": at, "fingerprint": fingerprint}
    await tx.execute(insert(tx, _case).values(row).on_conflict_do_nothing())
    case_id = int((await tx.execute(select(_case.c.id).where(_case.c.fingerprint == fingerprint))).scalar_one())
    members = [
        {"case_id": case_id, "ci_id": ci_id, "evidence": evidence} for ci_id, evidence in sorted(case.evidence.items())
    ]
    if members:
        await tx.execute(upsert(tx, _member, ("case_id", "ci_id"), "evidence"), members)
    return case_id


async def hold_case(tx: AsyncConnection, case_id: int) -> Row[Any] | None:
    """Return a case and hold it until the transaction ends, so that two people do not decide it at once."""
    return (await tx.execute(select(_case).where(_case.c.id == case_id).with_for_update())).first()


async def members(connection: AsyncConnection, case_id: int) -> list[int]:
    """Return the CIs a case is about."""
    found = await connection.execute(select(_member.c.ci_id).where(_member.c.case_id == case_id))
    return sorted(found.scalars())


async def decide(tx: AsyncConnection, case: Row[Any], values: dict[str, Any], is_final: bool) -> None:
    """Write how a case was decided. Decided for good, it makes room: the same doubt may come up as another case."""
    if is_final:
        values |= {"state": DECIDED, "fingerprint": f"{case.fingerprint}|{case.id}"}
    await tx.execute(update(_case).where(_case.c.id == case.id).values(**values))


async def found(tx: AsyncConnection, case_id: int, ci_id: int) -> None:
    """Remember which CI the observations that waited for a case turned out to be."""
    await tx.execute(update(_case).where(_case.c.id == case_id).values(ci_id=ci_id))


async def rename(tx: AsyncConnection, case_id: int, kind: str, why: str) -> None:
    """Say what a case has turned out to be."""
    await tx.execute(update(_case).where(_case.c.id == case_id).values(kind=kind, why=why))


async def doubtful(connection: AsyncConnection, ci_ids: Iterable[int]) -> set[int]:
    """Return those CIs that an open case is about."""
    about = set[int]()
    for part in interning.chunks(ci_ids):
        wanted = select(_member.c.ci_id).join(_case).where(_case.c.state == OPEN, _member.c.ci_id.in_(part))
        about.update((await connection.execute(wanted)).scalars())
    return about


async def open_about(connection: AsyncConnection, ci_ids: Iterable[int]) -> list[int]:
    """Return the open cases that are about any of those CIs."""
    about = set[int]()
    for part in interning.chunks(ci_ids):
        wanted = select(_case.c.id).join(_member).where(_case.c.state == OPEN, _member.c.ci_id.in_(part))
        about.update((await connection.execute(wanted)).scalars())
    return sorted(about)


# --- what waits


async def park(tx: AsyncConnection, observation_id: int, role: str, case_id: int, source_id: int) -> None:
    """Keep an observation of a source aside until its case is decided."""
    row = {"observation_id": observation_id, "role": role, "case_id": case_id, "source_id": source_id}
    # what waited for another case waits for this one now
    await tx.execute(upsert(tx, _parked, ("observation_id", "role"), "case_id"), row)


async def unpark(tx: AsyncConnection, observation_id: int, role: str, case_id: int) -> None:
    """Let an observation wait no longer for this case; for another one it still does."""
    own = (_parked.c.observation_id == observation_id, _parked.c.role == role, _parked.c.case_id == case_id)
    await tx.execute(delete(_parked).where(*own))


async def overtake(tx: AsyncConnection, source_id: int) -> None:
    """Remember of what waits of a source that newer words of it are applied."""
    await tx.execute(update(_parked).where(_parked.c.source_id == source_id).values(overtaken=True))


async def is_overtaken(connection: AsyncConnection, source_id: int, case_id: int) -> bool:
    """Return whether anything of a source that waits for that case has been overtaken by newer words."""
    own = select(_parked.c.role).where(_parked.c.source_id == source_id, _parked.c.case_id == case_id)
    return (await connection.execute(own.where(_parked.c.overtaken).limit(1))).first() is not None


async def is_waiting(connection: AsyncConnection, source_id: int, case_id: int) -> bool:
    """Return whether anything of a source waits for that case."""
    own = select(_parked.c.role).where(_parked.c.source_id == source_id, _parked.c.case_id == case_id)
    return (await connection.execute(own.limit(1))).first() is not None


async def count_waiting(connection: AsyncConnection, case_id: int) -> int:
    """Return how many observations wait for a case."""
    counted = select(func.count()).select_from(_parked).where(_parked.c.case_id == case_id)
    return int((await connection.execute(counted)).scalar_one())


async def released(tx: AsyncConnection, limit: int) -> list[Waiting]:
    """Return at most `limit` observations whose case has been decided, in the order of the log."""
    log, source = schema.observation, schema.source
    wanted = (
        select(
            _parked.c.role, _parked.c.overtaken, log, source.c.code,
            _case.c.id, _case.c.kind, _case.c.decision, _case.c.decided_by, _case.c.ci_id,
        )
        .select_from(
            _parked.join(_case)
            .join(log, log.c.id == _parked.c.observation_id)
            .join(source, source.c.agent_id == log.c.agent_id)
        )
        .where(_case.c.state == DECIDED)
        .order_by(log.c.id, _parked.c.role)
        .limit(limit)
    )  # fmt: skip
    return [_waiting(row) for row in await tx.execute(wanted)]


def _waiting(row: Row[Any]) -> Waiting:
    role, overtaken, number, agent_id, epoch, seq, received_at, payload, code, case_id, kind, decision, by, ci_id = (
        tuple(row)
    )
    logged = Logged(number, agent_id, code, bytes(epoch), seq, received_at, bytes(payload))
    return Waiting(logged, role, Ruling(case_id, kind, decision, by or "", ci_id), bool(overtaken))


async def rules_on(tx: AsyncConnection, case_id: int) -> Ruling:
    """Return how a case was decided, as it stands now."""
    row = (await tx.execute(select(_case).where(_case.c.id == case_id))).one()
    return Ruling(row.id, row.kind, row.decision, row.decided_by or "", row.ci_id)


# --- what is stopped


async def hold(tx: AsyncConnection, source_id: int, case_id: int) -> None:
    """Let everything a source says from now on wait for a case."""
    row = {"source_id": source_id, "case_id": case_id}
    await tx.execute(upsert(tx, schema.held_source, ("source_id",), "case_id"), row)


async def let_go(tx: AsyncConnection, source_id: int) -> None:
    await tx.execute(delete(schema.held_source).where(schema.held_source.c.source_id == source_id))


async def let_go_drained(tx: AsyncConnection, case_id: int) -> None:
    """Let go the sources that waited for a case and of which nothing waits any more."""
    held = schema.held_source
    waits = select(_parked.c.role).where(_parked.c.source_id == held.c.source_id, _parked.c.case_id == case_id).exists()
    await tx.execute(delete(held).where(held.c.case_id == case_id, ~waits))


async def freeze(tx: AsyncConnection, ci_ids: Sequence[int], case_id: int, at: int) -> None:
    """Let nothing be written of those CIs until the case is decided."""
    rows = [{"ci_id": ci_id, "case_id": case_id, "at": at} for ci_id in ci_ids]
    if rows:
        await tx.execute(insert(tx, schema.frozen_ci).on_conflict_do_nothing(), rows)


async def thaw(tx: AsyncConnection, case_id: int) -> None:
    await tx.execute(delete(schema.frozen_ci).where(schema.frozen_ci.c.case_id == case_id))


async def stopped(connection: AsyncConnection, source_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Return source → (case it waits for, case its host's CI is frozen by; 0: none), of those that are stopped."""
    held, frozen, bound = schema.held_source.c, schema.frozen_ci, schema.subject_ci
    found: dict[int, tuple[int, int]] = {}
    for part in interning.chunks(source_ids):
        waiting = await connection.execute(select(held.source_id, held.case_id).where(held.source_id.in_(part)))
        found |= {source_id: (case_id, 0) for source_id, case_id in waiting}
        cold = (
            select(bound.c.source_id, frozen.c.case_id)
            .select_from(bound.join(frozen, frozen.c.ci_id == bound.c.ci_id))
            .where(bound.c.source_id.in_(part), bound.c.role == "host")
        )
        for source_id, case_id in await connection.execute(cold):
            found[source_id] = (found.get(source_id, (0, 0))[0], case_id)
    return found


# --- the turn


async def turn(connection: AsyncConnection) -> str:
    """Return what differs after every decision; a decision waits for the transactions that have read it."""
    return await settings.read(connection, _TURN, hold="read") or ""


async def next_turn(tx: AsyncConnection) -> None:
    """Say that who holds what of sources in memory must read it again."""
    held = await settings.read(tx, _TURN, hold="write")
    await settings.write(tx, _TURN, str(int(held or 0) + 1))
