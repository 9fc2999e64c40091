"""Newcomers an arrival rule fits are accepted in the transaction they came in; a rule is never a way round a doubt."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import delete, update

from collector.pipeline import accepting
from collector.services import arrival_rules, arrival_terms, timeline
from collector.services.arrival_rules import Listed, Reception
from collector.services.arrival_terms import Asked
from collector.services.arrivals import Fit
from collector.services.cis import one
from collector.services.records import NotTheirs
from collector.services.refused import Refused
from collector.services.registration import Registrar
from collector.store import accounts, probes, schema
from collector.store.engine import Store
from tests.acts import act
from tests.collector.test_matching import counted
from tests.collector.test_pipeline import World
from tests.collector.test_targets import MEMBERS, PORTS, PROBE, SWITCH, found
from tests.simulated import SimulatedHost

ROLES = ("config_admin:network,server",)
OFFICE = Asked("access switches", "network", "switch", within=("192.0.2.0/25",))
STRANGER = 2
"""An agent that is no probe."""


@pytest.fixture
async def world(sqlite_store: Store) -> World:
    return await ground(sqlite_store)


@pytest.fixture
async def both(store: Store) -> World:
    """The same on each engine: for what is told by SQL."""
    return await ground(store)


async def ground(store: Store) -> World:
    world = World(store)
    await world.enrol(PROBE)
    await world.enrol(STRANGER)
    async with store.write() as tx:
        await probes.appoint(tx, "uid1", ["", "plant"])
        await accounts.add(tx, "chen.yu", ROLES, world.now)
    return world


def reception(world: World) -> Reception:
    return accepting.reception(world.runner.policies)


async def rule(world: World, asked: Asked = OFFICE, on: bool = True) -> str:
    async with world.store.write() as tx:
        number = await arrival_rules.make(act(tx, "chen.yu", world.now), ROLES, asked)
    if on:
        await turn_on(world, number)
    return number


async def turn_on(world: World, number: str, *listed: Any, version: int = 1) -> Any:
    """Turn a rule on as `chen.yu`, with the CIs of these rows as they were listed; return how many, and who is left."""
    seen = [Listed(row.uid, row.ci_class, row.ci_type) for row in listed]
    async with world.store.write() as tx:
        count, left = await reception(world).turn_on(act(tx, "chen.yu", world.now), ROLES, number, version, seen)
    return count, [(each.listed.uid, each.why) for each in left]


async def fit(world: World, number: str) -> Fit:
    async with world.store.read() as reader:
        row = await arrival_rules.one(reader, number, world.now)
        return await reception(world).fit(reader, row.rule)


async def sweep(world: World, address: str, device: dict[str, Any], by: int = PROBE, **how: Any) -> Any:
    """Let somebody tell of a device at an address; return its CI's row."""
    await world.say(by, found(address, device, world.now, **how))
    rows = await world.rows(schema.ci, schema.ci.c.name == device["name"])
    return rows[0] if rows else None


async def test_a_newcomer_it_fits_is_accepted_with_what_it_shows_authorised(both: World) -> None:
    number = await rule(both)
    ci = await sweep(both, "192.0.2.1", SWITCH)
    assert (ci.state, ci.arrival) == ("active", f"registered by rule:{number}")
    assert {(row.basis, row.ref) for row in await both.rows(schema.auth)} == {("arrival", ci.arrival)}
    (told,) = await both.rows(schema.audit, schema.audit.c.action == "ci.register")
    assert (told.actor, told.origin, told.object) == (f"rule:{number}", "version 2 by chen.yu", f"ci/{ci.uid}")
    await sweep(both, "192.0.2.1", SWITCH | {"version": "5.172"})
    (finding,) = await both.rows(schema.finding)
    assert (finding.ci_id, finding.verdict) == (ci.id, "pending"), "from then on it is held against approvals"


