"""What moves by the clock: plans come due, probes fall silent, old ledgers go."""

from __future__ import annotations

from dataclasses import replace
from datetime import tzinfo
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.security.audit import Actor, recorded
from collector.services.refused import Refused
from collector.services.sweeps import asked, schedule
from collector.services.sweeps.probing import give_back
from collector.services.sweeps.standing import standing
from collector.store import refusals, sweep_plans, sweeps
from collector.store.sweeps import FAILED, RUNNING, SweepRow

log = structlog.get_logger(__name__)

SILENT_MS: Final = 5 * 60_000
"""A probe says something at least once a minute; after this long it has gone."""
MAX_TRIES: Final = 3
KEPT_MS: Final = 180 * 86_400_000
SCHEDULE: Final = Actor("schedule", "collector")
"""Who asked for a sweep that nobody asked for."""


async def due(tx: AsyncConnection, now: int, wall: tzinfo | None = None) -> list[str]:
    """Start a sweep of each plan whose time has come, return their uids.

    A plan whose last sweep is still under way is passed over until its next time; times that passed while nothing ran
    come to one sweep.
    """
    started = []
    for plan in await sweep_plans.due(tx, now):
        await sweep_plans.change(tx, plan.id, next_at=schedule.next_at(plan.schedule, now, wall))
        try:
            async with recorded(tx, SCHEDULE, now) as act:
                started.append(await asked.start_plan(act, plan))
        except Refused as error:
            log.info("a plan is passed over", plan=plan.uid, why=str(error))
    return started


async def orphaned(tx: AsyncConnection, now: int) -> int:
    """Let the sweeps of probes that fell silent wait again, from their cursors; return how many there were.

    One over which three probes fell silent has failed.
    """
    silent = [row for row in await sweeps.in_state(tx, RUNNING) if standing(row.counts).heard_at <= now - SILENT_MS]
    for row in silent:
        await _orphan(tx, row, now)
    return len(silent)


async def forget(tx: AsyncConnection, now: int) -> bool:
    """Take away one sweep that ended half a year ago and is not its plan's last; return whether there was one."""
    await refusals.forget_before(tx, now - KEPT_MS)
    return await sweeps.forget_one(tx, now - KEPT_MS)


async def _orphan(tx: AsyncConnection, row: SweepRow, now: int) -> None:
    at = standing(row.counts)
    at = replace(at, tries=at.tries + 1)
    if at.tries < MAX_TRIES:
        await give_back(tx, row, "its probe fell silent")
        await sweeps.change(tx, row.id, counts=at.text())
        return
    why = f"{at.tries} probes fell silent over it"
    await sweeps.change(tx, row.id, (RUNNING,), state=FAILED, reason=why, ended_at=now, counts=at.text())
