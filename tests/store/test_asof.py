"""What was believed when: a lane as of valid time and recorded time, rows that end in place included."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from collector.model import FOREVER, Path
from collector.store import asof, interning, lanes, schema
from collector.store.asof import Moment
from collector.store.engine import Store, insert
from collector.store.lanes import Authorising, Basis, FactStep, Ids, Origin

KERNEL = Path("os", "kernel")


@pytest.fixture
async def ground(store: Store) -> Store:
    """Nothing but a CI and a source; times are small numbers."""
    async with store.write() as tx:
        row = {"id": 1, "uid": "u", "ci_class": "server", "ci_type": "pc_server", "name": "a", "state": "active"}
        await tx.execute(insert(tx, schema.ci).values(row | {"created_at": 1}))
        await tx.execute(insert(tx, schema.source).values(id=1, code="agent/u", kind="agent"))
    return store


async def step(store: Store, value: str | None, at: int, recorded_at: int, was_held: bool = True) -> None:
    """Let the fact be `value` from `at` on, recorded at `recorded_at`."""
    async with store.write() as tx:
        ids = Ids(await interning.path_ids(tx, [KERNEL]), await interning.value_ids(tx, [value]))
        told = FactStep(KERNEL, value, 1, "rank", at, was_held)
        await lanes.write_facts(tx, [(Origin(1, 1, 1, recorded_at), [told])], ids)


async def believed(store: Store, valid_at: int, known_at: int) -> str | None:
    row = asof.held(schema.fact, schema.fact.c.ci_id == 1, Moment(valid_at, known_at))
    async with store.read() as reader:
        found = await reader.execute(select(schema.val.c.text).join(row, row.c.val_id == schema.val.c.id))
        return found.scalar_one_or_none()


async def test_until_news_is_recorded_the_old_value_is_what_was_believed(ground: Store) -> None:
    await step(ground, "a", at=10, recorded_at=12, was_held=False)
    await step(ground, "b", at=20, recorded_at=60)
    assert await believed(ground, 25, 61) == '"b"'
    assert await believed(ground, 25, 30) == '"a"', "that it had ended at 20 was recorded at 60 only"
    assert await believed(ground, 15, 61) == '"a"'
    assert await believed(ground, 15, 11) is None, "nothing had been recorded yet"
    assert await believed(ground, 9, 61) is None


async def test_what_went_is_believed_to_be_there_until_it_was_recorded_that_it_went(ground: Store) -> None:
    await step(ground, "a", at=10, recorded_at=12, was_held=False)
    await step(ground, None, at=20, recorded_at=60)
    assert await believed(ground, 25, 30) == '"a"'
    assert await believed(ground, 25, 60) is None
    await step(ground, "c", at=40, recorded_at=70, was_held=False)
    assert await believed(ground, 25, 80) is None
    assert await believed(ground, 45, 80) == '"c"'
    assert await believed(ground, 45, 65) is None


async def test_what_was_authorised_and_superseded_is_what_was_recorded_until_then(ground: Store) -> None:
    async with ground.write() as tx:
        paths = await interning.path_ids(tx, [KERNEL])
        ids = Ids(paths, await interning.value_ids(tx, ["a", "b"]))
        first = Authorising(Origin(1, 1, 1, 12), {KERNEL: "a"}, 10, Basis("arrival", ""))
        await lanes.write_authorised(tx, [first], ids)
        row = {"ci_id": 1, "path_id": paths[KERNEL], "vf": 20, "tf": 30, "tt": 50, "val_id": ids.value("b")}
        await tx.execute(insert(tx, schema.auth).values(row | {"basis": "change", "ref": "CHG-000001"}))
    for known_at, expected in ((40, '"b"'), (50, '"a"'), (25, '"a"')):
        row_ = asof.held(schema.auth, schema.auth.c.ci_id == 1, Moment(25, known_at))
        async with ground.read() as reader:
            found = await reader.execute(select(schema.val.c.text).join(row_, row_.c.val_id == schema.val.c.id))
            assert found.scalar_one() == expected


async def test_now_is_what_holds_and_is_recorded(ground: Store) -> None:
    await step(ground, "a", at=10, recorded_at=12, was_held=False)
    row = asof.held(schema.fact, schema.fact.c.ci_id == 1, None)
    async with ground.read() as reader:
        ((vt, tt),) = (await reader.execute(select(row.c.vt, row.c.tt))).all()
    assert (vt, tt) == (FOREVER, FOREVER)