async def test_what_a_rule_gives_is_in_its_record_where_nobody_said_anything(both: World) -> None:
    asked = Asked("with owner", "network", within=("192.0.2.0/24",), gives={"owner": "网络组", "environment": "test"})
    number = await rule(both, asked)
    ci = await sweep(both, "192.0.2.1", SWITCH)
    assert (ci.state, ci.environment) == ("active", "test")
    joined = schema.fact.join(schema.path).join(schema.val).join(schema.source)
    async with both.store.read() as reader:
        facts = await reader.execute(joined.select().where(schema.path.c.section == "record"))
        said = {row.key: (json.loads(row.text), row.code) for row in facts}
    by = f"hand/rule:{number}"
    assert said == {"owner": ("网络组", by), "environment": ("test", by)}


async def test_the_members_of_a_stack_come_with_it(world: World) -> None:
    await rule(world, Asked("all of the network", "network", within=("192.0.2.0/24",)))
    await sweep(world, "192.0.2.1", SWITCH, members=MEMBERS)
    assert {row.state for row in await world.rows(schema.ci)} == {"active"}


# --- what looks so, and is not


async def test_an_address_among_its_own_facts_is_not_where_it_was_reached(world: World) -> None:
    await rule(world)
    ports = [{**PORTS[0], "addresses": ["192.0.2.1/24"]}]
    liar = SWITCH | {"location": "192.0.2.1", "contact": "192.0.2.1"}
    ci = await sweep(world, "198.51.100.7", liar, interfaces=ports)
    assert ci.state == "proposed"


async def test_the_same_address_in_another_zone_is_another_place(world: World) -> None:
    await rule(world)
    assert (await sweep(world, "192.0.2.1", SWITCH, zone="plant")).state == "proposed"


async def test_what_an_agent_tells_that_is_no_probe_of_the_zone_is_no_sighting(both: World) -> None:
    number = await rule(both)
    ci = await sweep(both, "192.0.2.1", SWITCH, by=STRANGER)
    assert ci.state == "proposed"
    assert [each.why for each in (await fit(both, number)).left] == ["elsewhere"]
    await sweep(both, "192.0.2.1", SWITCH | {"version": "5.172"})
    (ci,) = await both.rows(schema.ci, schema.ci.c.id == ci.id)
    assert ci.state == "proposed", "some of what stands of it still came from there"


async def test_a_stolen_serial_heard_of_elsewhere_before_leaves_both_to_a_person(world: World) -> None:
    await rule(world)
    await sweep(world, "198.51.100.7", SWITCH)
    ci = await sweep(world, "192.0.2.1", SWITCH)
    assert (len(await world.rows(schema.ci)), ci.state) == (1, "proposed")


async def test_one_under_a_name_that_is_known_is_doubted_and_accepted_once_a_person_said_apart(both: World) -> None:
    await rule(both)
    await sweep(both, "192.0.2.1", SWITCH)
    other = SWITCH | {"serial": "2102353TESR0777", "engine_id": "800007db0300e0fc998877",
                      "base_mac": "00:e0:fc:99:88:77"}  # fmt: skip
    await both.say(PROBE, found("192.0.2.9", other, both.now, interfaces=[]))
    states = [row.state for row in await both.rows(schema.ci)]
    assert states == ["active", "proposed"], "a name somebody bears already is a doubt"
    assert await both.rows(schema.duplicate_case)
    await both.runner.tick()
    assert [row.state for row in await both.rows(schema.ci)] == states
    async with both.store.write() as tx:
        await tx.execute(update(schema.duplicate_case).values(state="decided"))
    await both.runner.tick()
    assert [row.state for row in await both.rows(schema.ci)] == ["active", "active"]


async def test_one_that_shows_no_serial_is_left(world: World) -> None:
    number = await rule(world)
    bare = {"class": "network", "type": "switch", "vendor": "Acme", "name": "bare-01", "object_id": "1.3.6.1.4.1.9.1.1"}
    assert (await sweep(world, "192.0.2.1", bare, interfaces=[])).state == "proposed"
    assert [(each.name, each.why) for each in (await fit(world, number)).left] == [("bare-01", "identifier")]


