"""What is known now of some CIs, as rules need it: how fresh each section is, its body, who was heard when."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store import interning, schema
from wire.observation import Status


@dataclass(frozen=True, slots=True)
class Known:
    """How the latest reading of a section came about, and when the section was last confirmed (ms)."""

    status: Status
    last_ok: int


async def heads(connection: AsyncConnection, ci_ids: Collection[int]) -> dict[int, dict[str, Known]]:
    """Return CI → section → what is known of it; of several sources the one that confirmed it last."""
    found: dict[int, dict[str, Known]] = {ci_id: {} for ci_id in ci_ids}
    table, source = schema.section.c, schema.source.c
    for part in interning.chunks(ci_ids):
        rows = await connection.execute(
            select(table.ci_id, table.name, table.status, table.last_ok, source.confirmed_at)
            .select_from(schema.section.join(schema.source))
            .where(table.ci_id.in_(part))
        )
        for row in rows:
            status = Status(row.status)
            fresh = max(row.last_ok, row.confirmed_at) if status.speaks else row.last_ok
            held = found[row.ci_id].get(row.name)
            if held is None or held.last_ok < fresh:
                found[row.ci_id][row.name] = Known(status, fresh)
    return found


async def bodies(
    connection: AsyncConnection, ci_ids: Collection[int], names: Collection[str]
) -> dict[tuple[int, str], bytes]:
    """Return (CI, section) → canonical body; of several sources the one that read it last."""
    found: dict[tuple[int, str], bytes] = {}
    table = schema.section.c
    for part in interning.chunks(ci_ids):
        rows = await connection.execute(
            select(table.ci_id, table.name, table.body)
            .where(table.ci_id.in_(part), table.name.in_(list(names)), table.body.is_not(None))
            .order_by(table.last_ok)
        )
        found.update({(row.ci_id, row.name): bytes(row.body) for row in rows})
    return found


async def agents(connection: AsyncConnection, ci_ids: Collection[int]) -> dict[int, dict[str, object]]:
    """Return CI → {last_seen: ms, version} of the agent heard last on it."""
    found: dict[int, dict[str, object]] = {}
    bound, agent = schema.subject_ci.c, schema.agent.c
    joined = schema.subject_ci.join(schema.source).join(schema.agent)
    for part in interning.chunks(ci_ids):
        rows = await connection.execute(
            select(bound.ci_id, agent.last_seen, agent.version)
            .select_from(joined)
            .where(bound.ci_id.in_(part), bound.role == "host", agent.state == "active")
            .order_by(agent.last_seen)
        )
        found.update({row.ci_id: {"last_seen": row.last_seen, "version": row.version} for row in rows})
    return found


async def hosts(connection: AsyncConnection) -> list[int]:
    """Return every CI that some source calls its host."""
    bound = schema.subject_ci.c
    rows = await connection.execute(select(bound.ci_id).where(bound.role == "host").distinct().order_by(bound.ci_id))
    return [row.ci_id for row in rows]
