"""Alerts: the remembered state of each rule on each CI and instance."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

from sqlalchemy import Row, bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Alert, Outcome
from collector.store import interning
from collector.store.engine import insert
from collector.store.schema import alert
from wire.sections import canonical

KEY = ("rule", "ci_id", "instance")


async def load(connection: AsyncConnection, ci_ids: Collection[int]) -> dict[tuple[str, int, str], Alert]:
    """Return the alerts of those CIs, by (rule, CI id, instance)."""
    found = {}
    for part in interning.chunks(ci_ids):
        for row in await connection.execute(select(alert).where(alert.c.ci_id.in_(part))):
            found[row.rule, row.ci_id, row.instance] = _alert(row)
    return found


async def firing(connection: AsyncConnection, ci_ids: Collection[int]) -> list[Alert]:
    """Return the alerts of those CIs that fire."""
    found: list[Alert] = []
    for part in interning.chunks(ci_ids):
        rows = await connection.execute(select(alert).where(alert.c.ci_id.in_(part), alert.c.state == "firing"))
        found += [_alert(row) for row in rows]
    return found


async def save(connection: AsyncConnection, alerts: Iterable[Alert]) -> None:
    """Write `alerts` over what was there; one whose outcome is N/A is forgotten."""
    kept: list[Alert] = []
    forgotten: list[Alert] = []
    for each in alerts:
        (forgotten if each.outcome is Outcome.NOT_APPLICABLE else kept).append(each)
    if kept:
        upsert = insert(connection, alert)
        moving = {column.name: upsert.excluded[column.name] for column in alert.c if column.name not in KEY}
        await connection.execute(
            upsert.on_conflict_do_update(index_elements=KEY, set_=moving), [_row(each) for each in kept]
        )
    if forgotten:
        exact = [alert.c[name] == bindparam(f"its_{name}") for name in KEY]
        keys = [{f"its_{name}": getattr(each, name) for name in KEY} for each in forgotten]
        await connection.execute(delete(alert).where(*exact), keys)


def _row(each: Alert) -> dict[str, object]:
    return {
        "rule": each.rule, "ci_id": each.ci_id, "instance": each.instance, "state": each.state,
        "outcome": str(each.outcome), "since": each.since, "changed_at": each.changed_at,
        "evidence": canonical(dict(each.evidence)).decode(), "reason": each.reason,
    }  # fmt: skip


def _alert(row: Row[tuple[object, ...]]) -> Alert:
    return Alert(
        row.rule, row.ci_id, row.instance, row.state, Outcome(row.outcome), row.since, row.changed_at,
        json.loads(row.evidence), row.reason,
    )  # fmt: skip
