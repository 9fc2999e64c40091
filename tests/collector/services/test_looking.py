"""A look at some CIs at once: agents are asked, probes sweep their addresses alone, as the plan there says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from collector.services import looking
from collector.services.looking import Look
from collector.store import agents, schema
from collector.store.engine import Store, insert
from tests.acts import act
from tests.collector.services.sweeping import CAMPUS, NOW, Collector
from tests.store.ground import with_cis

NIGHT = {"from": "00:00", "to": "23:59"}


async def known(store: Store, codes: Mapping[str, int], agent: int = 0) -> None:
    """Let these sources (code → CI) speak of the CIs as their hosts."""
    async with store.write() as tx:
        for code, ci_id in codes.items():
            row = {"code": code, "kind": code.partition("/")[0], "agent_id": agent or None}
            source_id = (await tx.execute(insert(tx, schema.source).values(row).returning(schema.source.c.id))).scalar()
            its = {"source_id": source_id, "role": "host", "ci_id": ci_id, "matched_by": "serial", "since": NOW}
            await tx.execute(insert(tx, schema.subject_ci).values(its))


async def asked(collector: Collector, *ci_ids: int, at: int = NOW) -> Look:
    async with collector.store.write() as tx:
        return await looking.ask(act(tx, "cid", at), ci_ids)


@pytest.fixture
async def estate(collector: Collector) -> Collector:
    await with_cis(collector.store, 3)
    await known(collector.store, {"snmp//10.1.0.1": 1, "ssh//10.1.0.1": 1, "snmp//10.1.0.2": 2, "snmp//172.16.0.9": 3})
    return collector


async def test_the_addresses_are_swept_alone_as_far_as_their_plan_goes(estate: Collector) -> None:
    await estate.plan({"ranges": ["10.1.0.0/24"], "until": "identify", "rate": 7}, name="slow")
    await estate.plan({**CAMPUS, "snmp_port": 1161, "rate": 33})
    assert await asked(estate, 1) == Look((), ("10.1.0.1",))
    task = await estate.take()
    assert task is not None
    assert (task.ranges, task.until, task.rate_pps, task.snmp_port) == (("10.1.0.1",), "explore", 33, 1161)


async def test_what_no_plan_sweeps_is_not_looked_at(estate: Collector) -> None:
    await estate.plan()
    assert await asked(estate, 3) == Look()
    assert await estate.take() is None


async def test_a_look_waits_for_the_end_of_a_blackout(estate: Collector) -> None:
    await estate.plan({**CAMPUS, "blackout": [NIGHT]})
    assert (await asked(estate, 1)).addresses == ("10.1.0.1",)
    assert await estate.take() is None


async def test_what_waits_to_be_looked_at_is_not_asked_for_twice(estate: Collector) -> None:
    await estate.plan()
    await asked(estate, 1)
    assert (await asked(estate, 1, 2)).addresses == ("10.1.0.1-10.1.0.2",)
    tasks = [await estate.take(probe=probe) for probe in (0, 1)]
    assert [task and task.ranges for task in tasks] == [("10.1.0.1",), ("10.1.0.2",)]


async def test_a_plan_that_is_paused_looks_at_nothing(estate: Collector) -> None:
    await estate.plan()
    async with estate.store.write() as tx:
        await tx.execute(schema.sweep_plan.update().values(state="paused"))
    assert await asked(estate, 1) == Look()


@pytest.mark.parametrize(("state", "who"), [("active", ("srv1",)), ("banned", ())])
async def test_the_agent_that_speaks_of_it_is_asked_as_long_as_it_may_speak(
    estate: Collector, state: str, who: tuple[Any, ...]
) -> None:
    async with estate.store.write() as tx:
        its = schema.agent.c.id == estate.probes[0]
        await tx.execute(schema.agent.update().where(its).values(hostname="srv1", state=state))
    await known(estate.store, {"agent/other": 2}, estate.probes[0])
    assert (await asked(estate, 2)).agents == who
    async with estate.store.read() as reader:
        found = {each.id: each.look_asked_at for each in await agents.standings(reader)}
    assert found[estate.probes[0]] == (NOW if who else 0)
    assert found[estate.probes[1]] == 0
