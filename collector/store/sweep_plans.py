"""Plans of sweeps: what is swept, how, and when next."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.engine import insert
from collector.store.schema import sweep, sweep_plan


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One plan. `settings` is JSON, `schedule` a cron line. Times in epoch ms; `next_at` 0: not by itself."""

    id: int
    uid: str
    name: str
    zone: str
    settings: str
    schedule: str
    state: str
    created_at: int
    created_by: str
    next_at: int


@dataclass(frozen=True, slots=True)
class NewPlanRow:
    """A plan to write; as `PlanRow`."""

    uid: str
    name: str
    zone: str
    settings: str
    schedule: str
    created_at: int
    created_by: str
    next_at: int


_COLUMNS = [sweep_plan.c[name] for name in PlanRow.__slots__]


async def add(connection: AsyncConnection, row: NewPlanRow) -> None:
    await connection.execute(insert(connection, sweep_plan).values(asdict(row)))


async def everyone(connection: AsyncConnection) -> list[PlanRow]:
    """Return all plans by name."""
    return [PlanRow(*row) for row in await connection.execute(select(*_COLUMNS).order_by(sweep_plan.c.name))]


async def find(connection: AsyncConnection, uid: str) -> PlanRow | None:
    row = (await connection.execute(select(*_COLUMNS).where(sweep_plan.c.uid == uid))).first()
    return PlanRow(*row) if row else None


async def uid_named(connection: AsyncConnection, name: str) -> str | None:
    """Return the uid of the plan with this name."""
    found = await connection.execute(select(sweep_plan.c.uid).where(sweep_plan.c.name == name))
    return found.scalar_one_or_none()


async def due(connection: AsyncConnection, at: int) -> list[PlanRow]:
    """Return the plans whose time has come, the longest waiting first."""
    columns = sweep_plan.c
    ready = (columns.state == "active", columns.next_at > 0, columns.next_at <= at)
    rows = await connection.execute(select(*_COLUMNS).where(*ready).order_by(columns.next_at, columns.id))
    return [PlanRow(*row) for row in rows]


async def hold(connection: AsyncConnection, plan_id: int) -> bool:
    """Let nobody else act on this plan until the transaction ends; return whether it is still there."""
    statement = select(sweep_plan.c.id).where(sweep_plan.c.id == plan_id).with_for_update()
    return (await connection.execute(statement)).first() is not None


async def change(connection: AsyncConnection, plan_id: int, **values: object) -> None:
    await connection.execute(update(sweep_plan).where(sweep_plan.c.id == plan_id).values(**values))


async def remove(connection: AsyncConnection, plan_id: int) -> None:
    """Take the plan away; its sweeps stay, of no plan, and keep what it was called."""
    name = select(sweep_plan.c.name).where(sweep_plan.c.id == plan_id).scalar_subquery()
    its = update(sweep).where(sweep.c.plan_id == plan_id)
    await connection.execute(its.values(plan_id=None, was_plan=name))
    await connection.execute(delete(sweep_plan).where(sweep_plan.c.id == plan_id))
