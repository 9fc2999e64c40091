"""Deciding a doubt about identity: what waited is applied in order, once; a merge is a pointer, taken back whole."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from collector.model import FOREVER, Identifier
from collector.pipeline import judging, withdrawing
from collector.services.decisions import Decider, Decision
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.store import schema
from collector.store.engine import Store
from tests.acts import act
from tests.collector.test_pipeline import World
from tests.collector.test_targets import PROBE, SWITCH, found
from tests.simulated import SimulatedHost

ADMIN = ("config_admin:*",)
OTHER_UUID = "99999999-2222-4333-8444-555555555555"
SWAPPED = SWITCH | {"serial": "2102353TESR0099", "engine_id": "800007db0300e0fc998877",
                    "base_mac": "00:e0:fc:99:88:77"}  # fmt: skip
LEFT = frozenset({
    "duplicate_case", "duplicate_member", "merge", "setting", "outbox", "alert", "alert_move",
    "incident", "incident_cause", "incident_interval", "incident_step",
})  # fmt: skip
"""Tables in which a merge that was taken back leaves its traces: that it was decided, and what rules said meanwhile."""


@pytest.fixture
async def world(store: Store) -> World:
    world = World(store)
    await world.enrol(1)
    await world.enrol(2)
    return world


def decider(world: World) -> Decider:
    policies = world.runner.policies
    return Decider(
        partial(judging.judge_whole, policies=policies), partial(withdrawing.withdraw, policies=policies),
        world.runner.decided,
    )  # fmt: skip


async def decide(world: World, word: str, *, roles: tuple[str, ...] = ADMIN, **how: Any) -> list[Any]:
    """Decide the one open case as `chen.yu`, and let the pipeline apply what waited; return what was told."""
    (case,) = await world.rows(schema.duplicate_case, schema.duplicate_case.c.state == "open")
    world.now += 1
    async with world.store.write() as tx:
        doing = act(tx, "chen.yu", world.now)
        await decider(world).decide(doing, roles, case.id, Decision(word, **how))
    await settle(world)
    return doing.told


async def unmerge(world: World) -> None:
    (merge, *_) = await world.rows(schema.merge, schema.merge.c.undone_at.is_(None))
    world.now += 1
    async with world.store.write() as tx:
        await decider(world).unmerge(act(tx, "chen.yu", world.now), ADMIN, merge.id)
    await settle(world)


async def settle(world: World) -> None:
    world.runner.decided()
    while await world.runner.step():
        pass


async def servers(world: World) -> list[Any]:
    return sorted(await world.rows(schema.ci, schema.ci.c.ci_class == "server"), key=lambda row: row.id)


async def dump(world: World) -> dict[str, list[Any]]:
    """Return every table that matters, row by row."""
    tables = [each for each in schema.metadata.sorted_tables if each.name not in LEFT]
    async with world.store.read() as reader:
        return {each.name: sorted(map(repr, await reader.execute(select(each)))) for each in tables}


async def current(world: World, ci_id: int) -> dict[tuple[str, str], str]:
    """Return what holds now of a CI: (section, key) → JSON."""
    fact = schema.fact.join(schema.path).join(schema.val)
    wanted = (
        select(schema.path.c.section, schema.path.c.key, schema.val.c.text)
        .select_from(fact)
        .where(schema.fact.c.ci_id == ci_id, schema.fact.c.vt == FOREVER)
    )
    async with world.store.read() as reader:
        return {(section, key): text for section, key, text in await reader.execute(wanted)}


async def a_clone(world: World) -> tuple[SimulatedHost, SimulatedHost]:
    """Two agents with one serial and two UUIDs; the second one waits."""
    mine, other = SimulatedHost(1), SimulatedHost(1)
    other.bodies["hardware"]["uuid"] = OTHER_UUID
    await world.tell(1, mine)
    await world.tell(2, other)
    return mine, other


# --- what waited


async def test_what_waited_is_applied_in_order_to_the_ci_it_is_said_to_be(world: World) -> None:
    _, other = await a_clone(world)
    other.bodies["os"]["kernel"] = "6.1.0-29-amd64"
    await world.tell(2, other)
    other.bodies["os"]["kernel"] = "6.1.0-30-amd64"
    await world.tell(2, other)
    assert len(await world.rows(schema.parked)) == 3, "what follows on a doubt waits behind it"
    (server,) = await servers(world)
    told = await decide(world, "same", reason="the board was swapped")
    assert [row.id for row in await servers(world)] == [server.id]
    assert await world.rows(schema.parked) == []
    assert await world.rows(schema.held_source) == []
    assert (await current(world, server.id))["os", "kernel"] == '"6.1.0-30-amd64"'
    kernels = await _claimed(world, "agent/uid2", "os", "kernel")
    assert kernels == ['"6.1.0-28-amd64"', '"6.1.0-29-amd64"', '"6.1.0-30-amd64"']
    assert [each.action for each in told] == ["case.decide"]


async def _claimed(world: World, code: str, section: str, key: str) -> list[str]:
    joined = schema.claim.join(schema.path).join(schema.val).join(
        schema.source, schema.source.c.id == schema.claim.c.source_id
    )  # fmt: skip
    wanted = select(schema.val.c.text).select_from(joined).order_by(schema.claim.c.vf)
    where = (schema.source.c.code == code, schema.path.c.section == section, schema.path.c.key == key)
    async with world.store.read() as reader:
        return list((await reader.execute(wanted.where(*where))).scalars())


async def test_what_waited_is_applied_once_however_often_it_is_looked_for(world: World) -> None:
    await a_clone(world)
    await decide(world, "same")
    before = await dump(world)
    await settle(world)
    assert await dump(world) == before


async def test_the_same_thing_is_not_asked_again(world: World) -> None:
    mine, other = await a_clone(world)
    await decide(world, "same")
    for number, host in ((1, mine), (2, other), (1, mine)):
        await world.tell(number, host, full=True)
    assert len(await world.rows(schema.duplicate_case)) == 1
    assert await world.rows(schema.parked) == []


async def test_different_things_are_two_cis_and_stay_so(world: World) -> None:
    mine, other = await a_clone(world)
    await decide(world, "apart")
    first, second = await servers(world)
    assert (first.state, second.state) == ("active", "active")
    for number, host in ((1, mine), (2, other), (1, mine), (2, other)):
        host.bodies["os"]["kernel"] = f"6.{number}"
        await world.tell(number, host, full=True)
    assert len(await world.rows(schema.duplicate_case)) == 1, "it is not asked again"
    kernels = [(await current(world, row.id))["os", "kernel"] for row in await servers(world)]
    assert kernels == ['"6.1"', '"6.2"']


async def test_a_replacement_ends_what_the_old_hardware_was_known_by(world: World) -> None:
    await a_clone(world)
    (server,) = await servers(world)
    await decide(world, "replaces")
    held = {(row.value, row.state) for row in await world.rows(schema.identifier) if row.kind == "uuid"}
    assert len(held) == 2
    assert {state for _, state in held} == {"live", "retired"}
    (live,) = [value for value, state in held if state == "live"]
    assert live in (OTHER_UUID, "99999999-2222-3343-8444-555555555555")
    assert [row.id for row in await servers(world)] == [server.id]


async def test_what_waited_does_not_confirm_what_was_known(world: World) -> None:
    """An agent that says that nothing moved, after it said something nobody can place, says nothing of the CI."""
    await world.enrol(3)
    mine = SimulatedHost(1)
    await world.tell(1, mine)
    mine.bodies["hardware"]["uuid"] = OTHER_UUID
    await world.tell(1, mine)
    (before,) = await world.rows(schema.source, schema.source.c.code == "agent/uid1")
    await world.tell(1, mine)
    (after,) = await world.rows(schema.source, schema.source.c.code == "agent/uid1")
    assert after.confirmed_at == before.confirmed_at
    assert len(await world.rows(schema.parked)) == 2


async def test_a_source_that_is_itself_again_counts_and_what_it_said_between_is_late(world: World) -> None:
    mine = SimulatedHost(1)
    await world.tell(1, mine)
    own = mine.bodies["hardware"]["uuid"]
    mine.bodies["hardware"]["uuid"], mine.bodies["os"]["kernel"] = OTHER_UUID, "between"
    await world.tell(1, mine)
    mine.bodies["hardware"]["uuid"], mine.bodies["os"]["kernel"] = own, "afterwards"
    await world.tell(1, mine, full=True)
    (server,) = await servers(world)
    assert (await current(world, server.id))["os", "kernel"] == '"afterwards"'
    await decide(world, "same")
    assert (await current(world, server.id))["os", "kernel"] == '"afterwards"'
    assert await world.rows(schema.parked) == []


async def test_two_that_take_turns_as_one_freeze_it_and_nothing_of_it_drifts(world: World) -> None:
    mine, other = SimulatedHost(1), SimulatedHost(1)
    other.bodies["hardware"]["uuid"] = OTHER_UUID
    other.bodies["packages"].append({"name": "cowsay", "arch": "all", "version": "3.03", "manager": "dpkg"})
    for host in (mine, other, mine, other, mine):
        await world.tell(1, host, full=True)
    (case,) = await world.rows(schema.duplicate_case)
    (frozen,) = await world.rows(schema.frozen_ci)
    (server,) = await servers(world)
    assert (case.kind, case.state, frozen.ci_id) == ("clone", "open", server.id)
    assert await world.rows(schema.finding) == []
    assert len(await world.rows(schema.parked)) == 3
    await decide(world, "apart")
    assert await world.rows(schema.frozen_ci) == []
    assert len(await servers(world)) == 2
    assert await world.rows(schema.finding) == []
    assert await world.rows(schema.parked) == []


async def test_a_clone_that_a_person_sees_is_frozen_until_it_is_decided(world: World) -> None:
    mine, _ = await a_clone(world)
    await decide(world, "clone")
    (server,) = await servers(world)
    assert [row.ci_id for row in await world.rows(schema.frozen_ci)] == [server.id]
    mine.bodies["os"]["kernel"] = "6.9"
    await world.tell(1, mine)
    assert (await current(world, server.id))["os", "kernel"] == '"6.1.0-28-amd64"'
    await decide(world, "apart")
    assert (await current(world, server.id))["os", "kernel"] == '"6.9"', "what it said meanwhile was kept"


async def test_an_identifier_in_quarantine_names_nobody_and_what_waited_is_looked_at_anew(world: World) -> None:
    await a_clone(world)
    (server,) = await servers(world)
    (serial,) = await world.rows(schema.identifier, schema.identifier.c.kind == "serial")
    await decide(world, "quarantine", identifier=Identifier("serial", serial.value))
    assert {(row.kind, row.value) for row in await world.rows(schema.suspect)} == {("serial", serial.value)}
    assert await world.rows(schema.parked) == []
    assert len(await servers(world)) == 2
    async with world.store.write() as tx:
        await decider(world).lift(act(tx), Identifier("serial", serial.value))
    assert await world.rows(schema.suspect) == []
    assert server.id


# --- merging


async def two_switches(world: World) -> tuple[Any, Any]:
    await world.say(PROBE, found("192.0.2.1", SWITCH, world.now))
    await world.say(PROBE, found("192.0.2.1", SWAPPED, world.now))
    first, second = sorted(await world.rows(schema.ci), key=lambda row: row.id)
    return first, second


async def test_a_merge_moves_no_value_and_history_answers_under_both(world: World) -> None:
    first, second = await two_switches(world)
    before = await dump(world)
    await decide(world, "same", ci=first.uid)
    (merged,) = await world.rows(schema.ci, schema.ci.c.merged_into.is_not(None))
    assert (merged.id, merged.merged_into) == (second.id, first.id)
    after = await dump(world)
    lanes = ("claim", "fact", "auth", "section", "finding", "identifier")
    assert [after[name] for name in lanes] == [before[name] for name in lanes]
    await world.say(PROBE, found("192.0.2.1", SWAPPED | {"version": "5.180"}, world.now))
    assert (await current(world, first.id))["device", "version"] == '"5.180"'
    assert (await current(world, second.id))["device", "version"] == '"5.170"', "claims keep their CI"
    assert await world.rows(schema.finding) == []


async def test_a_merge_taken_back_restores_every_table_that_matters_byte_for_byte(world: World) -> None:
    first, _ = await two_switches(world)
    before = await dump(world)
    await decide(world, "same", ci=first.uid)
    assert await dump(world) != before
    await unmerge(world)
    assert await dump(world) == before


async def test_hosts_are_merged_with_what_they_carry_and_parted_with_it(world: World) -> None:
    one, two = SimulatedHost(1), SimulatedHost(2)
    two.bodies["os"]["hostname"] = one.bodies["os"]["hostname"]
    await world.tell(1, one)
    await world.tell(2, two)
    before = await dump(world)
    first, _ = await servers(world)
    await decide(world, "same", ci=first.uid)
    merged = await world.rows(schema.ci, schema.ci.c.merged_into.is_not(None))
    assert {row.ci_type for row in merged} == {"pc_server", "os", "database"}
    await unmerge(world)
    assert await dump(world) == before


async def test_words_spoken_during_a_merge_are_taken_back_with_it(world: World) -> None:
    one, two = SimulatedHost(1), SimulatedHost(2)
    two.bodies["os"]["hostname"] = one.bodies["os"]["hostname"]
    await world.tell(1, one)
    await world.tell(2, two)
    first, second = await servers(world)
    mine, theirs = await current(world, first.id), await current(world, second.id)
    await decide(world, "same", ci=first.uid)
    two.bodies["os"]["kernel"] = "during"
    await world.tell(2, two, full=True)
    await unmerge(world)
    assert await current(world, first.id) == mine, "nothing of the other one is left"
    await world.tell(2, two, full=True)
    assert await current(world, second.id) == theirs | {("os", "kernel"): '"during"'}
    await world.tell(1, one, full=True)
    assert await current(world, first.id) == mine
    assert len(await servers(world)) == 2


async def test_a_ci_two_sources_speak_of_is_split_and_stays_split(world: World) -> None:
    one, two = SimulatedHost(1), SimulatedHost(1)
    two.bodies["hardware"].pop("uuid")
    await world.tell(1, one)
    await world.tell(2, two)
    (server,) = await servers(world)
    async with world.store.write() as tx:
        doing = act(tx, "chen.yu", world.now)
        uid = await decider(world).split(doing, ADMIN, server.uid, ["agent/uid2"])
    await settle(world)
    bound = {row.source_id: row.ci_id for row in await world.rows(schema.subject_ci) if row.role == "host"}
    (made,) = await world.rows(schema.ci, schema.ci.c.uid == uid)
    assert set(bound.values()) == {server.id, made.id}
    assert [each.action for each in doing.told] == ["ci.split"]
    open_claims = [row for row in await world.rows(schema.claim) if row.ci_id == server.id and row.vt == FOREVER]
    assert {row.source_id for row in open_claims} == {min(bound)}


# --- who decides


async def test_only_who_administers_the_classes_of_a_case_decides_it(world: World) -> None:
    await a_clone(world)
    with pytest.raises(Refused, match="class server"):
        await decide(world, "same", roles=("config_admin:network",))
    assert len(await world.rows(schema.parked)) == 1


async def test_a_decided_case_is_decided(world: World) -> None:
    await a_clone(world)
    await decide(world, "same")
    (case,) = await world.rows(schema.duplicate_case)
    async with world.store.write() as tx:
        with pytest.raises(Refused, match=r"chen\.yu"):
            await decider(world).decide(act(tx), ADMIN, case.id, Decision("apart"))
        with pytest.raises(NotFound):
            await decider(world).decide(act(tx), ADMIN, 4711, Decision("apart"))
        with pytest.raises(NotFound):
            await decider(world).unmerge(act(tx), ADMIN, 4711)


async def test_which_of_several_goes_on_takes_a_word(world: World) -> None:
    first, _ = await two_switches(world)
    with pytest.raises(Refused, match="which of the CIs"):
        await decide(world, "same")
    with pytest.raises(Refused, match="none of the CIs"):
        await decide(world, "same", ci="nobody")
    await decide(world, "replaces", ci=first.uid)
    states = {row.value: row.state for row in await world.rows(schema.identifier, schema.identifier.c.kind == "serial")}
    assert states == {"huawei|2102353TESR0001": "retired", "huawei|2102353TESR0099": "live"}


async def test_cases_of_one_kind_are_decided_at_once(world: World) -> None:
    for number in (1, 2):
        name = {"name": f"access-{number}", "serial": f"2102353TESR000{number}",
                "engine_id": f"800007db0300e0fc11220{number}", "base_mac": f"00:e0:fc:11:22:0{number}"}  # fmt: skip
        again = {"serial": f"2102353TESR009{number}", "engine_id": f"800007db0300e0fc99880{number}",
                 "base_mac": f"00:e0:fc:99:88:0{number}"}  # fmt: skip
        await world.say(PROBE, found(f"192.0.2.{number}", SWITCH | name, world.now))
        await world.say(PROBE, found(f"192.0.2.{number}", SWITCH | name | again, world.now))
    ids = [row.id for row in await world.rows(schema.duplicate_case)]
    async with world.store.write() as tx:
        doing = act(tx)
        left = await decider(world).decide_many(doing, ADMIN, ids, Decision("same"))
        assert [each.id for each in left] == ids, "which one goes on is said one by one"
        assert await decider(world).decide_many(doing, ADMIN, ids, Decision("apart")) == ()
        with pytest.raises(Refused):
            await decider(world).decide_many(doing, ADMIN, ids, Decision("quarantine"))
    assert {row.decision for row in await world.rows(schema.duplicate_case)} == {"apart"}
