"""The agents' rows: admitted once, under two serials at most, touched many at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store import agents, schema
from collector.store.agents import Agent, NewAgent, Standing, Touch
from collector.store.engine import Store
from collector.store.failure import Unacceptable, writing

NEW = NewAgent("uid-1", b"key-1", "serial-1", 5000, 1000, b"token-id", "host-1", "192.0.2.1")
TOUCH = Touch(0, 9, "host-9", "0.2", "192.0.2.9", -5, 1, 2, 2**63 - 1, 4, ("packages", 'a"b\\c', "盘"))


async def admit(store: Store, *new: NewAgent) -> list[Standing]:
    async with store.write() as tx:
        return [await agents.create(tx, each) for each in new or [NEW]]


async def found(store: Store, uid: str = "uid-1") -> Agent:
    async with store.read() as tx:
        agent = await agents.by_uid(tx, uid)
    assert agent is not None
    return agent


async def revision(store: Store) -> str:
    async with store.read() as tx:
        return await agents.revision(tx)


async def test_an_admitted_agent_is_active_under_its_first_serial_and_is_a_source(store: Store) -> None:
    (standing,) = await admit(store)
    assert standing == Standing(standing.id, "uid-1", "active", "", b"key-1", "serial-1", None)
    agent = await found(store)
    assert (agent.hostname, agent.address, agent.token_id, agent.enrolled_at) == (
        "host-1",
        "192.0.2.1",
        b"token-id",
        1000,
    )
    assert (agent.certificate_until, agent.last_seen, agent.failing_sections) == (5000, 0, ())
    async with store.read() as tx:
        source = (await tx.execute(select(schema.source))).one()
        assert (source.code, source.kind, source.agent_id, source.applied_id) == (
            "agent/uid-1",
            "agent",
            standing.id,
            0,
        )
        assert await agents.by_instance_key(tx, b"key-1") == standing
        assert await agents.by_instance_key(tx, b"key-2") is None
        assert await agents.by_uid(tx, "uid-2") is None
        assert await agents.everyone(tx) == [agent]


async def test_one_instance_key_is_one_agent(store: Store) -> None:
    await admit(store)
    with pytest.raises(Unacceptable):
        async with writing(store) as tx:
            await agents.create(tx, replace(NEW, uid="uid-2", serial="serial-2"))


async def test_a_renewed_serial_waits_beside_the_present_one_until_it_is_used(store: Store) -> None:
    await admit(store)
    async with store.write() as tx:
        assert await agents.offer(tx, "uid-1", "serial-2", 9000)
    agent = await found(store)
    assert (agent.serial_current, agent.serial_next, agent.certificate_until) == ("serial-1", "serial-2", 9000)
    async with store.write() as tx:
        assert not await agents.promote(tx, "uid-1", "serial-9")
        assert await agents.promote(tx, "uid-1", "serial-2")
        assert not await agents.promote(tx, "uid-1", "serial-2")
    agent = await found(store)
    assert (agent.serial_current, agent.serial_next) == ("serial-2", None)


async def test_coming_back_is_counted(store: Store) -> None:
    await admit(store)
    async with store.write() as tx:
        for serial in ("serial-2", "serial-3"):
            assert await agents.readmit(tx, "uid-1", serial, 9000)
    agent = await found(store)
    assert (agent.join_counter, agent.serial_current, agent.serial_next) == (2, "serial-1", "serial-3")


async def test_states_carry_their_reason_and_an_unknown_agent_is_told_apart(store: Store) -> None:
    await admit(store)
    async with store.write() as tx:
        assert await agents.set_state(tx, "uid-1", agents.BANNED, "stolen")
        assert not await agents.set_state(tx, "uid-2", agents.BANNED, "stolen")
    assert ((await found(store)).state, (await found(store)).state_reason) == ("banned", "stolen")
    async with store.write() as tx:
        assert await agents.suspect(tx, "uid-1")
    assert ((await found(store)).state, (await found(store)).state_reason) == ("banned", "clone-suspect")


async def test_many_check_ins_are_written_at_once_and_every_kind_of_value_comes_back(store: Store) -> None:
    standings = await admit(store, *(replace(NEW, uid=f"u{n}", instance_key=bytes([n])) for n in range(50)))
    touches = [replace(TOUCH, agent_id=each.id, last_seen=9000 + each.id) for each in standings[1:]]
    async with store.write() as tx:
        await agents.touch(tx, [*touches, replace(TOUCH, agent_id=10_000)])
        await agents.touch(tx, [])
    untouched, *rest = [await found(store, f"u{n}") for n in range(50)]
    assert untouched.last_seen == 0
    for agent, touch in zip(rest, touches, strict=True):
        assert (agent.hostname, agent.version, agent.address) == ("host-9", "0.2", "192.0.2.9")
        assert agent.failing_sections == ("packages", 'a"b\\c', "盘")
        assert agent.last_seen == touch.last_seen
        assert (agent.clock_offset_ms, agent.spool_depth, agent.dropped_total) == (-5, 1, 2)
        assert (agent.rss_bytes, agent.cpu_ms, agent.serial_current) == (2**63 - 1, 4, "serial-1")


async def test_the_revision_moves_with_every_standing_and_with_nothing_else(store: Store) -> None:
    assert await revision(store) == ""
    (standing,) = await admit(store)
    seen = [await revision(store)]

    async def moves(tx: AsyncConnection) -> None:
        await agents.offer(tx, "uid-1", "serial-2", 1)

    for change in (
        moves,
        lambda tx: agents.promote(tx, "uid-1", "serial-2"),
        lambda tx: agents.set_state(tx, "uid-1", agents.BANNED, ""),
        lambda tx: agents.suspect(tx, "uid-1"),
        lambda tx: agents.readmit(tx, "uid-1", "serial-3", 1),
    ):
        async with store.write() as tx:
            await change(tx)
        seen.append(await revision(store))
    assert len(set(seen)) == 6
    async with store.write() as tx:
        await agents.touch(tx, [replace(TOUCH, agent_id=standing.id)])
        await agents.promote(tx, "uid-1", "serial-9")
        await agents.set_state(tx, "uid-9", agents.BANNED, "")
    assert await revision(store) == seen[-1]
