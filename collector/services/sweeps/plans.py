"""Plans: what is swept, how, when, and by the probe of which zone."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.security.audit import Act
from collector.services.refused import Refused
from collector.services.sweeps import asked, schedule, settings
from collector.services.sweeps.asked import Sweep
from collector.store import sweep_plans, sweeps
from collector.store.sweep_plans import NewPlanRow, PlanRow
from wire.observation import ZONE

MAX_NAME: Final = 100


@dataclass(frozen=True, slots=True)
class NewPlan:
    """A plan as people give it. `settings`: see `settings.Settings`; `schedule`: a cron line, empty: by hand only."""

    name: str
    zone: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    schedule: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan. Times in epoch ms; `next_at` 0: by hand only. `last`: its newest sweep."""

    uid: str
    name: str
    zone: str
    settings: Mapping[str, Any]
    schedule: str
    created_at: int
    created_by: str
    next_at: int
    last: Sweep | None = None


async def plans(connection: AsyncConnection) -> list[Plan]:
    """Return all plans by name."""
    last = {row.plan_uid: asked.opened(row) for row in await sweeps.last_of_plans(connection)}
    return [_opened(row, last.get(row.uid)) for row in await sweep_plans.everyone(connection)]


async def plan(connection: AsyncConnection, uid: str) -> Plan | None:
    row = await sweep_plans.find(connection, uid)
    if row is None:
        return None
    newest = await sweeps.recent(connection, 1, "", uid)
    return _opened(row, asked.opened(newest[0]) if newest else None)


async def create_plan(act: Act, new: NewPlan) -> str:
    """Write a plan and return its uid; raise `Refused`."""
    values = await _values(act.tx, new, act.at)
    uid = str(uuid.uuid4())
    await sweep_plans.add(act.tx, NewPlanRow(uid, created_at=act.at, created_by=act.by, **values))
    act.tell("plan.create", f"plan/{uid}", after=_told(values))
    return uid


async def change_plan(act: Act, uid: str, new: NewPlan) -> bool:
    """Write a plan anew, return whether there is one; raise `Refused`. What is under way goes on as it began."""
    row = await sweep_plans.find(act.tx, uid)
    if row is None:
        return False
    values = await _values(act.tx, new, act.at, uid)
    await sweep_plans.change(act.tx, row.id, **values)
    act.tell("plan.change", f"plan/{uid}", _told(asdict(row)), _told(values))
    return True


async def remove_plan(act: Act, uid: str) -> bool:
    """Take a plan away, return whether there was one; its sweeps stay. Raise `Refused` while one is under way."""
    row = await sweep_plans.find(act.tx, uid)
    if row is None:
        return False
    await asked.check_is_free(act.tx, row.id)
    await sweep_plans.remove(act.tx, row.id)
    act.tell("plan.remove", f"plan/{uid}", before=_told(asdict(row)))
    return True


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the audit log says of a plan."""
    return {name: values[name] for name in ("name", "zone", "schedule")} | {"settings": json.loads(values["settings"])}


async def _values(tx: AsyncConnection, new: NewPlan, now: int, uid: str = "") -> dict[str, Any]:
    name = new.name.strip()
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise Refused(f"a name of 1 to {MAX_NAME} characters is expected", "name")
    if await sweep_plans.uid_named(tx, name) not in (None, uid):
        raise Refused("another plan has this name", "name")
    if not ZONE.fullmatch(new.zone):
        raise Refused("a zone is written with letters, digits, dot, dash and underscore, 64 at most", "zone")
    line = " ".join(new.schedule.split())
    return {
        "name": name, "zone": new.zone, "settings": settings.checked(new.settings), "schedule": line,
        "next_at": schedule.next_at(line, now),
    }  # fmt: skip


def _opened(row: PlanRow, last: Sweep | None) -> Plan:
    return Plan(
        row.uid, row.name, row.zone, json.loads(row.settings), row.schedule, row.created_at, row.created_by,
        row.next_at, last,
    )  # fmt: skip
