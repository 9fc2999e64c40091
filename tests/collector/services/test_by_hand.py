"""A CI entered by hand: a source like any other, never a second CI for what is known, and registered with it."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from collector.pipeline import entering, judging, listing, tying
from collector.services.by_hand import ByHand, Entered, NotEntered
from collector.services.imports import Importer
from collector.services.records import Recorder
from collector.services.registration import Registrar
from collector.store import schema
from collector.store.engine import Store
from tests.acts import act
from tests.collector.services.imports.test_taking import facts
from tests.collector.services.test_registration import ADMIN, NETWORK, UPS, register, sweep
from tests.collector.test_pipeline import World
from tests.collector.test_targets import PROBE, SWITCH, found

RACK = {"type": "rack", "name": "机柜 A07", "label": "LB-0700", "asset_number": "GD-2024-0011", "owner": "李伟",
        "place": "A07", "environment": "production"}  # fmt: skip
LISTED = {"type": "switch", "name": "core-01", "vendor": "Huawei", "serial": SWITCH["serial"], "model": "as typed",
          "owner": "李伟"}  # fmt: skip


@pytest.fixture
async def world(store: Store) -> World:
    made = World(store)
    await made.enrol(PROBE)
    return made


async def enter(
    world: World, said: dict[str, str], roles: tuple[str, ...] = ADMIN, by: str = "ada"
) -> tuple[Entered, list[Any]]:
    """Enter a CI a minute later; return what came of it and what was told."""
    world.now += 60_000
    policies = world.runner.policies
    recorder = Recorder(partial(entering.enter, policies=policies))
    tied = partial(tying.say, policies=policies)
    importer = Importer(policies.columns, partial(listing.settle, policies=policies), recorder.enter, tied)
    registrar = Registrar(policies.governance, partial(judging.judge_whole, policies=policies), recorder)
    async with world.store.write() as tx:
        doing = act(tx, by, world.now)
        return await ByHand(importer, registrar, policies.identity).enter(doing, roles, said), doing.told


async def refused(world: World, said: dict[str, str], roles: tuple[str, ...] = ADMIN) -> tuple[str, str]:
    with pytest.raises(NotEntered) as error:
        await enter(world, said, roles)
    return error.value.why, error.value.field


async def cis(world: World) -> dict[str, Any]:
    return {row.uid: row for row in await world.rows(schema.ci)}


async def test_what_nothing_discovers_is_entered_and_counts_at_once(world: World) -> None:
    entered, told = await enter(world, RACK)
    assert (entered.outcome, entered.left) == ("made", "")
    ci = (await cis(world))[entered.ci]
    assert (ci.state, ci.arrival, ci.ci_class, ci.ci_type, ci.name, ci.label) == (
        "active", "registered by ada", "environment", "rack", "机柜 A07", "LB-0700",
    )  # fmt: skip
    said = {name: value for name, value in RACK.items() if name != "type"}
    assert await facts(world, ci.id) == {f"record.{name}": value for name, value in said.items()}
    assert {row.code for row in await world.rows(schema.source) if row.kind == "hand"} == {"hand/ada"}
    assert {row.basis for row in await world.rows(schema.auth)} == {"arrival"}
    assert [each.action for each in told] == ["ci.register", "ci.enter"]
    assert json.loads(told[1].details)["after"]["owner"] == "李伟"


@pytest.mark.parametrize("left_out", [(), ("label",), ("asset_number",)])
async def test_entered_again_it_is_the_same_one_and_nothing_moves(world: World, left_out: tuple[str, ...]) -> None:
    first, _ = await enter(world, RACK)
    before = [await world.rows(table) for table in (schema.fact, schema.claim, schema.auth, schema.identifier)]
    again, told = await enter(world, {name: value for name, value in RACK.items() if name not in left_out})
    assert (again, told) == (Entered(first.ci, "same"), [])
    assert [await world.rows(table) for table in (schema.fact, schema.claim, schema.auth)] == before[:3]
    assert await world.rows(schema.finding) == []


async def test_what_discovery_sees_later_is_the_same_ci_and_no_drift(world: World) -> None:
    entered, _ = await enter(world, LISTED)
    await world.say(PROBE, found("192.0.2.1", SWITCH, world.now))
    (ci,) = [row for row in (await cis(world)).values() if row.ci_type == "switch"]
    assert (ci.uid, ci.state, ci.name) == (entered.ci, "active", "core-01")
    assert (await facts(world, ci.id))["device.model"] == SWITCH["model"], "what is observed goes before"
    assert await world.rows(schema.finding) == []
    again, _ = await enter(world, LISTED)
    assert again == Entered(ci.uid, "same"), "what loses to what is observed moves nothing"
    await world.say(PROBE, found("192.0.2.1", SWITCH | {"version": "5.171"}, world.now))
    assert [row.ci_id for row in await world.rows(schema.finding)] == [ci.id], "what moves from then on is held to it"


async def test_what_a_sweep_found_is_registered_by_entering_it(world: World) -> None:
    ci = await sweep(world, SWITCH)
    entered, told = await enter(world, LISTED | {"label": "LB-1"}, NETWORK)
    assert entered == Entered(ci.uid, "changed")
    (after,) = await world.rows(schema.ci)
    assert (after.state, after.label) == ("active", "LB-1")
    assert [each.action for each in told] == ["ci.register", "ci.enter"]


async def test_the_record_of_a_registered_ci_is_not_written_in_passing(world: World) -> None:
    ci = await sweep(world, SWITCH)
    await register(world, ADMIN, ci.uid)
    assert await refused(world, LISTED) == ("known", "serial")
    assert "record.owner" not in await facts(world, ci.id)
    with pytest.raises(NotEntered) as error:
        await enter(world, LISTED)
    assert error.value.ci == ci.uid, "it is told which one it is"


async def test_a_doubt_about_it_leaves_it_proposed(world: World) -> None:
    await sweep(world, UPS, interfaces=[])
    said = {"type": "ups", "name": "UPS 1", "label": "LB-1", "hostname": UPS["name"]}
    entered, _ = await enter(world, said)
    assert (entered.outcome, entered.left) == ("made", "doubt")
    assert (await cis(world))[entered.ci].state == "proposed"
    (case,) = await world.rows(schema.duplicate_case)
    assert case.state == "open"


async def test_a_serial_that_differs_under_a_known_label_touches_nothing(world: World) -> None:
    await enter(world, LISTED | {"label": "LB-1"})
    before = await world.rows(schema.identifier)
    assert (await refused(world, LISTED | {"label": "LB-1", "serial": "2102353TESR0099"}))[0] == "doubt"
    assert await world.rows(schema.identifier) == before


@pytest.mark.parametrize(("said", "why"), [
    ({"type": ""}, ("missing", "type")), ({"name": " "}, ("missing", "name")),
    ({"type": "spaceship"}, ("kind", "type")), ({"class": "network"}, ("kind", "type")),
    ({"label": "", "asset_number": ""}, ("unnamed", "serial")), ({"serial": "AB12345"}, ("missing", "vendor")),
    ({"vendor": "Dell", "serial": "To be filled by O.E.M."}, ("malformed", "serial")),
    ({"mac": "zz"}, ("malformed", "mac")), ({"address": "1.2.3"}, ("malformed", "address")),
    ({"king": "x"}, ("unknown", "king")), ({"id": "x"}, ("unknown", "id")),
    ({"environment": "moon"}, ("choice", "environment")), ({"owner": "x" * 101}, ("long", "owner")),
    ({"owner": "a\x07b"}, ("line", "owner")),
])  # fmt: skip
async def test_what_cannot_be_entered_says_why_beside_its_field(
    world: World, said: dict[str, str], why: tuple[str, str]
) -> None:
    assert await refused(world, RACK | said) == why
    assert await cis(world) == {}


async def test_each_administrator_enters_the_classes_of_the_role(world: World) -> None:
    assert await refused(world, RACK, NETWORK) == ("class", "type")
    assert await cis(world) == {}
    entered, _ = await enter(world, {"type": "finance", "name": "总账", "label": "LB-9"})
    assert (await cis(world))[entered.ci].ci_class == "application", "what runs nowhere we look is one, too"


async def test_an_asset_number_of_several_names_none_of_them(world: World) -> None:
    for number in (1, 2):
        await enter(world, {"type": "monitor", "name": f"M{number}", "label": f"LB-{number}"})
    for uid in await cis(world):
        recorder = Recorder(partial(entering.enter, policies=world.runner.policies))
        async with world.store.write() as tx:
            await recorder.write(act(tx, "ada", world.now + 1), ADMIN, uid, {"asset_number": "SET-1"})
    assert await refused(world, {"type": "monitor", "name": "M3", "asset_number": "SET-1"}) == (
        "ambiguous", "asset_number",
    )  # fmt: skip
