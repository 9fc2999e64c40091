"""How CIs stood when: what they were called, what they were, whether they were in use, as it was known by a moment."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from collector.model import CiState, Subject
from collector.store import cis, merges, schema
from collector.store.asof import Moment
from collector.store.browse import cis as browse
from collector.store.browse.cis import CiQuery, CiRow
from collector.store.browse.page import Window
from collector.store.cis import When
from collector.store.engine import Store
from tests.store.test_migrate_campaigns import migrated

FIRST = Subject("host", "server", "pc_server", "old-name", frozenset(), {})
CREATED = 100


@pytest.fixture
async def ground(store: Store) -> Store:
    """One CI that was seen first at 50, which was recorded at 100."""
    async with store.write() as tx:
        await cis.create(tx, FIRST, CiState.PROPOSED, "", When(50, CREATED))
    return store


async def seen(store: Store, valid_at: int, known_at: int = 10_000, **asked: Any) -> list[CiRow]:
    async with store.read() as reader:
        query = replace(CiQuery(moment=Moment(valid_at, known_at)), **asked)
        return list((await browse.list_cis(reader, query, Window(50))).items)


async def one(store: Store, valid_at: int, known_at: int = 10_000) -> CiRow:
    (row,) = await seen(store, valid_at, known_at)
    return row


async def called(store: Store, name: str, at: int, recorded_at: int) -> None:
    async with store.write() as tx:
        await cis.describe(tx, 1, replace(FIRST, name=name), When(at, recorded_at))


async def test_a_ci_is_called_as_it_was_called_then(ground: Store) -> None:
    await called(ground, "new-name", 200, 200)
    assert [(await one(ground, at)).name for at in (150, 199, 200, 300)] == ["old-name"] * 2 + ["new-name"] * 2


async def test_a_name_that_is_told_late_holds_from_when_it_was_seen_and_is_not_known_before_it_came(
    ground: Store,
) -> None:
    await called(ground, "new-name", 200, 500)
    assert (await one(ground, 300)).name == "new-name"
    assert (await one(ground, 300, known_at=499)).name == "old-name"


async def test_what_is_told_late_moves_nothing_that_was_said_since(ground: Store) -> None:
    async with ground.write() as tx:
        await cis.set_state(tx, [1], CiState.RETIRED, When.said(400))
    await called(ground, "new-name", 200, 500)
    assert [((row := await one(ground, at)).name, row.state) for at in (300, 450)] == [
        ("old-name", "proposed"), ("new-name", "retired"),
    ]  # fmt: skip


async def test_it_is_there_from_when_it_was_seen_first_and_known_from_when_that_was_recorded(ground: Store) -> None:
    assert (await one(ground, 60)).name == "old-name"
    assert await seen(ground, 60, known_at=CREATED - 1) == []
    assert await seen(ground, 49) == []


async def test_a_list_is_chosen_by_class_and_state_of_then(ground: Store) -> None:
    async with ground.write() as tx:
        await cis.admit(tx, [1], "somebody", When.said(200))
        await cis.set_state(tx, [1], CiState.RETIRED, When.said(400))
        await cis.classify(tx, 1, "storage", "disk_array", When.said(500))
    assert [row.state for at in (150, 300, 450) for row in await seen(ground, at)] == ["proposed", "active", "retired"]
    assert len(await seen(ground, 300, states=("active",))) == 1
    assert await seen(ground, 450, states=("active",)) == []
    assert len(await seen(ground, 450, classes=("server",))) == 1
    assert await seen(ground, 550, classes=("server",)) == []


async def test_a_search_finds_it_by_its_name_and_label_of_then(ground: Store) -> None:
    async with ground.write() as tx:
        await cis.call(tx, {1: {"label": "L-1", "name": "new-name"}}, When.said(200))
    assert [len(await seen(ground, 150, q=q)) for q in ("old-name", "new-name", "L-1")] == [1, 0, 0]
    assert [len(await seen(ground, 250, q=q)) for q in ("old-name", "new-name", "L-1")] == [0, 1, 1]


async def test_what_was_merged_since_stands_by_itself_as_it_was_known_before(ground: Store) -> None:
    async with ground.write() as tx:
        other = await cis.create(tx, replace(FIRST, name="twin"), CiState.ACTIVE, "", When(50, CREATED))
        await merges.point(tx, other, 1, merges.Why("li", 300, None))
    assert {row.name for row in await seen(ground, 250, known_at=299)} == {"old-name", "twin"}
    assert {row.name for row in await seen(ground, 350)} == {"old-name"}


async def test_saying_again_what_stands_writes_nothing(ground: Store) -> None:
    async with ground.write() as tx:
        await cis.describe(tx, 1, FIRST, When.said(200))
        await cis.call(tx, {1: {"environment": "production"}}, When.said(200))
        await cis.set_state(tx, [1], CiState.PROPOSED, When.said(200))
        assert len((await tx.execute(schema.ci_head.select())).all()) == 1


async def test_what_moves_twice_in_one_millisecond_is_as_it_stood_last(ground: Store) -> None:
    await called(ground, "between", 200, 200)
    await called(ground, "new-name", 200, 200)
    assert (await one(ground, 200)).name == "new-name"


async def test_one_ci_stands_as_it_stood_and_as_now_where_nobody_knew_of_it(ground: Store) -> None:
    await called(ground, "new-name", 200, 200)
    async with ground.read() as reader:
        uid = (await reader.execute(schema.ci.select())).one().uid
        stood = [await browse.one(reader, uid, moment) for moment in (Moment(150, 150), Moment(9, 9), None)]
    assert [row and row.name for row in stood] == ["old-name", "new-name", "new-name"]


async def test_random_tellings_are_held_as_a_list_of_them_says(ground: Store) -> None:
    dice = random.Random(5)
    told = [(50, CREATED, "old-name")]
    for recorded_at in range(110, 400, 7):
        at, name = recorded_at - dice.choice((0, 0, 3, 60)), f"n{dice.randrange(6)}"
        if name != told[-1][2]:
            await called(ground, name, at, recorded_at)
            told.append((max(at, told[-1][0]), recorded_at, name))
    for _ in range(300):
        moment = Moment(dice.randrange(60, 420), dice.randrange(CREATED, 420))
        known = [each for each in told if each[0] <= moment.valid_at and each[1] <= moment.known_at]
        assert (await one(ground, moment.valid_at, moment.known_at)).name == max(known)[2]


BEFORE = (
    "INSERT INTO ci (id, uid, ci_class, ci_type, name, state, created_at, label)"
    " VALUES (1, 'u', 'server', 'pc_server', 'n', 'retired', 70, 'L-1')",
)


async def test_cis_of_before_count_as_having_stood_so_since_they_were_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await migrated(tmp_path, "0041", BEFORE, monkeypatch)
    async with store.read() as reader:
        (row,) = (await reader.execute(schema.ci_head.select())).all()
        assert tuple(row) == (1, 70, 70, "server", "pc_server", "n", "retired", "production", "L-1")
    await store.close()
