"""Sweeps as people ask for them and look at them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.security.audit import Act
from collector.services.refused import Refused
from collector.services.sweeps import settings
from collector.services.sweeps.standing import Standing, standing
from collector.store import sweep_plans, sweep_targets, sweeps
from collector.store.sweep_plans import PlanRow
from collector.store.sweeps import CANCELLED, RUNNING, WAITING, NewSweepRow, SweepRow


@dataclass(frozen=True, slots=True)
class Sweep:
    """One sweep. `state`: waiting, running, done, cancelled, failed; `reason`: why it waits, or ended so.

    Times in epoch ms, 0: not yet. `plan` and `agent` are uids, None: of no plan (any more), with no probe. `counts`:
    targets `planned`, those that have come to each stage, `alive`, `identified`, `failed`.
    """

    uid: str
    plan: str | None
    plan_name: str | None
    zone: str
    settings: Mapping[str, Any]
    state: str
    reason: str
    asked_by: str
    asked_at: int
    started_at: int
    ended_at: int
    heard_at: int
    counts: Mapping[str, int]
    agent: str | None
    agent_name: str | None

    @property
    def has_ended(self) -> bool:
        return self.state not in (WAITING, RUNNING)


async def start(act: Act, plan_uid: str) -> str:
    """Let a plan be swept by the next probe of its zone; return the sweep's uid; raise `Refused`."""
    plan = await sweep_plans.find(act.tx, plan_uid)
    if plan is None:
        raise Refused("there is no such plan", "plan")
    return await start_plan(act, plan)


async def start_plan(act: Act, plan: PlanRow) -> str:
    """Let `plan` be swept; return the sweep's uid; raise `Refused` when a sweep of it is under way."""
    await check_is_free(act.tx, plan.id)
    uid = await ask(act, (plan.id, plan.zone), plan.settings)
    act.tell("sweep.start", f"sweep/{uid}", after={"plan": plan.uid, "zone": plan.zone})
    return uid


async def cancel(act: Act, uid: str) -> bool:
    """End a sweep that waits or runs, return whether it did; its probe hears of it with its next word."""
    row = await sweeps.find(act.tx, uid)
    over = {"state": CANCELLED, "reason": f"cancelled by {act.by}", "ended_at": act.at}
    if row is None or not await sweeps.change(act.tx, row.id, (WAITING, RUNNING), **over):
        return False
    act.tell("sweep.cancel", f"sweep/{uid}", {"state": row.state}, {"state": CANCELLED})
    return True


async def again(act: Act, uid: str) -> str:
    """Sweep those targets of an ended sweep that failed, and return the new uid; raise `Refused`.

    An address where nobody answered has not failed.
    """
    row = await sweeps.find(act.tx, uid)
    if row is None or not opened(row).has_ended:
        raise Refused("only a sweep that has ended can be done again")
    if row.plan_id is not None:
        await check_is_free(act.tx, row.plan_id)
    failed = await sweep_targets.failed(act.tx, row.id, ("no_answer", "excluded"))
    if not failed:
        raise Refused("no target of this sweep failed")
    made = await ask(act, (row.plan_id, row.zone), settings.failed_only(row.settings, failed))
    act.tell("sweep.again", f"sweep/{made}", after={"of": uid, "targets": len(failed)})
    return made


async def recent(connection: AsyncConnection, limit: int = 50, before: str = "", plan: str = "") -> list[Sweep]:
    """Return sweeps, newest first, those older than the one with uid `before`; of one plan (uid), or of all."""
    return [opened(row) for row in await sweeps.recent(connection, limit, before, plan)]


async def one(connection: AsyncConnection, uid: str) -> Sweep | None:
    row = await sweeps.find(connection, uid)
    return opened(row) if row else None


def opened(row: SweepRow) -> Sweep:
    """Return a row as people see it."""
    at = standing(row.counts)
    return Sweep(
        row.uid, row.plan_uid, row.plan_name, row.zone, json.loads(row.settings), row.state, row.reason, row.asked_by,
        row.asked_at, row.started_at, row.ended_at, at.heard_at, at.counts, row.agent_uid, row.agent_name,
    )  # fmt: skip


async def check_is_free(tx: AsyncConnection, plan_id: int) -> None:
    """Raise `Refused` when a sweep of this plan waits or runs; nobody else starts one in this transaction."""
    await sweep_plans.hold(tx, plan_id)
    if await sweeps.is_under_way(tx, plan_id):
        raise Refused("a sweep of this plan is under way")


async def ask(act: Act, whose: tuple[int | None, str], said: str) -> str:
    """Write a waiting sweep of a plan and zone with these stored settings."""
    plan_id, zone = whose
    counts = Standing({"planned": settings.stored(said).targets.size}).text()
    uid = str(uuid.uuid4())
    await sweeps.add(act.tx, NewSweepRow(uid, plan_id, zone, said, act.by, act.at, counts))
    return uid
