"""Registering: a proposed CI becomes one that counts, with what it shows authorised and its rules judged at once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest

from collector.pipeline import entering, judging
from collector.record import BadValue
from collector.services import timeline
from collector.services.cis import one
from collector.services.missing import NotFound
from collector.services.records import Recorder, standing
from collector.services.refused import Refused
from collector.services.registration import MOST, Named, NotRegistered, Registrar
from collector.store import schema
from collector.store.engine import Store
from tests.acts import act
from tests.collector.test_pipeline import World
from tests.collector.test_targets import PROBE, SWITCH, found

ADMIN, NETWORK = ("config_admin:*",), ("viewer", "config_admin:network")
UPS = {"class": "environment", "type": "ups", "vendor": "APC", "model": "Smart-UPS", "serial": "AS1512000001",
       "name": "ups-01"}  # fmt: skip
NAMELESS = {"class": "unknown", "type": "unknown", "vendor": "Acme", "name": "thing-01", "serial": "T7XK9Q0041"}


NOTHING: Mapping[str, str] = {}


@pytest.fixture
async def world(store: Store) -> World:
    world = World(store)
    await world.enrol(PROBE)
    return world


async def sweep(world: World, device: dict[str, Any], address: str = "192.0.2.1", **bodies: Any) -> Any:
    """Let a probe find a device; return its CI's row."""
    await world.say(PROBE, found(address, device, world.now, **bodies))
    (ci,) = await world.rows(schema.ci, schema.ci.c.name == device["name"])
    return ci


async def register(
    world: World, roles: tuple[str, ...], *uids: str, named: Named | None = None, said: Mapping[str, str] = NOTHING
) -> Any:
    """Register as `chen.yu`; return what was left and what was told."""
    policies = world.runner.policies
    recorder = Recorder(partial(entering.enter, policies=policies))
    registrar = Registrar(policies.governance, partial(judging.judge_whole, policies=policies), recorder)
    async with world.store.write() as tx:
        doing = act(tx, "chen.yu", world.now)
        if named is not None:
            await registrar.register_one(doing, roles, uids[0], named, said)
            return (), doing.told
        return await registrar.register(doing, roles, uids, said), doing.told


async def authorised(world: World, ci: Any) -> dict[str, str]:
    """Return key → JSON of what is authorised of the section `device`."""
    joined = schema.auth.join(schema.path).join(schema.val)
    wanted = joined.select().where(schema.auth.c.ci_id == ci.id, schema.path.c.section == "device")
    async with world.store.read() as reader:
        return {row.key: row.text for row in await reader.execute(wanted)}


async def test_what_it_shows_is_authorised_on_the_basis_of_its_arrival(world: World) -> None:
    ci = await sweep(world, SWITCH)
    assert await authorised(world, ci) == {}
    left, told = await register(world, ADMIN, ci.uid)
    (after,) = await world.rows(schema.ci, schema.ci.c.id == ci.id)
    assert (left, after.state, after.arrival) == ((), "active", "registered by chen.yu")
    held = await authorised(world, ci)
    assert held["version"] == '"5.170"'
    assert {"definition", "description"}.isdisjoint(held), "what is only information is held against nothing"
    assert {(row.basis, row.ref) for row in await world.rows(schema.auth)} == {("arrival", "registered by chen.yu")}
    assert [(each.action, each.object) for each in told] == [("ci.register", f"ci/{ci.uid}")]


async def test_from_then_on_a_controlled_value_that_moves_is_drift(world: World) -> None:
    ci = await sweep(world, SWITCH)
    await sweep(world, SWITCH | {"version": "5.171"})
    assert await world.rows(schema.finding) == [], "nothing of a proposed CI is held against approvals"
    await register(world, ADMIN, ci.uid)
    await sweep(world, SWITCH | {"version": "5.172"})
    (finding,) = await world.rows(schema.finding)
    assert (finding.ci_id, finding.verdict) == (ci.id, "pending")
    await sweep(world, SWITCH | {"version": "5.172"})
    await world.runner.tick()
    assert len(await world.rows(schema.incident)) == 1
    await sweep(world, SWITCH | {"version": "5.171"})
    (finding,) = await world.rows(schema.finding)
    assert finding.verdict == "reverted", "what was shown when it was registered is what is authorised"


