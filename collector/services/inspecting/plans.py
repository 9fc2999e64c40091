"""Plans of periodic maintenance: made, of a template or not, changed, paused; and what one would do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.compiled import CompiledRule
from collector.inspecting import schedule, scope
from collector.inspecting.plan import BadPlan, Plan, of_values
from collector.security.audit import Act
from collector.security.roles import Permission, permissions
from collector.services import planning
from collector.services.inspecting.inspector import Inspector
from collector.services.missing import NotFound
from collector.services.planning import COMING
from collector.services.refused import Refused
from collector.store import accounts, plans
from collector.store.plans import ACTIVE, INSPECTIONS, PAUSED, Version

Kept = plans.Kept[Plan]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a plan would do: when next (ms), the rules it asks; checks nothing has the name of."""

    times: tuple[int, ...]
    rules: tuple[CompiledRule, ...]
    lost: tuple[str, ...]


def read(values: Mapping[str, Any]) -> Plan:
    """Return the plan that JSON values say; raise `Refused`, naming the field."""
    try:
        plan = planning.checked(of_values(values))
        scope.compiled(plan.scope)
    except BadPlan as error:
        raise Refused(str(error), error.field) from None
    return plan


def of_template(inspector: Inspector, name: str, assignee: str, deputy: str = "") -> Plan:
    """Return the plan a template makes for somebody; raise `NotFound`."""
    if name not in inspector.templates:
        raise NotFound("template", name[:60])
    return replace(inspector.templates[name], assignee=assignee, deputy=deputy)


async def add(act: Act, inspector: Inspector, plan: Plan) -> str:
    """Keep a new plan and return its number; raise `Refused`."""
    await check_people(act.tx, plan.assignee, plan.deputy)
    kept = await planning.keep(act.tx, INSPECTIONS, inspector.calendar, plan, (act.by, act.at))
    act.tell("maintenance_plan.add", f"maintenance_plan/{kept.number}", after=_told(plan))
    return kept.number


async def change(act: Act, inspector: Inspector, number: str, plan: Plan) -> int:
    """Keep the next version of a plan and return its number; runs keep theirs. Raise `NotFound`, `Refused`."""
    kept = await find(act.tx, number, hold=True)
    plan = replace(plan, template=kept.plan.template)
    if plan == kept.plan:
        raise Refused("nothing of it is different", "plan")
    await check_people(act.tx, plan.assignee, plan.deputy)
    version = await INSPECTIONS.change(act.tx, kept, plan, act.by, act.at)
    await planning.set_next(act.tx, inspector.calendar, kept.id, plan.schedule, act.at)
    act.tell(
        "maintenance_plan.change", f"maintenance_plan/{number}", _told(kept.plan), _told(plan) | {"version": version}
    )
    return version


async def pause(act: Act, inspector: Inspector, number: str, paused: bool) -> None:
    """Let a plan rest, or go on from now; raise `NotFound`, `Refused`."""
    kept = await find(act.tx, number, hold=True)
    state = PAUSED if paused else ACTIVE
    await planning.turn(act.tx, kept, state, inspector.calendar, act.at)
    if paused:
        act.tell("maintenance_plan.pause", f"maintenance_plan/{number}", {"state": kept.state}, {"state": state})
    else:
        act.tell("maintenance_plan.resume", f"maintenance_plan/{number}", {"state": kept.state}, {"state": state})


async def check_people(connection: AsyncConnection, assignee: str, deputy: str) -> None:
    """Raise `Refused` unless both (a deputy need not be) may do inspections."""
    for field, name in (("assignee", assignee), ("deputy", deputy)):
        if name or field == "assignee":
            await planning.check_person(connection, field, name, _may_do)
    if assignee == deputy:
        raise Refused("somebody else is expected", "deputy")


def _may_do(account: accounts.AccountRow | None) -> bool:
    return (
        account is not None
        and account.state == accounts.ACTIVE
        and Permission.INSPECTIONS_DO in permissions(account.roles)
    )


async def inspectors(connection: AsyncConnection) -> tuple[str, ...]:
    """Return the accounts that may do inspections."""
    return tuple(each.name for each in await accounts.everyone(connection) if _may_do(each))


def preview(inspector: Inspector, plan: Plan, now: int) -> Preview:
    """Return what a plan would do from `now` (ms) on; raise `BadPlan`."""
    rules = scope.chosen(plan, inspector.rules.values())
    lost = tuple(
        check for check in plan.checks if not scope.chosen(replace(plan, checks=(check,)), inspector.rules.values())
    )
    return Preview(schedule.upcoming(plan.schedule, inspector.calendar, now, COMING), rules, lost)


async def find(connection: AsyncConnection, number: str, hold: bool = False) -> Kept:
    """Return a plan; raise `NotFound`."""
    return await planning.find(connection, INSPECTIONS, number, hold)


async def every(connection: AsyncConnection) -> list[Kept]:
    return await INSPECTIONS.every(connection)


async def versions(connection: AsyncConnection, kept: Kept) -> list[Version[Plan]]:
    return await INSPECTIONS.versions(connection, kept.id)


def _told(plan: Plan) -> dict[str, Any]:
    """Return what the audit log is told of a plan; what is long as text of one line."""
    return {
        "title": dict(plan.title), "rrule": plan.schedule.rrule, "zone": plan.schedule.zone,
        "assignee": plan.assignee, "deputy": plan.deputy, "scope": json.dumps(_scope(plan), ensure_ascii=False),
        "checks": list(plan.checks), "items": [item.id for item in plan.items], "review": plan.review,
    }  # fmt: skip


def _scope(plan: Plan) -> dict[str, Any]:
    its = plan.scope
    return {"classes": list(its.classes), "place": its.place, "label": its.label, "match": its.match}
