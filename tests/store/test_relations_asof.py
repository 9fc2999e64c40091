"""What relations were held to be when: random tellings, late ones among them, against a list of everything told."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select

from collector.model import FOREVER
from collector.record import HAND
from collector.store import asof, cis, relations, schema
from collector.store.asof import Moment
from collector.store.engine import Store, insert
from tests.store.ground import with_cis
from tests.store.test_migrate_campaigns import migrated

AGENT, PERSON = 1, 2
RUNS, POWERED = "runs_on", "powered_by"
MOMENTS = 300

Key = tuple[int, str, int, int]
"""a, kind, b, and the source that says so."""


@dataclass
class Told:
    """Everything told of relations, in order: when it was recorded, of what, since when, and whether it then holds."""

    rows: list[tuple[int, Key, int, bool]] = field(default_factory=list)

    def held(self, moment: Moment) -> set[Key]:
        """Return what was held to be so, by reading the list up to the moment's recorded time."""
        spans: dict[Key, list[list[int]]] = defaultdict(list)
        for recorded_at, key, at, holds in self.rows:
            if recorded_at > moment.known_at:
                break
            if holds:
                spans[key].append([at, FOREVER])
            else:
                spans[key][-1][1] = at
        return {key for key, its in spans.items() if any(vf <= moment.valid_at < vt for vf, vt in its)}

    def open(self, source_id: int) -> set[Key]:
        return {key for key in self.held(Moment(FOREVER - 1, FOREVER)) if key[3] == source_id}


async def with_sources(store: Store) -> Store:
    await with_cis(store, 4)
    async with store.write() as tx:
        rows = [{"id": AGENT, "code": "agent/u", "kind": "agent"}, {"id": PERSON, "code": f"{HAND}/li", "kind": HAND}]
        await tx.execute(insert(tx, schema.source), rows)
    return store


async def live(store: Store, dice: random.Random) -> Told:
    """Let an agent tell late, by its own clock, and a person at once; return what was told."""
    told, now, said_at = Told(), 100, 0
    for _ in range(60):
        now += dice.choice((0, 1, 7))
        if dice.random() < 0.5:
            said_at = max(said_at + 1, now - dice.choice((0, 5, 40)))
            now = max(now, said_at)
            await _agent(store, dice, told, (said_at, now))
        else:
            await _person(store, dice, told, now)
    return told


async def _agent(store: Store, dice: random.Random, told: Told, when: tuple[int, int]) -> None:
    (at, now), its = when, told.open(AGENT)
    async with store.write() as tx:
        if dice.random() < 0.6:
            a, b = dice.sample(range(1, 5), 2)
            await cis.relate(tx, [(a, RUNS, b)], AGENT, at, now)
            if (key := (a, RUNS, b, AGENT)) not in its:
                told.rows.append((now, key, at, True))
        else:
            gone = dice.randint(1, 4)
            await cis.unrelate(tx, [gone], AGENT, at, now)
            told.rows += [(now, key, at, False) for key in sorted(its) if gone in (key[0], key[2])]


async def _person(store: Store, dice: random.Random, told: Told, now: int) -> None:
    a, b = dice.sample(range(1, 5), 2)
    key, its = (a, POWERED, b, PERSON), told.open(PERSON)
    async with store.write() as tx:
        if key not in its:
            await relations.begin(tx, [key], now)
        elif dice.random() < 0.5:
            await relations.end(tx, [key], now)
        else:
            await relations.end_said(tx, [key[:3]], now)
    told.rows.append((now, key, now, key not in its))


@pytest.mark.parametrize("seed", range(3))
async def test_what_was_held_at_any_moment_is_what_had_been_told_by_then(store: Store, seed: int) -> None:
    dice = random.Random(seed)
    told = await live(await with_sources(store), dice)
    end, its, different = told.rows[-1][0] + 2, schema.relation.c, 0
    async with store.read() as reader:
        for _ in range(MOMENTS):
            moment = Moment(dice.randint(60, end), dice.randint(98, end))
            which = select(its.a, its.kind, its.b, its.source_id).where(asof.related(moment))
            rows = [tuple(row) for row in await reader.execute(which)]
            assert sorted(rows) == sorted(told.held(moment)), f"{moment}"
            different += told.held(moment) != told.held(Moment(moment.valid_at, end))
        now = await reader.execute(select(its.a, its.kind, its.b, its.source_id).where(asof.related(None)))
        assert {tuple(row) for row in now} == told.open(AGENT) | told.open(PERSON)
    assert different > MOMENTS // 20, "a recorded time that changes no answer shows nothing"


async def test_what_is_taken_back_and_said_again_in_one_millisecond_holds(store: Store) -> None:
    row = (1, POWERED, 2, PERSON)
    await with_sources(store)
    async with store.write() as tx:
        await relations.begin(tx, [row], 10)
        await relations.end(tx, [row], 10)
        await relations.begin(tx, [row], 10)
        assert list(await relations.held(tx, [row[:3]])) == [row[:3]]


BEFORE = (
    "INSERT INTO ci (id, uid, ci_class, ci_type, name, state, created_at)"
    " VALUES (1, 'u', 'server', 'pc_server', 'n', 'active', 0), (2, 'v', 'server', 'pc_server', 'm', 'active', 0)",
    "INSERT INTO source (id, code, kind) VALUES (1, 'agent/u', 'agent')",
    "INSERT INTO relation (a, kind, b, source_id, vf, vt, lo) VALUES (1, 'contains', 2, 1, 10, 20, 10)",
    "INSERT INTO relation (a, kind, b, source_id, vf, lo) VALUES (1, 'contains', 2, 1, 30, 30)",
)


async def test_relations_of_before_count_as_recorded_when_they_began_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await migrated(tmp_path, "0038", BEFORE, monkeypatch)
    its = schema.relation.c
    async with store.read() as reader:
        rows = await reader.execute(select(its.vf, its.vt, its.tf, its.gone_tf).order_by(its.vf))
        assert [tuple(row) for row in rows] == [(10, 20, 10, 20), (30, FOREVER, 30, None)]
    await store.close()
