"""Which agents are probes, and of which zones: only these are given sweeps, and what those are lent."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store import agents, schema, settings

_agent = schema.agent


def _name(uid: str) -> str:
    return f"probe.{uid}"


async def appoint(tx: AsyncConnection, uid: str, zones: Collection[str]) -> bool:
    """Make an agent the probe of those zones and no other ("" is the default one); return False when there is none.

    Other processes notice as they do a change of its standing.
    """
    if (await tx.execute(select(_agent.c.id).where(_agent.c.uid == uid))).one_or_none() is None:
        return False
    await settings.write(tx, _name(uid), json.dumps(sorted(zones)))
    await agents.moved(tx)
    return True


async def appointed(connection: AsyncConnection, uid: str) -> list[str] | None:
    """Return the zones somebody has made an agent the probe of; None while nobody has said anything of it."""
    said = await settings.read(connection, _name(uid))
    return None if said is None else [str(zone) for zone in json.loads(said)]


@dataclass(frozen=True, slots=True)
class ProbeRow:
    """An active agent that is the probe of some zones."""

    agent_id: int
    uid: str
    hostname: str
    zones: tuple[str, ...]


_EVERYONE = (
    select(_agent.c.id, _agent.c.uid, _agent.c.hostname, schema.setting.c.value)
    .join_from(_agent, schema.setting, schema.setting.c.name == literal(_name("")).concat(_agent.c.uid))
)  # fmt: skip


async def appointments(connection: AsyncConnection) -> dict[int, frozenset[str]]:
    """Return agent id → the zones it is appointed for, also of agents that may not speak now."""
    return {row.id: frozenset(json.loads(row.value)) for row in await connection.execute(_EVERYONE)}


async def everyone(connection: AsyncConnection) -> list[ProbeRow]:
    """Return every probe, by the names of their hosts."""
    active = _EVERYONE.where(_agent.c.state == "active").order_by(_agent.c.hostname, _agent.c.uid)
    rows = await connection.execute(active)
    found = (ProbeRow(row.id, row.uid, row.hostname, tuple(json.loads(row.value))) for row in rows)
    return [each for each in found if each.zones]


async def zones(connection: AsyncConnection, agent_id: int) -> frozenset[str]:
    """Return the zones an agent is appointed for; none for an agent that is not a probe or may not speak."""
    active = select(_agent.c.uid).where(_agent.c.id == agent_id, _agent.c.state == "active")
    uid = (await connection.execute(active)).scalar_one_or_none()
    if uid is None:
        return frozenset()
    return frozenset(json.loads(await settings.read(connection, _name(uid)) or "[]"))
