"""What a probe may hear: the addresses of its zone's plans, the credentials for these, and nothing without a person."""

from __future__ import annotations

from typing import Any

from collector.services import credentials, listening
from collector.services.credentials import NewCredential
from collector.store import probes as appointed
from collector.store import sweep_plans
from tests.acts import act
from tests.collector.services.sweeping import NOW, VAULT, Collector
from wire.listening import ListenTask

SECRET = "larch-and-cedar"


async def wanted(collector: Collector, held: bytes = b"", zone: str = "", probe: int = 0) -> ListenTask | None:
    async with collector.store.read() as connection:
        return await listening.wanted(connection, VAULT, collector.probes[probe], zone, held, NOW)


async def lend(collector: Collector, name: str, ranges: list[str], kind: str = "snmp_community", **scope: Any) -> str:
    secret = {"community": SECRET} if kind == "snmp_community" else {"user": "ops", "password": SECRET}
    async with collector.store.write() as tx:
        new = NewCredential(name, kind, {"ranges": ranges, **scope}, secret)
        return await credentials.create(act(tx, at=NOW), VAULT, new)


async def test_the_addresses_of_the_zones_plans_may_speak_with_the_communities_for_them(collector: Collector) -> None:
    await collector.plan({"ranges": ["10.1.0.1-10.1.0.9"], "exclusions": ["10.1.0.3"]})
    await collector.plan({"ranges": ["10.9.0.1"]}, zone="dmz", name="dmz")
    lent = await lend(collector, "campus", ["10.1.0.0/29"])
    await lend(collector, "elsewhere", ["10.200.0.0/16"])
    await lend(collector, "of-servers", ["10.1.0.0/16"], "ssh")
    task = await wanted(collector)
    assert task
    assert task.ranges == ("10.1.0.1-10.1.0.9",), "what is not swept may speak all the same"
    assert [(each.uid, each.ranges, dict(each.secret)) for each in task.leases] == [
        (lent, ("10.1.0.1-10.1.0.7",), {"community": SECRET})
    ]
    assert SECRET not in repr(task)
    dmz = await wanted(collector, zone="dmz")
    assert dmz
    assert (dmz.ranges, dmz.leases) == (("10.9.0.1",), ())


async def test_a_task_is_told_once_and_again_when_anything_of_it_moved(collector: Collector) -> None:
    plan = await collector.plan()
    task = await wanted(collector)
    assert task
    assert await wanted(collector, task.digest) is None
    await lend(collector, "campus", ["10.1.0.0/29"])
    more = await wanted(collector, task.digest)
    assert more
    assert more.digest != task.digest
    async with collector.store.write() as tx:
        found = await sweep_plans.find(tx, plan)
        assert found
        await sweep_plans.change(tx, found.id, state="resting")
    nothing = await wanted(collector, more.digest)
    assert nothing == ListenTask("")
    assert await wanted(collector, b"") is None, "it hears nothing, and that is right"


async def test_an_agent_nobody_appointed_for_the_zone_hears_nothing(collector: Collector) -> None:
    await collector.plan()
    async with collector.store.write() as tx:
        await appointed.appoint(tx, "agent-1", ["dmz"])
    assert await wanted(collector, probe=1) is None
    held = await wanted(collector)
    assert held
    assert await wanted(collector, held.digest, probe=1) == ListenTask(""), "what it heard before is taken back"