async def test_an_agent_that_is_doubted_is_not_let_in_by_its_address(world: World) -> None:
    await rule(world, Asked("servers", "server", within=("192.0.2.0/24",)))
    async with world.store.write() as tx:
        await tx.execute(update(schema.agent).values(address="192.0.2.5"))
    host = SimulatedHost(1)
    await world.tell(PROBE, SimulatedHost(1))
    async with world.store.write() as tx:
        await tx.execute(update(schema.ci).values(state="unreachable"))
    host.bodies["hardware"] |= {"serial": "OTHER77Q1", "uuid": "4c4c4544-0037-4b10-8032-b7c04f4b4d99"}
    await world.tell(STRANGER, host)
    await world.runner.tick()
    first, second = sorted(await world.rows(schema.ci, schema.ci.c.ci_class == "server"), key=lambda each: each.id)
    assert await world.rows(schema.duplicate_member, schema.duplicate_member.c.ci_id == second.id)
    assert (first.arrival, second.arrival, second.state) == ("agent/uid1", "", "proposed")


# --- what waits when a rule is turned on


async def test_what_waits_is_accepted_as_it_was_listed_and_nothing_else(both: World) -> None:
    ci = await sweep(both, "192.0.2.1", SWITCH)
    later = SWITCH | {"name": "access-02", "serial": "2102353TESR0002", "engine_id": "800007db0300e0fc112244",
                      "base_mac": "00:e0:fc:11:22:44"}  # fmt: skip
    number = await rule(both, on=False)
    listed = await fit(both, number)
    assert ([each.uid for each in listed.fits], listed.fitting, listed.left) == ([ci.uid], 1, ())
    other = await sweep(both, "192.0.2.2", later, interfaces=[])
    assert await turn_on(both, number, ci) == (1, [])
    await both.runner.tick()
    await sweep(both, "192.0.2.2", later | {"version": "5.173"}, interfaces=[])
    states = {row.name: row.state for row in await both.rows(schema.ci)}
    assert states == {"access-01": "active", "access-02": "proposed"}, "it stood before, and nobody listed it"
    assert await turn_on(both, number, ci, other, version=2) == (1, [(ci.uid, "gone")])


async def test_what_has_changed_class_since_it_was_listed_is_left(world: World) -> None:
    whole = Asked("all of the network", "network", within=("192.0.2.0/24",))
    ci = await sweep(world, "192.0.2.1", SWITCH)
    number = await rule(world, whole, on=False)
    await sweep(world, "192.0.2.1", SWITCH | {"type": "router"})
    assert await turn_on(world, number, ci) == (0, [(ci.uid, "changed")])
    await sweep(world, "192.0.2.1", SWITCH | {"type": "router", "version": "5.172"})
    assert [row.state for row in await world.rows(schema.ci)] == ["proposed"]


async def test_a_rule_that_was_changed_is_off_and_its_versions_are_kept(both: World) -> None:
    number = await rule(both)
    async with both.store.write() as tx:
        doing = act(tx, "chen.yu", both.now + 1)
        await arrival_rules.change(doing, ROLES, number, 2, Asked("all", "network", within=("192.0.2.0/24",)))
    assert (await sweep(both, "192.0.2.1", SWITCH)).state == "proposed"
    async with both.store.read() as reader:
        kept = await arrival_rules.versions(reader, number, both.now)
    assert [(each.rule.version, each.stand, each.rule.name) for each in kept] == [
        (3, "off", "all"), (2, "on", "access switches"), (1, "off", "access switches"),
    ]  # fmt: skip
    assert kept[0].until is None
    assert [each.until for each in kept[1:]] == [each.since for each in kept[:-1]], "one ends as the next begins"


