"""Sweeps: who runs which, how far it is, and why it ended."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, case, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.browse.page import AnyRow
from collector.store.engine import insert
from collector.store.schema import agent, reach_watch, sweep, sweep_plan, sweep_target

WAITING, RUNNING, DONE, CANCELLED, FAILED = "waiting", "running", "done", "cancelled", "failed"
STATES = (WAITING, RUNNING, DONE, CANCELLED, FAILED)
WATCH, EXPLORE = "watch", "explore"
LANES = (WATCH, EXPLORE)
"""Where a probe has a sweep: a watch never waits for another sweep, nor the other way round."""


@dataclass(frozen=True, slots=True)
class SweepRow:
    """One sweep. `settings` and `counts` are JSON. Times in epoch ms, 0: not yet. `plan_uid` None: of no plan.

    Of a watch `asked_at` is when it was due.
    """

    id: int
    uid: str
    plan_id: int | None
    agent_id: int | None
    zone: str
    settings: str
    state: str
    reason: str
    asked_by: str
    asked_at: int
    started_at: int
    ended_at: int
    cursor: str
    counts: str
    plan_uid: str | None
    plan_name: str | None
    agent_uid: str | None
    agent_name: str | None
    lane: str


@dataclass(frozen=True, slots=True)
class NewSweepRow:
    """A sweep to write; as `SweepRow`."""

    uid: str
    plan_id: int | None
    zone: str
    settings: str
    asked_by: str
    asked_at: int
    counts: str
    state: str = WAITING


_OWN = [sweep.c[name] for name in SweepRow.__slots__[:14]]
_WATCHES = select(reach_watch.c.sweep_id)
LANE = case((sweep.c.id.in_(_WATCHES), WATCH), else_=EXPLORE)
"""The lane of a sweep."""
_JOINED = sweep.outerjoin(sweep_plan, sweep_plan.c.id == sweep.c.plan_id).outerjoin(
    agent, agent.c.id == sweep.c.agent_id
)
_PLAN = func.coalesce(sweep_plan.c.name, func.nullif(sweep.c.was_plan, ""))
_ROWS = select(
    *_OWN, sweep_plan.c.uid.label("plan_uid"), _PLAN.label("plan_name"), agent.c.uid.label("agent_uid"),
    agent.c.hostname.label("agent_name"), LANE.label("lane"),
).select_from(_JOINED)  # fmt: skip


def _row(row: AnyRow) -> SweepRow:
    return SweepRow(**row._mapping)


async def add(connection: AsyncConnection, row: NewSweepRow) -> None:
    await connection.execute(insert(connection, sweep).values(asdict(row)))


async def find(connection: AsyncConnection, uid: str) -> SweepRow | None:
    row = (await connection.execute(_ROWS.where(sweep.c.uid == uid))).first()
    return _row(row) if row else None


async def recent(connection: AsyncConnection, limit: int, before: str, plan_uid: str) -> list[SweepRow]:
    """Return sweeps, newest first, older than the one with uid `before`; of one plan when `plan_uid` is given.

    Watches, which begin every minute, are none of these.
    """
    statement = _ROWS.where(sweep.c.id.not_in(_WATCHES)).order_by(sweep.c.id.desc()).limit(limit)
    if before:
        statement = statement.where(sweep.c.id < select(sweep.c.id).where(sweep.c.uid == before).scalar_subquery())
    if plan_uid:
        statement = statement.where(sweep_plan.c.uid == plan_uid)
    return [_row(row) for row in await connection.execute(statement)]


async def last_of_plans(connection: AsyncConnection, ended: bool = False) -> list[SweepRow]:
    """Return the newest sweep of each plan; the newest that has ended if so asked."""
    newest = select(func.max(sweep.c.id)).where(sweep.c.plan_id.is_not(None))
    newest = newest.where(sweep.c.ended_at > 0) if ended else newest
    rows = await connection.execute(_ROWS.where(sweep.c.id.in_(newest.group_by(sweep.c.plan_id).scalar_subquery())))
    return [_row(row) for row in rows]


async def in_state(connection: AsyncConnection, state: str, zone: str | None = None) -> list[SweepRow]:
    """Return the sweeps in a state, oldest first; those of one zone, or of all."""
    statement = _ROWS.where(sweep.c.state == state).order_by(sweep.c.id)
    statement = statement if zone is None else statement.where(sweep.c.zone == zone)
    return [_row(row) for row in await connection.execute(statement)]


async def waits(connection: AsyncConnection, zone: str, lanes: Collection[str]) -> bool:
    """Return whether a sweep waits in `zone` for one of these lanes."""
    waiting = select(sweep.c.id).where(sweep.c.state == WAITING, sweep.c.zone == zone, LANE.in_(lanes))
    return (await connection.execute(waiting.limit(1))).first() is not None


async def is_under_way(connection: AsyncConnection, plan_id: int) -> bool:
    """Return whether a sweep of this plan waits or runs."""
    active = (sweep.c.plan_id == plan_id, sweep.c.state.in_((WAITING, RUNNING)))
    return (await connection.execute(select(sweep.c.id).where(*active).limit(1))).first() is not None


async def change(connection: AsyncConnection, sweep_id: int, states: Sequence[str] = STATES, **values: object) -> bool:
    """Write these columns of a sweep that is in one of `states`; return whether it was."""
    conditions: list[ColumnElement[bool]] = [sweep.c.id == sweep_id, sweep.c.state.in_(states)]
    changed = update(sweep).where(*conditions).values(**values).returning(sweep.c.id)
    return (await connection.execute(changed)).first() is not None


async def count_by_state(connection: AsyncConnection) -> dict[str, int]:
    rows = await connection.execute(select(sweep.c.state, func.count()).group_by(sweep.c.state))
    return {row[0]: row[1] for row in rows}


async def forget_one(connection: AsyncConnection, before: int) -> bool:
    """Take away the oldest sweep that ended before `before` (ms) and is not its plan's last; return whether there was.

    One at a time, for the ledger of a large one has as many rows as addresses.
    """
    last = select(func.max(sweep.c.id)).where(sweep.c.plan_id.is_not(None)).group_by(sweep.c.plan_id)
    old = (sweep.c.ended_at > 0, sweep.c.ended_at < before, sweep.c.id.not_in(last.scalar_subquery()))
    found = (
        await connection.execute(select(sweep.c.id).where(*old).order_by(sweep.c.id).limit(1))
    ).scalar_one_or_none()
    if found is None:
        return False
    await connection.execute(delete(sweep_target).where(sweep_target.c.sweep_id == found))
    await connection.execute(delete(sweep).where(sweep.c.id == found))
    return True
