"""Stock-takes that came by a plan: which time each is, until when, whose it is; one a plan and a time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Cause
from collector.store import incidents
from collector.store.engine import insert
from collector.store.inspection_incidents import KIND
from collector.store.schema import inspection_plan, stocktake_due
from collector.store.stocktakes import Kept
from collector.wording import time_text

_due = stocktake_due.c


@dataclass(frozen=True, slots=True)
class Due:
    """What a plan says of a stock-take; times in ms. `missed`: times before it nobody ran; `incident`: its number.

    `due_at`: until when; 0: no time is set.
    """

    stocktake_id: int
    plan_id: int
    scheduled_for: int
    due_at: int
    assignee: str
    deputy: str
    missed: int
    incident: str


@dataclass(frozen=True, slots=True)
class Planned:
    """One that came by a plan, and the number of that plan."""

    due: Due
    plan: str


async def open_incident(tx: AsyncConnection, kept: Kept, due: Due, lines: int, now: int) -> str:
    """Open the incident of a stock-take of `lines` CIs, with whom it is given to, and return its number."""
    detail = {
        "stocktake": kept.number, "scheduled_for": time_text(due.scheduled_for), "due_at": time_text(due.due_at),
        "expected": lines,
    }  # fmt: skip
    title = {"zh": kept.new.title, "en": kept.new.title}
    cause = Cause(
        f"{KIND}|{kept.number}", None, KIND, "notice", title, detail, due.scheduled_for, category=KIND, line=2
    )  # fmt: skip
    return await incidents.open_maintenance(tx, cause, due.assignee, due.due_at, now)


async def add(tx: AsyncConnection, due: Due) -> None:
    await tx.execute(insert(tx, stocktake_due).values(asdict(due)))


async def give(tx: AsyncConnection, stocktake_id: int, assignee: str, deputy: str = "") -> None:
    """Write whose it is from now on."""
    values = {"assignee": assignee, "deputy": deputy}
    await tx.execute(update(stocktake_due).where(_due.stocktake_id == stocktake_id).values(values))


# --- read


async def is_made(connection: AsyncConnection, plan_id: int, scheduled_for: int) -> bool:
    where = (_due.plan_id == plan_id, _due.scheduled_for == scheduled_for)
    return (await connection.execute(select(_due.stocktake_id).where(*where))).scalar() is not None


async def of(connection: AsyncConnection, stocktake_id: int) -> Planned | None:
    """Return what a plan says of a stock-take, None where somebody opened it by hand."""
    joined = stocktake_due.join(inspection_plan, inspection_plan.c.id == _due.plan_id)
    wanted = select(stocktake_due, inspection_plan.c.number).select_from(joined)
    row = (await connection.execute(wanted.where(_due.stocktake_id == stocktake_id))).one_or_none()
    return Planned(_of(row), row.number) if row else None


async def of_many(connection: AsyncConnection, ids: Collection[int]) -> dict[int, Due]:
    """Return stock-take → what its plan says of it, of those that have one."""
    rows = await connection.execute(select(stocktake_due).where(_due.stocktake_id.in_(ids)))
    return {row.stocktake_id: _of(row) for row in rows}


def _of(row: Row[Any]) -> Due:
    return Due(
        row.stocktake_id, row.plan_id, row.scheduled_for, row.due_at, row.assignee, row.deputy,
        row.missed, row.incident,
    )  # fmt: skip
