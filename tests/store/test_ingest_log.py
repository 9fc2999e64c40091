"""The ingest log: each (agent, epoch, seq) once, in order, until the pipeline has passed it."""

from __future__ import annotations

import os

import pytest
from sqlalchemy import select, update

from collector.ingest import Logged
from collector.store import agents, ingest_log, schema
from collector.store.agents import NewAgent
from collector.store.engine import Store
from collector.store.failure import DiskFull, Unacceptable, WriteFailed, writing
from collector.store.ingest_log import MAX_SEQ, Row
from wire.observation import Drop

EPOCH = bytes(16)


async def admit(store: Store, *uids: str) -> list[int]:
    async with store.write() as tx:
        made = [await agents.create(tx, NewAgent(uid, uid.encode(), f"serial-{uid}", 2, 1)) for uid in uids]
    return [each.id for each in made]


def row(agent_id: int, seq: int, epoch: bytes = EPOCH, payload: bytes = b"what was seen") -> Row:
    return (agent_id, epoch, seq, 1000 + seq, payload)


async def append(store: Store, *rows: Row) -> None:
    async with store.write() as tx:
        await ingest_log.append(tx, rows)


async def pending(store: Store, limit: int = 100, after: int = 0) -> list[Logged]:
    async with store.read() as tx:
        return await ingest_log.pending(tx, limit, after)


async def apply_up_to(store: Store, agent_id: int, observation_id: int) -> None:
    async with store.write() as tx:
        source = schema.source
        await tx.execute(update(source).where(source.c.agent_id == agent_id).values(applied_id=observation_id))


async def test_the_same_triple_twice_is_one_row_and_the_first_stands(store: Store) -> None:
    (one,) = await admit(store, "one")
    await append(store, row(one, 1, payload=b"first"), row(one, 1, payload=b"second"))
    await append(store, row(one, 1, payload=b"third"), row(one, 2))
    assert [(each.seq, each.payload) for each in await pending(store)] == [(1, b"first"), (2, b"what was seen")]


async def test_agents_and_epochs_do_not_share_sequence_numbers(store: Store) -> None:
    one, two = await admit(store, "one", "two")
    await append(store, row(one, 7), row(two, 7), row(one, 7, epoch=b"\xff" * 16))
    found = await pending(store)
    assert [(each.agent_id, each.source, each.epoch) for each in found] == [
        (one, "agent/one", EPOCH),
        (two, "agent/two", EPOCH),
        (one, "agent/one", b"\xff" * 16),
    ]


@pytest.mark.parametrize("count", [0, 1, 198, 199, 200, 398, 1000])
async def test_any_number_of_rows_goes_in_whole_and_in_order(store: Store, count: int) -> None:
    (one,) = await admit(store, "one")
    payloads = [os.urandom(seq % 40) for seq in range(1, count + 1)]
    await append(store, *(row(one, seq, payload=payload) for seq, payload in enumerate(payloads, 1)))
    found = await pending(store, 2000)
    assert [each.seq for each in found] == list(range(1, count + 1))
    assert [each.payload for each in found] == payloads
    assert [each.id for each in found] == sorted(each.id for each in found)


async def test_pending_starts_where_each_source_was_left_and_keeps_to_the_limit(store: Store) -> None:
    one, two = await admit(store, "one", "two")
    await append(store, *(row(agent, seq) for seq in (1, 2, 3) for agent in (one, two)))
    everything = await pending(store)
    await apply_up_to(store, one, everything[2].id)
    assert [(each.agent_id, each.seq) for each in await pending(store)] == [(two, 1), (two, 2), (one, 3), (two, 3)]
    assert [(each.agent_id, each.seq) for each in await pending(store, 2)] == [(two, 1), (two, 2)]
    assert [(each.agent_id, each.seq) for each in await pending(store, 9, everything[3].id)] == [(one, 3), (two, 3)]
    for agent in (one, two):
        await apply_up_to(store, agent, everything[-1].id)
    assert await pending(store) == []


async def test_a_rejected_row_is_kept_with_its_first_reason(store: Store) -> None:
    (one,) = await admit(store, "one")
    await append(store, row(one, 1))
    (found,) = await pending(store)
    async with store.write() as tx:
        await ingest_log.reject(tx, found.id, "truncated", 5)
        await ingest_log.reject(tx, found.id, "again", 6)
    async with store.read() as tx:
        kept = (await tx.execute(select(schema.rejected_observation))).one()
        counts = await ingest_log.counts(tx)
    assert (kept.reason, kept.at) == ("truncated", 5)
    assert (counts.stored, counts.rejected) == (1, 1)


async def test_a_drop_told_twice_is_one_and_no_number_is_too_big(store: Store) -> None:
    (one,) = await admit(store, "one")
    logged = Logged(1, one, "agent/one", EPOCH, 1, 99, b"")
    drops = [Drop(1, 5, 5, "quota\0"), Drop(2**64 - 1, 2**64 - 1, 2**64 - 1, "age")]
    async with store.write() as tx:
        await ingest_log.record_drops(tx, logged, drops)
        await ingest_log.record_drops(tx, logged, [*drops, Drop(1, 6, 6, "quota")])
        await ingest_log.record_drops(tx, logged, [])
    async with store.read() as tx:
        kept = (await tx.execute(select(schema.drop_record).order_by("first_seq", "last_seq"))).all()
    assert [(each.first_seq, each.last_seq, each.count, each.reason) for each in kept] == [
        (1, 5, 5, "quota\ufffd"), (1, 6, 6, "quota"), (MAX_SEQ, MAX_SEQ, MAX_SEQ, "age"),
    ]  # fmt: skip


async def test_counts_tell_what_waits_and_since_when(store: Store) -> None:
    one, two = await admit(store, "one", "two")
    async with store.read() as tx:
        assert await ingest_log.counts(tx) == ingest_log.Counts(0, 0, 0, None)
    await append(store, row(one, 1), row(one, 2), row(two, 3))
    await apply_up_to(store, one, (await pending(store))[0].id)
    async with store.read() as tx:
        assert await ingest_log.counts(tx) == ingest_log.Counts(3, 2, 0, 1002)


async def test_rows_of_an_agent_that_is_not_there_are_unacceptable_and_nothing_of_them_stays(store: Store) -> None:
    (one,) = await admit(store, "one")
    with pytest.raises(Unacceptable):
        async with writing(store) as tx:
            await ingest_log.append(tx, [row(one, 1), row(one + 1000, 1)])
    assert await pending(store) == []


async def test_a_database_that_is_away_is_a_failed_write(store: Store) -> None:
    await store.close()
    assert issubclass(DiskFull, WriteFailed)
    broken = Store(str(store.url), _away(), _away())
    with pytest.raises(WriteFailed):
        async with writing(broken) as tx:
            await ingest_log.append(tx, [row(1, 1)])


def _away() -> object:
    from sqlalchemy.ext.asyncio import create_async_engine

    return create_async_engine("postgresql+asyncpg://nobody@127.0.0.1:1/none")
