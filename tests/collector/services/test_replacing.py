"""Saying what an arrival replaces: the CI goes on with other hardware, as by a case of identity; it can be undone."""

from __future__ import annotations

from typing import Any

import pytest

from collector.services import timeline
from collector.services.cis import one
from collector.services.decisions import Decider
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.services.replacing import NotReplaced, Replacement, replace
from collector.store import doubts, schema
from collector.store.engine import Store
from tests.acts import act
from tests.collector.services.test_decisions import ADMIN, decider, dump, settle, unmerge
from tests.collector.services.test_registration import NAMELESS, NETWORK, UPS, register, sweep
from tests.collector.test_pipeline import World
from tests.collector.test_targets import PROBE, SWITCH, found

OTHER = SWITCH | {"name": "access-new", "serial": "2102353TESR0099", "engine_id": "800007db0300e0fc998877",
                  "base_mac": "00:e0:fc:99:88:77"}  # fmt: skip
AT = "192.0.2.9"


@pytest.fixture
async def world(store: Store) -> World:
    world = World(store)
    await world.enrol(PROBE)
    return world


async def said(
    world: World, new: Any, old: Any, roles: tuple[str, ...] = ADMIN, by: Decider | None = None
) -> list[Any]:
    """Say as `chen.yu` that `new` replaces `old`; return what was told."""
    world.now += 1
    async with world.store.write() as tx:
        doing = act(tx, "chen.yu", world.now)
        await replace(doing, by or decider(world), roles, Replacement(new.uid, old.uid, "the old one burnt out"))
    await settle(world)
    return doing.told


async def old_and_new(world: World) -> tuple[Any, Any]:
    """A registered switch with a record, and another one, proposed, that nothing ties to it."""
    old = await sweep(world, SWITCH)
    await register(world, ADMIN, old.uid)
    return old, await sweep(world, OTHER, AT)


async def live(world: World, kind: str) -> dict[str, int]:
    """Return value → the CI it names, of identifiers that name."""
    rows = await world.rows(schema.identifier, schema.identifier.c.kind == kind)
    return {row.value: row.ci_id for row in rows if row.state == "live"}


async def test_the_ci_goes_on_with_what_the_new_hardware_shows(world: World) -> None:
    old, new = await old_and_new(world)
    told = await said(world, new, old, NETWORK)
    assert sorted(each.action for each in told) == ["case.decide", "ci.merge"]
    (case,) = await world.rows(schema.duplicate_case)
    assert (case.kind, case.decision, case.decided_by, case.reason) == (
        "replacement", "replaces", "chen.yu", "the old one burnt out",
    )  # fmt: skip
    assert await live(world, "serial") == {"huawei|2102353TESR0099": new.id}, "the old serial names it no more"
    await world.say(PROBE, found(AT, OTHER | {"contact": "noc"}, world.now))
    (merged,) = await world.rows(schema.ci, schema.ci.c.id == new.id)
    assert merged.merged_into == old.id
    assert len([row for row in await world.rows(schema.ci) if row.merged_into is None]) == 1


async def test_its_time_line_tells_with_what_it_goes_on_until_that_is_taken_back(world: World) -> None:
    old, new = await old_and_new(world)
    await said(world, new, old)

    async def told() -> list[tuple[str, str, str]]:
        async with world.store.read() as reader:
            happened = await timeline.of_ci(reader, await one(reader, old.uid))
        return [(each.kind, each.title["en"], each.by) for each in happened if each.kind in ("merged", "replaced")]

    assert await told() == [("replaced", "access-new", "chen.yu")]
    await unmerge(world)
    assert await told() == []


async def test_other_hardware_in_its_place_is_held_against_changes(world: World) -> None:
    old = await sweep(world, SWITCH)
    await register(world, ADMIN, old.uid)
    new = await sweep(world, OTHER)
    await said(world, new, old)
    await world.say(PROBE, found("192.0.2.1", OTHER | {"contact": "noc"}, world.now))
    assert {row.ci_id for row in await world.rows(schema.finding)} == {old.id}, "no arrival is free that replaces"


async def test_it_is_taken_back_whole(world: World) -> None:
    old, new = await old_and_new(world)
    before = await dump(world)
    await said(world, new, old)
    await unmerge(world)
    assert await dump(world) == before


async def test_an_open_case_about_the_two_is_decided_by_it(world: World) -> None:
    old = await sweep(world, SWITCH)
    await register(world, ADMIN, old.uid)
    await world.say(PROBE, found(AT, OTHER | {"name": SWITCH["name"]}, world.now))
    (new,) = await world.rows(schema.ci, schema.ci.c.state == "proposed")
    (case,) = await world.rows(schema.duplicate_case)
    await said(world, new, old)
    (after,) = await world.rows(schema.duplicate_case)
    assert (after.id, after.state, after.decision) == (case.id, doubts.DECIDED, "replaces")


async def test_what_no_source_could_name_is_of_the_kind_of_what_it_replaces(world: World) -> None:
    old = await sweep(world, SWITCH)
    await register(world, ADMIN, old.uid)
    new = await sweep(world, NAMELESS, AT, interfaces=[])
    await said(world, new, old, NETWORK)
    (after,) = await world.rows(schema.ci, schema.ci.c.id == new.id)
    assert (after.merged_into, after.ci_type) == (old.id, "switch")


async def test_two_that_cannot_be_one_stay_two(world: World) -> None:
    old, new = await old_and_new(world)
    ups = await sweep(world, UPS, "192.0.2.2", interfaces=[])
    for pair, why in (((old, old), "itself"), ((old, new), "standing"), ((new, ups), "not_registered")):
        with pytest.raises(NotReplaced) as refused:
            await said(world, *pair)
        assert (refused.value.why, refused.value.field) == (why, "replaces")
    await register(world, ADMIN, ups.uid)
    with pytest.raises(NotReplaced) as refused:
        await said(world, new, ups)
    assert refused.value.why == "classes"
    assert await world.rows(schema.duplicate_case) == []
    with pytest.raises(NotFound):
        await said(world, new, type("Nobody", (), {"uid": "nobody"}))


async def test_what_is_in_doubt_is_decided_first_and_by_who_administers_it(world: World) -> None:
    old, new = await old_and_new(world)
    with pytest.raises(Refused, match="administers the class network"):
        await said(world, new, old, ("config_admin:server",))
    third = OTHER | {"serial": "2102353TESR0077", "engine_id": "800007db0300e0fc998866",
                     "base_mac": "00:e0:fc:99:88:66"}  # fmt: skip
    await world.say(PROBE, found("192.0.2.10", third, world.now))
    (case,) = await world.rows(schema.duplicate_case)
    with pytest.raises(NotReplaced) as refused:
        await said(world, new, old)
    assert refused.value.why == "doubt"
    assert [row.state for row in await world.rows(schema.duplicate_case)] == [case.state]