async def test_somebody_elses_change_meanwhile_is_not_overwritten(world: World) -> None:
    number = await rule(world)
    async with world.store.write() as tx:
        with pytest.raises(Refused, match="meanwhile"):
            await arrival_rules.change(act(tx, "chen.yu", world.now), ROLES, number, 1, OFFICE)
    with pytest.raises(Refused, match="meanwhile"):
        await turn_on(world, number)


# --- whose word it is


@pytest.mark.parametrize("end", ["disabled", "roles", "off", "over"])
async def test_a_rule_ends_with_the_word_it_is(world: World, end: str) -> None:
    number = await rule(world)
    async with world.store.write() as tx:
        if end == "disabled":
            await tx.execute(update(schema.account).values(state="disabled"))
        elif end == "roles":
            await tx.execute(update(schema.account).values(roles='["config_admin:pc"]'))
        elif end == "off":
            await arrival_rules.turn_off(act(tx, "chen.yu", world.now), ROLES, number)
        else:
            await tx.execute(update(schema.arrival_rule).values(ends_at=world.now + 1))
    world.now += 2
    assert (await sweep(world, "192.0.2.1", SWITCH)).state == "proposed"
    async with world.store.read() as reader:
        row = await arrival_rules.one(reader, number, world.now)
    assert row.stand == {"disabled": "orphaned", "roles": "orphaned", "off": "off", "over": "over"}[end]


async def test_a_rule_whose_time_is_over_accepts_nobody_that_is_listed_either(world: World) -> None:
    ci = await sweep(world, "192.0.2.1", SWITCH)
    number = await rule(world)
    async with world.store.write() as tx:
        await tx.execute(update(schema.arrival_rule).values(ends_at=world.now))
    with pytest.raises(Refused, match="over"):
        await turn_on(world, number, ci, version=2)
    assert [row.state for row in await world.rows(schema.ci)] == ["proposed"]


async def test_who_administers_the_class_now_makes_an_orphaned_rule_theirs(world: World) -> None:
    number = await rule(world)
    async with world.store.write() as tx:
        await tx.execute(update(schema.account).values(state="disabled"))
        await accounts.add(tx, "li.wei", ROLES, world.now)
    async with world.store.write() as tx:
        assert await reception(world).turn_on(act(tx, "li.wei", world.now), ROLES, number, 2) == (0, ())
    await sweep(world, "192.0.2.1", SWITCH)
    (told,) = await world.rows(schema.audit, schema.audit.c.action == "ci.register")
    assert told.origin == "version 3 by li.wei"


async def test_only_who_administers_the_class_makes_changes_and_turns_rules(world: World) -> None:
    number = await rule(world)
    async with world.store.write() as tx:
        doing = act(tx, "li.wei", world.now)
        for other in (("config_admin:pc",), ("viewer",), ()):
            with pytest.raises(NotTheirs):
                await arrival_rules.make(doing, other, Asked("mine", "network", within=("10.0.0.0/8",)))
            with pytest.raises(NotTheirs):
                await arrival_rules.turn_off(doing, other, number)
            with pytest.raises(NotTheirs):
                await reception(world).turn_on(doing, other, number, 2)
            with pytest.raises(NotTheirs):
                await arrival_rules.change(doing, other, number, 2, OFFICE)
        with pytest.raises(NotTheirs):
            await arrival_rules.change(doing, ROLES, number, 2, Asked("x", "pc", within=("10.0.0.0/8",)))
        assert doing.told == []