async def test_its_rules_are_judged_at_once(world: World) -> None:
    ci = await sweep(world, UPS, ups={"source": "battery", "battery_state": "ok"}, interfaces=[])
    assert await world.rows(schema.alert) == []
    await register(world, ADMIN, ci.uid)
    (alert,) = await world.rows(schema.alert, schema.alert.c.rule == "PWR-UPS-001")
    assert (alert.ci_id, alert.outcome) == (ci.id, "PROBLEM")
    (incident,) = await world.rows(schema.incident, schema.incident.c.cause_key.contains("ups-on-battery"))
    assert incident.ci_id == ci.id


async def test_each_administrator_registers_the_classes_of_the_role(world: World) -> None:
    switch, ups = await sweep(world, SWITCH), await sweep(world, UPS, "192.0.2.2", interfaces=[])
    left, _ = await register(world, NETWORK, switch.uid, ups.uid)
    assert [(each.ci.name, each.why) for each in left] == [("ups-01", "class")]
    states = {row.name: row.state for row in await world.rows(schema.ci)}
    assert states == {"access-01": "active", "ups-01": "proposed"}


async def test_what_is_registered_is_left_as_it_is(world: World) -> None:
    ci = await sweep(world, SWITCH)
    await register(world, ADMIN, ci.uid)
    before = await world.rows(schema.auth)
    left, told = await register(world, ADMIN, ci.uid)
    assert ([each.why for each in left], told) == (["standing"], [])
    assert await world.rows(schema.auth) == before


async def test_a_doubt_about_its_identity_is_decided_first(world: World) -> None:
    await sweep(world, SWITCH)
    swapped = {"serial": "2102353TESR0099", "engine_id": "800007db0300e0fc998877", "base_mac": "00:e0:fc:99:88:77"}
    await world.say(PROBE, found("192.0.2.1", SWITCH | swapped, world.now))
    members = {row.ci_id for row in await world.rows(schema.duplicate_member)}
    doubted = [row.uid for row in await world.rows(schema.ci) if row.id in members and row.state == "proposed"]
    assert doubted
    left, _ = await register(world, ADMIN, *doubted)
    assert {each.why for each in left} == {"doubt"}


async def test_what_no_source_could_name_is_named_by_who_registers_it(world: World) -> None:
    ci = await sweep(world, NAMELESS, interfaces=[])
    left, _ = await register(world, NETWORK, ci.uid)
    assert [each.why for each in left] == ["class"], "what is unknown may be anybody's"
    await register(world, NETWORK, ci.uid, named=Named("network", "router"))
    await sweep(world, NAMELESS | {"contact": "noc"}, interfaces=[])
    (after,) = await world.rows(schema.ci, schema.ci.c.id == ci.id)
    assert (after.ci_class, after.ci_type, after.state) == ("network", "router", "active")


@pytest.mark.parametrize(("device", "named", "why"), [
    (NAMELESS, Named("network", "ups"), "named"), (NAMELESS, Named("unknown", "unknown"), "named"),
    (NAMELESS, Named("kings", "king"), "named"), (SWITCH, Named("network", "router"), "recognised"),
    (NAMELESS, Named("environment", "ups"), "class"),
])  # fmt: skip
async def test_a_name_that_cannot_be_is_refused_and_nothing_moves(
    world: World, device: dict[str, Any], named: Named, why: str
) -> None:
    ci = await sweep(world, device, interfaces=[])
    with pytest.raises(NotRegistered) as refused:
        await register(world, NETWORK, ci.uid, named=named)
    assert refused.value.why == why
    (after,) = await world.rows(schema.ci, schema.ci.c.id == ci.id)
    assert (after.ci_type, after.state) == (device["type"], "proposed")


