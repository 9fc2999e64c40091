"""A plan that cannot be run is told to whoever wrote it, as an incident of its own that ends when it is run again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.desk.table import Table
from collector.model import Cause
from collector.services import errands
from collector.store.plans import Kept
from collector.wording import clean

KIND: Final = "plan"
SEVERITY: Final = "warning"


async def tell(tx: AsyncConnection, kept: Kept[Any], why: str, table: Table, now: int) -> None:
    """Say that a plan was not run at `now` (ms): to who wrote it, or does what it plans where they are gone."""
    await errands.tell(tx, _cause(kept, why, now), (kept.made_by, kept.plan.assignee), table, now)


async def over(tx: AsyncConnection, kept: Kept[Any], now: int) -> None:
    """End that incident: the plan was run."""
    await errands.end(tx, KIND, _key(kept), now)


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
