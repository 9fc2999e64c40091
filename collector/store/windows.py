"""Maintenance windows and silences as they are kept."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.maintenance import MaintenanceWindow, Recurrence
from collector.store.engine import insert
from collector.store.schema import maintenance_window as table


async def add(tx: AsyncConnection, new: MaintenanceWindow) -> None:
    again = new.recurrence
    await tx.execute(
        insert(tx, table).values(
            uid=new.uid, kind=new.kind, name=new.name, reason=new.reason, start=new.start, end=new.end,
            recurrence=json.dumps([again.rule, again.zone, again.until]) if again else "", selector=_selector(new),
            created_by=new.created_by, created_at=new.created_at, ended_at=new.ended_at, last_end=new.last_end,
        )
    )  # fmt: skip


async def find(connection: AsyncConnection, uid: str) -> MaintenanceWindow | None:
    row = (await connection.execute(select(table).where(table.c.uid == uid))).one_or_none()
    return _window(row) if row else None


async def alive(connection: AsyncConnection, now: int) -> list[MaintenanceWindow]:
    """Return those that are held at `now` (ms) or later, the one that began first first."""
    ones = select(table).where(table.c.last_end > now).order_by(table.c.start, table.c.id)
    return [_window(row) for row in await connection.execute(ones)]


async def latest(connection: AsyncConnection, limit: int = 200) -> list[MaintenanceWindow]:
    """Return the windows that were set last."""
    rows = await connection.execute(select(table).order_by(table.c.id.desc()).limit(limit))
    return [_window(row) for row in rows]


async def end(tx: AsyncConnection, uid: str, now: int) -> bool:
    """End a window before its time; return whether there was one to end."""
    is_it = (table.c.uid == uid, table.c.ended_at == 0, table.c.last_end > now)
    return (await tx.execute(update(table).where(*is_it).values(ended_at=now, last_end=now))).rowcount == 1


def _selector(its: MaintenanceWindow) -> str:
    return json.dumps({
        "ci_ids": sorted(its.ci_ids), "ci_classes": sorted(its.ci_classes), "match": its.match,
        "children": its.children, "rules": list(its.rules), "instance": its.instance,
    })  # fmt: skip


def _window(row: Row[tuple[Any, ...]]) -> MaintenanceWindow:
    chosen = json.loads(row.selector)
    return MaintenanceWindow(
        row.uid, row.name, row.start, row.end, row.kind, row.reason,
        Recurrence(*json.loads(row.recurrence)) if row.recurrence else None,
        frozenset(chosen["ci_ids"]), frozenset(chosen["ci_classes"]), chosen["match"], chosen["children"],
        tuple(chosen["rules"]), chosen["instance"], row.created_by, row.created_at, row.ended_at,
    )  # fmt: skip