@pytest.mark.parametrize(("asked", "field"), [
    (Asked("", "network", within=("10.0.0.0/8",)), "name"), (Asked("n" * 101, "network"), "name"),
    (Asked("a", "unknown", within=("10.0.0.0/8",)), "class"), (Asked("a", "kings"), "class"),
    (Asked("a", "network", "ups"), "type"), (Asked("a", "network"), "ranges"),
    (Asked("a", "network", zone="a/b"), "zone"), (Asked("a", "network", within=("10.0.0.0/99",)), "ranges"),
    (Asked("a", "network", within=("10.0.0.1",) * 65), "ranges"), (Asked("a\0b", "network", zone="z"), "name"),
    (Asked("a", "network", zone="z", gives={"label": "L"}), "label"),
    (Asked("a", "network", zone="z", gives={"name": "L"}), "name"),
    (Asked("a", "network", zone="z", ends_at=10), "ends"),
])  # fmt: skip
def test_what_is_no_rule_is_refused_at_its_field(asked: Asked, field: str) -> None:
    with pytest.raises(Refused) as refused:
        arrival_terms.checked(asked, 10)
    assert refused.value.field == field


async def test_two_rules_of_one_name_would_be_one_for_whoever_reads_it(world: World) -> None:
    await rule(world, on=False)
    with pytest.raises(Refused, match="called so"):
        await rule(world, on=False)


async def test_a_ci_says_by_which_rule_it_came(world: World) -> None:
    number = await rule(world)
    ci = await sweep(world, "192.0.2.1", SWITCH)
    async with world.store.read() as reader:
        happened = await timeline.of_ci(reader, await one(reader, ci.uid))
    assert [(each.ref, each.by, each.title["en"]) for each in happened if each.kind == "accepted"] == [
        (number, "chen.yu", "access switches")
    ]  # fmt: skip


async def test_acceptance_and_observation_are_one_transaction(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await rule(world)

    async def fails(*_: object) -> None:
        raise RuntimeError("cannot be admitted")

    monkeypatch.setattr(Registrar, "admit", fails)
    await sweep(world, "192.0.2.1", SWITCH)
    assert await world.rows(schema.ci) == []
    assert await world.rows(schema.rejected_observation) != []


async def test_what_nobody_could_tell_who_reached_it_yet_is_accepted_by_the_clock(world: World) -> None:
    await rule(world)
    async with world.store.write() as tx:
        await probes.appoint(tx, "uid1", ["plant"])
    assert (await sweep(world, "192.0.2.1", SWITCH)).state == "proposed"
    async with world.store.write() as tx:
        await probes.appoint(tx, "uid1", [""])
    await world.runner.tick()
    assert [row.state for row in await world.rows(schema.ci)] == ["active"]


async def test_without_a_rule_nothing_is_asked_of_what_waits(world: World) -> None:
    await rule(world, on=False)
    assert (await sweep(world, "192.0.2.1", SWITCH)).state == "proposed"
    async with world.store.write() as tx:
        await tx.execute(delete(schema.arrival_rule))
        assert await accepting.newcomers(tx, [1], world.runner.policies, world.now, set()) == 0


async def test_of_what_is_no_newcomer_any_more_nothing_is_asked(world: World) -> None:
    ci = await sweep(world, "192.0.2.1", SWITCH)
    admitted = set[int]()
    async with world.store.write() as tx:
        with counted(tx) as asked:
            await accepting.newcomers(tx, [ci.id], world.runner.policies, world.now, admitted)
            assert (len(asked), admitted) == (2, set()), "who waits, and by which rules"
            await tx.execute(update(schema.ci).values(state="active"))
            await accepting.newcomers(tx, [ci.id], world.runner.policies, world.now, admitted)
            told = len(asked)
            await accepting.newcomers(tx, [ci.id], world.runner.policies, world.now, admitted)
    assert (len(asked), admitted) == (told, {ci.id})


async def test_what_a_batch_that_was_undone_said_of_newcomers_is_forgotten_with_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rule(world)

    async def fails(*_: Any) -> int:
        world.runner._memory.admitted.add(1)
        raise ValueError("no such luck")

    with monkeypatch.context() as patched:
        patched.setattr(accepting, "newcomers", fails)
        assert await sweep(world, "192.0.2.1", SWITCH) is None
    assert (await sweep(world, "192.0.2.1", SWITCH)).state == "active"
