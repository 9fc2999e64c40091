"""Samples are kept a slot, told with how fresh they are, and go as they age; on both engines."""

from __future__ import annotations

import json

from sqlalchemy import select

from collector.samples import WATCHED, Sample, Told
from collector.store import samples, schema
from collector.store.engine import Store, insert
from tests.store.ground import with_cis

HOUR = 3_600_000
SPANS = {"health": {"value": HOUR}}


def sample(at: int, value: object, element: str = "a|", slot: int | None = None) -> Sample:
    return Sample("health", element, "value", at, value, at if slot is None else slot)  # type: ignore[arg-type]


async def grown(store: Store, *taken: Sample, ci_id: int = 1, source_id: int = 1) -> None:
    async with store.write() as tx:
        await samples.keep(tx, [((ci_id, source_id), each) for each in taken])


async def ground(store: Store, sources: int = 1) -> None:
    await with_cis(store, 2)
    async with store.write() as tx:
        rows = [
            {"id": each, "code": f"s{each}", "kind": "agent", "confirmed_at": 900} for each in range(1, sources + 1)
        ]
        await tx.execute(insert(tx, schema.source), rows)


async def told(store: Store, *ci_ids: int) -> dict[int, list[Told]]:
    async with store.read() as connection:
        return await samples.of_cis(connection, ci_ids, ["health"])


async def values(store: Store) -> list[object]:
    async with store.read() as connection:
        query = select(schema.sample.c.value).order_by(schema.sample.c.series_id, schema.sample.c.at)
        return [json.loads(row.value) for row in await connection.execute(query)]


async def pruned(store: Store, now: int, spans: object = SPANS, portion: int = 10) -> int:
    async with store.write() as tx:
        return await samples.prune(tx, 0, portion, spans, now)  # type: ignore[arg-type]


async def test_samples_come_back_in_their_order_of_their_ci(store: Store) -> None:
    await ground(store)
    await grown(store, sample(20, "名 'x'"), sample(10, 1.5), sample(30, True))
    await grown(store, sample(10, 7), ci_id=2)
    found = await told(store, 1, 2)
    assert [each.points for each in found[1]] == [[(10, 1.5), (20, "名 'x'"), (30, True)]]
    assert [each.points for each in found[2]] == [[(10, 7)]]


async def test_of_one_slot_the_youngest_stays(store: Store) -> None:
    await ground(store)
    await grown(store, sample(10, 1, slot=3), sample(20, 2, slot=3))
    await grown(store, sample(15, 3, slot=3))
    assert (await told(store, 1))[1][0].points == [(20, 2)]


async def test_a_section_is_as_fresh_as_its_own_source_confirmed_it(store: Store) -> None:
    await ground(store, sources=2)
    await grown(store, sample(10, 1))
    await grown(store, sample(10, 1), source_id=2)
    async with store.write() as tx:
        row = {"ci_id": 1, "name": "health", "status": 1, "last_try": 0, "revision": 1, "hash": b""}
        rows = [row | {"source_id": 1, "last_ok": 500}, row | {"source_id": 2, "last_ok": 600}]
        await tx.execute(insert(tx, schema.section), rows)
        bound = {"source_id": 1, "role": "host", "ci_id": 1, "matched_by": "", "since": 0}
        await tx.execute(insert(tx, schema.subject_ci), [bound])
    assert sorted(each.fresh for each in (await told(store, 1))[1]) == [600, 900]


async def test_what_is_older_than_the_window_goes_but_for_what_held_when_it_began(store: Store) -> None:
    await ground(store)
    await grown(store, *(sample(at, at) for at in (1, 2, HOUR, HOUR + 5)))
    await pruned(store, HOUR + 3)
    assert await values(store) == [2, HOUR, HOUR + 5]
    await pruned(store, 9 * HOUR)
    assert await values(store) == [HOUR + 5]


async def test_what_no_rule_looks_back_on_any_more_goes_whole(store: Store) -> None:
    await ground(store)
    await grown(store, sample(1, 1), sample(1, 1, element="b|"))
    await pruned(store, 2, {"ups": {"value": HOUR}})
    async with store.read() as connection:
        assert await samples.count(connection) == {"series": 0, "sample": 0}


async def test_what_has_not_been_there_for_a_whole_window_is_forgotten(store: Store) -> None:
    await ground(store)
    await grown(store, sample(1, 1), sample(2, None))
    await pruned(store, HOUR)
    assert await values(store) == [1, None]
    await pruned(store, 2 * HOUR)
    assert await told(store, 1) == {}


async def test_series_are_looked_at_some_at_a_time(store: Store) -> None:
    await ground(store)
    await grown(store, *(sample(at, at, element=name) for name in "abc" for at in (1, 2)))
    after = await pruned(store, 9 * HOUR, portion=2)
    assert after > 0
    assert await values(store) == [2, 2, 1, 2]
    async with store.write() as tx:
        assert await samples.prune(tx, after, 2, SPANS, 9 * HOUR) == 0
    assert await values(store) == [2, 2, 2]


async def test_what_is_known_already_is_watched_from_now_on_and_once(store: Store) -> None:
    await ground(store)
    async with store.write() as tx:
        row = {"source_id": 1, "name": "health", "status": 1, "last_try": 0, "revision": 1, "hash": b""}
        await tx.execute(
            insert(tx, schema.section), [row | {"ci_id": 1, "last_ok": 5}, row | {"ci_id": 2, "last_ok": 0}]
        )
    for now in (100, 200):
        async with store.write() as tx:
            await samples.watch(tx, SPANS, now)
    found = await told(store, 1, 2)
    assert [(each.line, each.points) for each in found[1]] == [(("health", WATCHED, "value"), [(100, True)])]
    assert 2 not in found
