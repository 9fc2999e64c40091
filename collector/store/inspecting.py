"""Plans of periodic maintenance as they are kept: the newest version of each, and every one before."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.inspecting.plan import Plan, of_values, values_of
from collector.store.engine import insert
from collector.store.schema import inspection_plan, inspection_plan_version

ACTIVE, PAUSED = "active", "paused"
_plan, _version = inspection_plan.c, inspection_plan_version.c


@dataclass(frozen=True, slots=True)
class Kept:
    """A plan in one of its versions. `next_for`: the time it is due for next, `next_at`: when its run is made (ms, 0:
    never)."""

    id: int
    number: str
    version: int
    plan: Plan
    state: str
    made_by: str
    made_at: int
    next_for: int = 0
    next_at: int = 0


@dataclass(frozen=True, slots=True)
class Version:
    """Who wrote which version of a plan, and when (ms)."""

    version: int
    plan: Plan
    made_by: str
    made_at: int


# --- written


async def add(tx: AsyncConnection, plan: Plan, by: str, at: int) -> Kept:
    """Write a new plan; it has no time yet."""
    values = {"number": f"?{uuid.uuid4()}", "version": 1, "body": _text(plan), "made_by": by, "made_at": at}
    made = await tx.execute(insert(tx, inspection_plan).values(values).returning(_plan.id))
    plan_id = int(made.scalar_one())
    number = f"PLN-{plan_id:04d}"
    await tx.execute(update(inspection_plan).where(_plan.id == plan_id).values(number=number))
    await _keep(tx, plan_id, 1, plan, (by, at))
    return Kept(plan_id, number, 1, plan, ACTIVE, by, at)


async def change(tx: AsyncConnection, kept: Kept, plan: Plan, by: str, at: int) -> int:
    """Write the next version of a plan and return its number."""
    version = kept.version + 1
    values = {"version": version, "body": _text(plan), "made_by": by, "made_at": at}
    await tx.execute(update(inspection_plan).where(_plan.id == kept.id).values(values))
    await _keep(tx, kept.id, version, plan, (by, at))
    return version


async def _keep(tx: AsyncConnection, plan_id: int, version: int, plan: Plan, made: tuple[str, int]) -> None:
    row = {"plan_id": plan_id, "version": version, "body": _text(plan), "made_by": made[0], "made_at": made[1]}
    await tx.execute(insert(tx, inspection_plan_version).values(row))


async def set_next(tx: AsyncConnection, plan_id: int, next_for: int, next_at: int) -> None:
    """Write what a plan is due for next, and when that run is made (ms, 0: never)."""
    values = {"next_for": next_for, "next_at": next_at}
    await tx.execute(update(inspection_plan).where(_plan.id == plan_id).values(values))


async def set_state(tx: AsyncConnection, plan_id: int, state: str) -> None:
    await tx.execute(update(inspection_plan).where(_plan.id == plan_id).values(state=state))


# --- read


async def find(connection: AsyncConnection, number: str, hold: bool = False) -> Kept | None:
    """Return a plan; `hold`: nobody else writes of it until the transaction ends."""
    wanted = select(inspection_plan).where(_plan.number == number)
    row = (await connection.execute(wanted.with_for_update() if hold else wanted)).one_or_none()
    return _kept(row) if row else None


async def number_of(connection: AsyncConnection, plan_id: int) -> str:
    return str((await connection.execute(select(_plan.number).where(_plan.id == plan_id))).scalar_one())


async def every(connection: AsyncConnection) -> list[Kept]:
    """Return all plans, the active ones first, by when they are due next."""
    ordered = select(inspection_plan).order_by(_plan.state, _plan.next_for == 0, _plan.next_for, _plan.id)
    return [_kept(row) for row in await connection.execute(ordered)]


async def due(connection: AsyncConnection, now: int) -> list[Kept]:
    """Return the plans whose run is to be made by `now` (ms), the longest due first."""
    where = (_plan.state == ACTIVE, _plan.next_at > 0, _plan.next_at <= now)
    return [
        _kept(row) for row in await connection.execute(select(inspection_plan).where(*where).order_by(_plan.next_at))
    ]


async def versions(connection: AsyncConnection, plan_id: int) -> list[Version]:
    """Return every version of a plan, the newest first."""
    wanted = select(inspection_plan_version).where(_version.plan_id == plan_id).order_by(_version.version.desc())
    return [
        Version(row.version, of_values(json.loads(row.body)), row.made_by, row.made_at)
        for row in await connection.execute(wanted)
    ]


async def in_version(connection: AsyncConnection, pairs: Collection[tuple[int, int]]) -> dict[tuple[int, int], Plan]:
    """Return (plan id, version) → that plan."""
    found = {}
    for plan_id, version in set(pairs):
        where = (_version.plan_id == plan_id, _version.version == version)
        body = (await connection.execute(select(_version.body).where(*where))).scalar_one()
        found[plan_id, version] = of_values(json.loads(body))
    return found


def _text(plan: Plan) -> str:
    return json.dumps(values_of(plan), ensure_ascii=False)


def _kept(row: Row[tuple[object, ...]]) -> Kept:
    return Kept(
        row.id, row.number, row.version, of_values(json.loads(row.body)), row.state, row.made_by, row.made_at,
        row.next_for, row.next_at,
    )  # fmt: skip
