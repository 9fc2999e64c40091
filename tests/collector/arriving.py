"""Newcomers for pages, REST and commands: found by a probe, through the same path as every observation."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from collector.pipeline.runner import Runner
from collector.store import ingest_log, probes, schema
from collector.store.engine import insert
from tests.collector.test_targets import SWITCH, found
from tests.people import World, shipped_policies

UID = "probe-of-arrivals"


def switch(number: int) -> dict[str, Any]:
    """Return the device that is the switch of this number, up to 99."""
    return SWITCH | {
        "name": f"new-{number:02d}", "serial": f"2102353TESR01{number:02d}", "base_mac": f"00:e0:fc:77:00:{number:02x}",
        "engine_id": f"800007db0300e0fc7700{number:02x}",
    }  # fmt: skip


async def arrives(world: World, address: str, device: dict[str, Any]) -> str:
    """Let the probe of the default zone find a device; return the uid of its CI."""
    async with world.store.write() as tx:
        row = {"uid": UID, "instance_key": UID.encode(), "enrolled_at": world.clock()}
        await tx.execute(insert(tx, schema.agent).values(row).on_conflict_do_nothing())
        number = (await tx.execute(select(schema.agent.c.id).where(schema.agent.c.uid == UID))).scalar_one()
        source = {"code": f"agent/{UID}", "kind": "agent", "agent_id": number}
        await tx.execute(insert(tx, schema.source).values(source).on_conflict_do_nothing())
        await probes.appoint(tx, UID, [""])
        said = found(address, device, world.clock(), interfaces=[])
        seq = (await tx.execute(select(schema.observation.c.id).where(schema.observation.c.agent_id == number))).all()
        await ingest_log.append(tx, [(number, bytes(16), len(seq) + 1, world.clock(), said)])
    runner = Runner(world.store, shipped_policies(), world.clock)
    while await runner.step():
        pass
    async with world.store.read() as reader:
        named = select(schema.ci.c.uid).where(schema.ci.c.name == device["name"])
        return str((await reader.execute(named)).scalar_one())
