"""Reachability through a real store: looks in, standings, moves, alerts and incidents out."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import update

from collector.pipeline.reaching import Reaching
from collector.services.estate_graph import graph
from collector.store import availability, reach, schema
from collector.store.engine import Store, insert
from collector.store.reach import Watch
from tests.collector.reach.estate import MINUTE, START, Drawn, Estate, below, shipped, tree

WIRES = tree(29)


async def watched(store: Store) -> Estate:
    made = Estate(store, 29, WIRES)
    await made.build()
    await made.minutes(2)
    return made


@pytest.fixture
async def estate(sqlite_store: Store) -> Estate:
    return await watched(sqlite_store)


@pytest.fixture
async def on_both(store: Store) -> Estate:
    return await watched(store)


async def test_what_answers_is_up_and_opens_nothing(estate: Estate) -> None:
    assert set((await estate.states()).values()) == {"up"}
    assert not await estate.rows(schema.incident)


async def test_a_switch_and_all_behind_it_are_one_incident_with_its_victims(estate: Estate) -> None:
    gone = below(WIRES, 5)
    await estate.minutes(3, gone)
    states = await estate.states()
    assert {ci_id for ci_id, state in states.items() if state == "unreachable"} == gone
    (incident,) = await estate.incidents()
    assert incident.ci_id == 5
    assert await estate.members(incident.id) == {ci_id: "cause" if ci_id == 5 else "victim" for ci_id in gone}
    suppressed = {
        row.ci_id: row.suppressed for row in await estate.rows(schema.alert, schema.alert.c.state == "firing")
    }
    assert suppressed.pop(5) == ""
    assert set(suppressed.values()) == {"parent_down"}


async def test_it_resolves_when_they_answer_again_and_the_log_has_it_all(on_both: Estate) -> None:
    gone = below(WIRES, 5)
    await on_both.minutes(3, gone)
    await on_both.minutes(2)
    assert not await on_both.incidents()
    assert len(await on_both.rows(schema.incident)) == 1
    async with on_both.store.read() as reader:
        course = [(each.state, each.behind) for each in await reach.moves(reader, max(gone), 10)]
        spent = await availability.of_cis(reader, [5, 6], START, on_both.now)
    assert course[0] == ("up", None)
    assert course[1] == ("unreachable", 5)
    assert (spent[5].unreachable, spent[6].unreachable, spent[6].share) == (MINUTE, 0, 1.0)


async def test_a_victim_that_stays_down_when_its_root_is_back_has_an_incident_of_its_own(estate: Estate) -> None:
    gone, leaf = below(WIRES, 5), max(below(WIRES, 5))
    await estate.minutes(3, gone)
    await estate.minutes(4, [leaf])
    (incident,) = await estate.incidents()
    assert incident.ci_id == leaf
    assert await estate.members(incident.id) == {leaf: "cause"}


async def test_two_roots_are_two_incidents_and_a_root_that_falls_later_takes_what_is_behind_it(estate: Estate) -> None:
    first, second = below(WIRES, 14), below(WIRES, 5)
    await estate.minutes(3, first)
    assert [each.ci_id for each in await estate.incidents()] == [14]
    await estate.minutes(4, first | second)
    assert [each.ci_id for each in await estate.incidents()] == [5], "14 hangs on 5"


async def test_a_probe_that_loses_what_nothing_explains_is_blind_and_nothing_else_opens(on_both: Estate) -> None:
    """Everything but the root of the tree at once: what stands next to the probe falls with the rest."""
    await on_both.minutes(4, range(2, 30))
    states = await on_both.states()
    assert {states[ci_id] for ci_id in range(2, 30)} == {"unknown"}
    (incident,) = await on_both.incidents()
    assert (incident.kind, incident.ci_id) == ("collector_blind", None)
    await on_both.minutes(2)
    assert not await on_both.incidents()


async def test_a_probe_that_says_nothing_makes_its_cis_unknown(estate: Estate) -> None:
    estate.now += 10 * MINUTE
    await estate.reaching.step()
    assert set((await estate.states()).values()) == {"unknown"}
    assert [each.kind for each in await estate.incidents()] == ["collector_blind"]


async def test_looking_again_at_what_did_not_move_writes_nothing(estate: Estate) -> None:
    before = await estate.rows(schema.reach)
    assert await estate.reaching.step() == 0
    assert await estate.rows(schema.reach) == before


@pytest.mark.parametrize("watch", ["waiting", "running", "done"])
async def test_a_probe_whose_watch_waits_for_another_sweep_of_it_is_not_called_silent(
    on_both: Estate, watch: str
) -> None:
    async with on_both.store.write() as tx:
        common = {"zone": "", "settings": "{}", "asked_by": "ada", "asked_at": START, "counts": "{}"}
        states = {1: {"state": "running", "agent_id": 1}, 2: {"state": watch, "agent_id": None}}
        rows = [{"id": number, "uid": f"s{number}", **common, **state} for number, state in states.items()]
        await tx.execute(insert(tx, schema.sweep), rows)
        await reach.put_watch(tx, Watch("", 2, START, ""))
    on_both.now += 10 * MINUTE
    await on_both.reaching.step()
    assert set((await on_both.states()).values()) == {"unknown"}
    assert bool(await on_both.incidents()) is (watch != "waiting")


async def test_a_collector_that_was_away_waits_for_the_first_looks_before_it_says_anything(estate: Estate) -> None:
    estate.now += 60 * MINUTE
    again = Reaching(estate.store, estate.rules, lambda: estate.now, Drawn(graph(WIRES, [1])))
    await again.step()
    assert set((await estate.states()).values()) == {"up"}
    estate.now += 6 * MINUTE
    await again.step()
    assert set((await estate.states()).values()) == {"unknown"}


async def test_what_nobody_watches_any_more_has_no_state_and_no_incident(estate: Estate) -> None:
    gone = below(WIRES, 5)
    await estate.minutes(3, gone)
    async with estate.store.write() as tx:
        await tx.execute(update(schema.ci).where(schema.ci.c.id.in_(gone)).values(state="retired"))
    await estate.minutes(1, gone)
    assert not gone & (await estate.states()).keys()
    assert not await estate.incidents()


async def test_a_switch_weighs_what_it_cuts_off_before_any_of_that_is_missed_and_is_told_once(store: Store) -> None:
    behind = range(3, 25)
    estate = Estate(store, 100, [(1, 2), *((2, each) for each in behind), *((1, each) for each in range(25, 101))])
    await estate.build()
    await estate.minutes(2)
    await estate.minutes(3, {2})
    (opened,) = await estate.incidents()
    assert (opened.ci_id, opened.impact, opened.priority) == (2, "room", "P2")
    assert json.loads(opened.reckoning)["cis"] == len(behind)
    await estate.minutes(4, {2, *behind})
    (incident,) = await estate.incidents()
    assert (incident.reckoning, incident.priority) == (opened.reckoning, opened.priority)
    assert "reckon" not in {each.act for each in await estate.rows(schema.incident_step, schema.incident_step.c.id > 0)}


async def test_of_two_ways_that_fail_one_after_the_other_one_weighs_what_both_cut_off(store: Store) -> None:
    behind = range(4, 26)
    ways = ((way, each) for way in (2, 3) for each in behind)
    estate = Estate(store, 100, [(1, 2), (1, 3), *ways, *((1, each) for each in range(26, 101))])
    await estate.build()
    await estate.minutes(2)
    await estate.minutes(3, {2})
    (incident,) = await estate.incidents()
    assert (incident.ci_id, incident.impact, incident.priority) == (2, "one", "P3")
    await estate.minutes(4, {2, 3, *behind})
    assert sorted(each.priority for each in await estate.incidents()) == ["P2", "P3"]


@pytest.mark.parametrize(("grace_ms", "held"), [(0, False), (10 * MINUTE, True)])
async def test_a_rule_says_how_long_its_cis_wait_for_their_parents(
    sqlite_store: Store, grace_ms: int, held: bool
) -> None:
    book = shipped().rulebook
    rules = {
        name: replace(each, rule=replace(each.rule, parent_grace_ms=grace_ms if "network" in each.rule.kinds else None))
        for name, each in book.rules.items()
    }
    estate = Estate(sqlite_store, 29, WIRES, rules=replace(shipped(), rulebook=replace(book, rules=rules)))
    await estate.build()
    await estate.minutes(2)
    leaf = max(below(WIRES, 5))
    for _ in range(4):
        estate.now += MINUTE
        await estate.look([leaf], [leaf])  # its parent is not asked again
        await estate.reaching.step()
    [row] = await estate.rows(schema.reach, schema.reach.c.ci_id == leaf)
    assert (row.state, row.held) == ("unreachable", held)
    assert bool(await estate.incidents()) is not held
