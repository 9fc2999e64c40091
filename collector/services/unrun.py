"""A plan that cannot be run is told to whoever wrote it, as an incident of its own that ends when it is run again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import incident
from collector.desk.priority import Affected, reckon
from collector.desk.table import Table
from collector.incident.planning import MAINTENANCE, TOLD, Plan, ended_by_itself
from collector.model import Cause
from collector.store import accounts, incidents
from collector.store.accounts import ACTIVE
from collector.store.admissions import Admission
from collector.store.plans import Kept
from collector.wording import clean

KIND: Final = "plan"
SEVERITY: Final = "warning"


async def tell(tx: AsyncConnection, kept: Kept[Any], why: str, table: Table, now: int) -> None:
    """Open the incident that says why a plan was not run at `now` (ms), or let the one that is open say so."""
    cause = _cause(kept, why, now)
    held = await incidents.held_of(tx, (), [cause], now)
    planned = incident.plan(held, [cause], now)
    said = (replace(each, title=cause.title, detail=cause.detail) for each in held.incidents)
    words = tuple(each for each in said if each not in held.incidents and each.cause_key == cause.key)
    known = Admission(
        reckon(table, Affected(), SEVERITY, ""), cause.line, MAINTENANCE, cause.category,
        assignee=await _owner(tx, kept),
    )  # fmt: skip
    opening = tuple(replace(each, role=TOLD) for each in planned.open)
    its = Plan(open=opening, reopen=planned.reopen, update=words)
    await incidents.apply(tx, its, now, dict.fromkeys((each.key for each in opening), known))


async def over(tx: AsyncConnection, kept: Kept[Any], now: int) -> None:
    """End that incident: the plan was run. What somebody is at work on only says so."""
    held = await incidents.held_of(tx, (), [_cause(kept, "", now)], now)
    its = [each for each in held.incidents if each.cause_key == _key(kept) and each.recovered_at is None]
    resolve, recover = ended_by_itself(its, now)
    if its:
        await incidents.apply(tx, Plan(resolve=resolve, recover=recover), now)


async def _owner(tx: AsyncConnection, kept: Kept[Any]) -> str:
    """Return who wrote the plan, or does what it plans where they are gone; "" for neither."""
    for name in (kept.made_by, kept.plan.assignee):
        account = await accounts.by_name(tx, name)
        if account is not None and account.state == ACTIVE:
            return account.name
    return ""


def _key(kept: Kept[Any]) -> str:
    return f"{KIND}|{kept.number}"


def _cause(kept: Kept[Any], why: str, now: int) -> Cause:
    title = kept.plan.title
    named = title if isinstance(title, Mapping) else {"zh": title, "en": title}
    return Cause(
        key=_key(kept),
        ci_id=None,
        kind=KIND,
        severity=SEVERITY,
        title={
            "zh": f"计划 {kept.number} {clean(named['zh'])} 未能执行：{clean(why)}",
            "en": f"Plan {kept.number} {clean(named['en'])} was not run: {clean(why)}",
        },
        detail={"plan": kept.number, "why": clean(why)},
        since=now,
        category="maintenance",
        line=2,
    )
