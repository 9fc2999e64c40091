"""Which agents are probes, and of which zones: only these are given sweeps, and what those are lent."""

from __future__ import annotations

import json
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store import schema
from collector.store.engine import insert

_agent, _setting = schema.agent, schema.setting


def _name(uid: str) -> str:
    return f"probe.{uid}"


async def appoint(tx: AsyncConnection, uid: str, zones: Collection[str]) -> bool:
    """Make an agent the probe of those zones and no other ("" is the default one); return False when there is none."""
    if (await tx.execute(select(_agent.c.id).where(_agent.c.uid == uid))).one_or_none() is None:
        return False
    row = {"name": _name(uid), "value": json.dumps(sorted(zones))}
    statement = insert(tx, _setting).values(row)
    await tx.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": row["value"]}))
    return True


async def appointed(connection: AsyncConnection, uid: str) -> list[str] | None:
    """Return the zones somebody has made an agent the probe of; None while nobody has said anything of it."""
    found = await connection.execute(select(_setting.c.value).where(_setting.c.name == _name(uid)))
    said = found.scalar_one_or_none()
    return None if said is None else [str(zone) for zone in json.loads(said)]


async def zones(connection: AsyncConnection, agent_id: int) -> frozenset[str]:
    """Return the zones an agent is appointed for; none for an agent that is not a probe or may not speak."""
    active = select(_agent.c.uid).where(_agent.c.id == agent_id, _agent.c.state == "active")
    uid = (await connection.execute(active)).scalar_one_or_none()
    if uid is None:
        return frozenset()
    found = await connection.execute(select(_setting.c.value).where(_setting.c.name == _name(uid)))
    return frozenset(json.loads(found.scalar_one_or_none() or "[]"))
