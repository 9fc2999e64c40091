"""The registry: what it shows is durable, what others change it sees, and being cancelled does not hurt it."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

from collector.listeners.check_ins import FLUSH_AT, CheckIns
from collector.listeners.registry import AgentRegistry
from collector.store import agents
from collector.store.agents import NewAgent, Standing, Touch
from collector.store.engine import Store
from collector.store.failure import WriteFailed
from tests.acts import TESTER
from tests.collector.test_intake import Gated

TOUCH = Touch(0, 9, "host", "0.1", "192.0.2.9", 0, 1, 2, 3, 4, ())


async def admitted(store: Store, count: int) -> list[Standing]:
    async with store.write() as tx:
        return [
            await agents.create(tx, NewAgent(f"u{number}", bytes([number]) * 2, f"s{number}", 2, 1))
            for number in range(count)
        ]


async def test_a_change_of_our_own_is_not_read_again_and_one_of_others_is(store: Store) -> None:
    await admitted(store, 2)
    registry, other = AgentRegistry(store), AgentRegistry(store)
    for each in (registry, other):
        await each.reload()
    before = registry._by_uid
    await registry.ban("u0", "stolen", TESTER)
    await registry.reload()
    assert registry._by_uid is before
    await other.ban("u1", "stolen too", TESTER)
    assert registry.find("u1") != other.find("u1")
    await registry.ban("u0", "again", TESTER)
    await registry.reload()
    await other.reload()
    assert registry._by_uid == other._by_uid
    assert {each.state for each in registry._by_uid.values()} == {"banned"}


async def test_a_change_that_was_not_committed_does_not_show(store: Store) -> None:
    await admitted(store, 1)
    gated = Gated(store)
    gated.gate.set()
    registry = AgentRegistry(gated)
    await registry.reload()
    gated.failure = OSError("the disk is away")
    for act in (registry.ban("u0", "", TESTER), registry.promote(_standing(registry), "s9")):
        try:
            await act
        except WriteFailed:
            continue
        raise AssertionError("it was not written")
    assert _standing(registry).state == "active"
    assert _standing(registry).serial_current == "s0"


def _standing(registry: AgentRegistry) -> Standing:
    found = registry.find("u0")
    assert found is not None
    return found


async def test_callers_that_are_cancelled_at_any_moment_leave_database_and_memory_agreeing(store: Store) -> None:
    await admitted(store, 3)
    registry, dice = AgentRegistry(store), random.Random(7)
    await registry.reload()
    for number in range(150):
        uid = f"u{number % 3}"
        act = registry.ban(uid, str(number), TESTER) if number % 2 else registry.unban(uid, TESTER)
        task = asyncio.create_task(act)
        await asyncio.sleep(dice.random() * 0.004)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert await registry.ban("u0", "at last", TESTER)
    async with store.read() as tx:
        assert {each.uid: each for each in await agents.standings(tx)} == registry._by_uid


async def test_stopping_waits_for_writes_whose_callers_have_gone_and_for_check_ins(store: Store) -> None:
    (standing,) = await admitted(store, 1)
    gated = Gated(store)
    registry = AgentRegistry(gated)
    await registry.start()
    gone = asyncio.create_task(registry.ban("u0", "stolen", TESTER))
    await gated.reached.wait()
    gone.cancel()
    registry.check_ins.note(replace(TOUCH, agent_id=standing.id, last_seen=77))
    stopping = asyncio.create_task(registry.stop())
    await asyncio.sleep(0.05)
    assert not stopping.done()
    gated.gate.set()
    await stopping
    async with store.read() as tx:
        (agent,) = await agents.everyone(tx)
    assert (agent.state, agent.last_seen) == ("banned", 77)


async def test_check_ins_of_one_agent_are_one_row_and_the_last_one_stands(store: Store) -> None:
    standings = await admitted(store, 3)
    check_ins = CheckIns(store)
    for at in range(10):
        for standing in standings:
            check_ins.note(replace(TOUCH, agent_id=standing.id, last_seen=at))
    await check_ins.flush()
    async with store.read() as tx:
        assert [each.last_seen for each in await agents.everyone(tx)] == [9, 9, 9]


async def test_check_ins_that_could_not_be_written_are_kept_and_a_newer_one_wins(store: Store) -> None:
    (standing,) = await admitted(store, 1)
    gated = Gated(store)
    check_ins = CheckIns(gated)
    check_ins.note(replace(TOUCH, agent_id=standing.id, last_seen=1))
    flushing = asyncio.create_task(check_ins.flush())
    await gated.reached.wait()
    check_ins.note(replace(TOUCH, agent_id=standing.id, last_seen=2))
    gated.failure = OSError("away")
    gated.gate.set()
    assert isinstance((await asyncio.gather(flushing, return_exceptions=True))[0], WriteFailed)
    gated.failure = None
    await check_ins.flush()
    async with store.read() as tx:
        assert (await agents.everyone(tx))[0].last_seen == 2


async def test_many_check_ins_do_not_wait_for_the_next_turn(store: Store) -> None:
    (standing,) = await admitted(store, 1)
    check_ins = CheckIns(store)
    running = asyncio.create_task(check_ins.run())
    await asyncio.sleep(0)
    for number in range(FLUSH_AT):
        check_ins.note(replace(TOUCH, agent_id=standing.id + number))
    for _ in range(100):
        await asyncio.sleep(0.01)
        if not check_ins._waiting:
            break
    assert not check_ins._waiting
    check_ins.stop()
    await running