async def test_who_is_not_there_and_who_are_too_many_are_refused(world: World) -> None:
    with pytest.raises(NotFound):
        await register(world, ADMIN, "nobody")
    with pytest.raises(Refused, match=str(MOST)):
        await register(world, ADMIN, *map(str, range(MOST + 1)))


async def test_its_time_line_tells_who_registered_it_and_when(world: World) -> None:
    ci = await sweep(world, SWITCH)
    await register(world, ADMIN, ci.uid)
    async with world.store.read() as reader:
        happened = await timeline.of_ci(reader, await one(reader, ci.uid))
    assert ("registered", "chen.yu", world.now) in {(each.kind, each.ref, each.at) for each in happened}


# --- what is said of it with that


async def record_of(world: World, ci: Any) -> dict[str, str]:
    async with world.store.read() as reader:
        return await standing(reader, ci.id)


async def test_what_is_said_of_it_with_that_is_its_record_and_authorised(world: World) -> None:
    ci = await sweep(world, SWITCH)
    said = {"owner": "李伟", "place": "A07-U12", "label": "LB-0001"}
    _, told = await register(world, NETWORK, ci.uid, named=Named(), said=said)
    assert await record_of(world, ci) == said
    authorised = {row.path_id for row in await world.rows(schema.auth) if row.basis == "arrival"}
    paths = {row.key: row.id for row in await world.rows(schema.path, schema.path.c.section == "record")}
    assert {paths["owner"], paths["place"]} <= authorised
    assert [each.action for each in told] == ["ci.record", "ci.register"]
    assert await world.rows(schema.finding) == [], "its first owner is no change of its owner"
    (after,) = await world.rows(schema.ci, schema.ci.c.id == ci.id)
    assert (after.state, after.label) == ("active", "LB-0001")


async def test_what_is_no_production_is_said_with_it_and_nobody_is_called(world: World) -> None:
    ci = await sweep(world, UPS, ups={"source": "battery", "battery_state": "ok"}, interfaces=[])
    await register(world, ADMIN, ci.uid, named=Named(), said={"environment": "test"})
    (after,) = await world.rows(schema.ci, schema.ci.c.id == ci.id)
    assert (after.state, after.environment) == ("active", "test")
    assert await world.rows(schema.incident) == []


async def test_several_are_given_what_is_alike_and_not_what_each_has_of_its_own(world: World) -> None:
    switch, ups = await sweep(world, SWITCH), await sweep(world, UPS, "192.0.2.2", interfaces=[])
    left, _ = await register(world, NETWORK, switch.uid, ups.uid, said={"owner": "李伟", "environment": "test"})
    assert [each.ci.name for each in left] == ["ups-01"]
    assert await record_of(world, switch) == {"owner": "李伟", "environment": "test"}
    assert await record_of(world, ups) == {}, "what is left is left as it is"
    with pytest.raises(Refused) as refused:
        await register(world, ADMIN, ups.uid, said={"label": "LB-1"})
    assert refused.value.field == "label"


@pytest.mark.parametrize(
    "said", [{"label": "LB-TAKEN"}, {"environment": "moon"}, {"serial": "x"}, {"owner": "x" * 101}]
)
async def test_what_cannot_be_kept_leaves_it_proposed(world: World, said: dict[str, str]) -> None:
    ci = await sweep(world, SWITCH)
    other = await sweep(world, UPS, "192.0.2.2", interfaces=[])
    await register(world, ADMIN, other.uid, named=Named(), said={"label": "LB-TAKEN"})
    with pytest.raises((Refused, BadValue)) as refused:
        await register(world, ADMIN, ci.uid, named=Named(), said=said)
    assert refused.value.field == next(iter(said))
    (after,) = await world.rows(schema.ci, schema.ci.c.id == ci.id)
    assert (after.state, await record_of(world, ci)) == ("proposed", {})
