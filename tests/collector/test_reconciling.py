"""Reconcile by the clock, on both engines: takeover, return, rules that begin, locks that end; none is a finding."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path as File
from typing import Any

import pytest
from sqlalchemy import event, select, update

from collector import precedence
from collector.model import FOREVER, Path
from collector.pipeline import reconciling
from collector.services.locks import DAY_MS, Asked, Locker, on_ci
from collector.store import accounts, schema
from collector.store.engine import Store
from tests.acts import act
from tests.collector.test_pipeline import World
from tests.collector.test_targets import PROBE, SWITCH, found
from tests.simulated import SimulatedHost
from wire import codec
from wire.observation import Observation, Section, Status, Target, state_hash
from wire.sections import SECTIONS, arrange, canonical, digest

HOUR = 3_600_000
ADMIN = ("config_admin:*",)
VERSION = Path("device", "version")
TABLE = """
sources:
  agent: {rank: 10, ttl: 24h, reason: {zh: r, en: r}}
  snmp: {rank: 20, ttl: 12h, reason: {zh: r, en: r}}
  ssh: {rank: 30, ttl: 168h, reason: {zh: r, en: r}}
  hand: {rank: 70, mode: fill-if-empty, reason: {zh: r, en: r}}
"""


@pytest.fixture
async def world(store: Store, tmp_path: File) -> World:
    """A switch that SNMP and SSH tell of, in different words, by a table in which SNMP is taken over after a day."""
    world = World(store)
    by_table(world, tmp_path, "")
    await world.enrol(PROBE)
    await snmp(world)
    await ssh(world)
    async with store.write() as tx:
        await accounts.add(tx, "ada", ADMIN, world.now)
        await tx.execute(update(schema.ci).values(state="active"))
    return world


def by_table(world: World, folder: File, rules: str, sources: str = TABLE) -> None:
    """Let precedence be by this table from now on."""
    (folder / "precedence.yaml").write_text(sources + rules)
    world.runner.policies = replace(world.runner.policies, precedence=precedence.load(folder / "precedence.yaml"))


async def snmp(world: World, version: str = "5.170", **how: Any) -> None:
    await world.say(PROBE, found("192.0.2.1", SWITCH | {"version": version}, world.now, **how))


async def ssh(world: World, version: str = "V5.170", **how: Any) -> None:
    device = SWITCH | {"version": version}
    await world.say(PROBE, found("192.0.2.1", device, world.now, protocol="ssh", interfaces=[], **how))


async def later(world: World, hours: float) -> None:
    """Let time go by, and the clock look."""
    world.now += int(hours * HOUR)
    await world.runner.tick()


async def fact(world: World, path: Path = VERSION) -> tuple[Any, str, str] | None:
    """Return value, kind of source and why of the fact that stands; there is one at most."""
    joined = schema.fact.join(schema.path).join(schema.val).join(
        schema.source, schema.source.c.id == schema.fact.c.source_id
    )  # fmt: skip
    wanted = select(schema.val.c.text, schema.source.c.code, schema.fact.c.why).select_from(joined)
    wanted = wanted.where(schema.path.c.section == path.section, schema.path.c.key == path.key)
    async with world.store.read() as reader:
        rows = (await reader.execute(wanted.where(schema.fact.c.vt == FOREVER, schema.fact.c.tt == FOREVER))).all()
    assert len(rows) <= 1
    return (json.loads(rows[0].text), rows[0].code.partition("/")[0], rows[0].why) if rows else None


async def tiles(world: World) -> bool:
    """Return whether the intervals of every fact follow each other without overlap."""
    lanes: dict[tuple[int, int], list[Any]] = {}
    for row in await world.rows(schema.fact):
        lanes.setdefault((row.ci_id, row.path_id), []).append(row)
    ordered = [sorted(rows, key=lambda row: row.vf) for rows in lanes.values()]
    return all(a.vf < a.vt <= b.vf for rows in ordered for a, b in pairwise(rows))


async def switch(world: World) -> Any:
    (row,) = await world.rows(schema.ci, schema.ci.c.ci_class == "network")
    return row


# --- silence


async def test_a_silent_winner_is_taken_over_after_the_delay_and_resumes_when_it_returns(world: World) -> None:
    assert await fact(world) == ("5.170", "snmp", "rank")
    await later(world, 13)
    assert await fact(world) == ("5.170", "snmp", "rank"), "stale after its ttl, not yet passed over"
    await later(world, 12)
    assert await fact(world) == ("V5.170", "ssh", "takeover")
    await snmp(world, bare=True)
    await later(world, 0)
    assert await fact(world) == ("5.170", "snmp", "rank"), "a word that says nothing moved is a return too"
    assert await tiles(world)


async def test_a_takeover_and_a_return_are_never_a_finding(world: World) -> None:
    await later(world, 25)
    await snmp(world, bare=True)
    await later(world, 25)
    assert await fact(world) == ("V5.170", "ssh", "takeover")
    assert await world.rows(schema.finding) == []
    assert await world.rows(schema.finding_item) == []


async def test_who_returns_with_another_value_resumes_with_it_at_once(world: World) -> None:
    await later(world, 25)
    await snmp(world, "5.171")
    assert await fact(world) == ("5.171", "snmp", "rank")
    await later(world, 0)
    assert await fact(world) == ("5.171", "snmp", "rank")
    assert await tiles(world)


async def test_when_everybody_is_silent_rank_decides_again(world: World) -> None:
    await later(world, 25)
    await later(world, 400)
    assert await fact(world) == ("5.170", "snmp", "rank")


async def test_who_is_confirmed_meanwhile_is_not_taken_over(world: World) -> None:
    for _ in range(5):
        await later(world, 20)
        await snmp(world, bare=True)
        await later(world, 0)
    assert await fact(world) == ("5.170", "snmp", "rank")
    version = await world.rows(schema.path, schema.path.c.key == "version")
    assert len(await world.rows(schema.fact, schema.fact.c.path_id == version[0].id)) == 1, "no row was written"


async def test_looking_where_nothing_is_due_writes_nothing(world: World) -> None:
    await later(world, 1)
    before = await world.rows(schema.contender), await world.rows(schema.fact)
    async with world.store.write() as tx:
        assert await reconciling.elapsed(tx, world.runner.policies, world.now) == 0
    assert (await world.rows(schema.contender), await world.rows(schema.fact)) == before


async def test_many_are_looked_at_in_portions(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciling, "PORTION", 1)
    await later(world, 25)
    assert await fact(world) == ("V5.170", "ssh", "takeover")


async def test_what_only_one_source_tells_has_no_contender(sqlite_store: Store) -> None:
    world = World(sqlite_store)
    await world.enrol(PROBE)
    await snmp(world)
    asked: list[str] = []
    async with world.store.write() as tx:
        listening = tx.sync_connection.engine
        event.listen(listening, "before_cursor_execute", lambda *args: asked.append(args[2]))
    await snmp(world, "5.171")
    assert await world.rows(schema.contender) == []
    assert not [each for each in asked if "contender" in each], "nothing is asked that was not asked before"
    assert not [each for each in asked if "FROM value_lock JOIN" in each]


# --- rules


async def test_a_rule_that_begins_moves_the_fact_on_its_day_and_says_so(world: World, tmp_path: File) -> None:
    day = datetime.fromtimestamp(world.now / 1000 + 86_400, UTC).strftime("%Y-%m-%d")
    rule = f"{{section: device, fields: [version], ranks: {{ssh: 1}}, from: {day}, reason: {{zh: r, en: r}}}}"
    by_table(world, tmp_path, f"rules: [{rule}]")
    await later(world, 0)
    assert await fact(world) == ("5.170", "snmp", "rank"), "not yet"
    for _ in range(4):
        await later(world, 8)
        await snmp(world, bare=True)
    await later(world, 0)
    assert await fact(world) == ("V5.170", "ssh", "rule")
    assert await world.rows(schema.finding) == []


async def test_another_table_is_noticed_and_the_facts_follow_it(world: World, tmp_path: File) -> None:
    await later(world, 0)
    rule = "{section: device, fields: [version], modes: {snmp: advisory}, reason: {zh: r, en: r}}"
    by_table(world, tmp_path, f"rules: [{rule}]")
    await later(world, 0)
    assert await fact(world) == ("V5.170", "ssh", "rule")
    assert await fact(world, Path("device", "model")) == (SWITCH["model"], "snmp", "rank")


async def test_who_advises_is_no_fact_even_alone(world: World, tmp_path: File) -> None:
    by_table(world, tmp_path, "rules: [{section: interfaces, modes: {snmp: advisory}, reason: {zh: r, en: r}}]")
    port = Path("interfaces", "GigabitEthernet0/0/1")
    await later(world, 0)
    assert await fact(world, port) is None
    await snmp(world, interfaces=[{"name": "GigabitEthernet0/0/1", "kind": "ethernet", "state": "down"}])
    assert await fact(world, port) is None
    by_table(world, tmp_path, "")
    await later(world, 0)
    assert (await fact(world, port) or ("", "", ""))[1:] == ("snmp", "rank")


# --- locks


async def lock(world: World, value: Any = None, days: float = 30, by: str = "ada", path: Path = VERSION) -> None:
    world.now += 1
    asked = Asked(path, world.now + int(days * DAY_MS), "the device misreports it", value=value)
    async with world.store.write() as tx:
        await locker(world).lock(act(tx, by, world.now), ADMIN, (await switch(world)).uid, asked)


def locker(world: World) -> Locker:
    policies = world.runner.policies
    return Locker(policies.precedence, partial(reconciling.settle, policies=policies))


async def test_a_lock_stops_the_fact_and_what_sources_say_against_it_stays_in_sight(world: World) -> None:
    await lock(world)
    await snmp(world, "5.171")
    assert await fact(world) == ("5.170", "hand", "lock")
    async with world.store.read() as reader:
        (locked,) = await on_ci(reader, (await switch(world)).id)
    assert {(each.source.partition("/")[0], each.value) for each in locked.against} == {
        ("snmp", "5.171"), ("ssh", "V5.170"),
    }  # fmt: skip
    claims = await world.rows(schema.claim.join(schema.val), schema.val.c.text == '"5.171"')
    assert len(claims) == 1, "the claim is written as ever"


async def test_a_lock_hides_nothing_from_what_is_held_against_approvals(world: World) -> None:
    await lock(world)
    async with world.store.write() as tx:
        await tx.execute(update(schema.ci).values(state="active"))
    await snmp(world, "5.171")
    await snmp(world, "5.172")
    assert await fact(world) == ("5.170", "hand", "lock")
    assert len(await world.rows(schema.finding)) == 1


async def test_a_locked_value_moves_when_it_is_locked_to_another_one(world: World) -> None:
    await lock(world, "5.170 SP1")
    assert await fact(world) == ("5.170 SP1", "hand", "lock")
    await later(world, 25)
    assert await fact(world) == ("5.170 SP1", "hand", "lock"), "no takeover moves it"
    await snmp(world, bare=True)
    async with world.store.write() as tx:
        uid = (await switch(world)).uid
        await locker(world).release(act(tx, "ada", world.now), ADMIN, uid, VERSION, "it was repaired")
    assert await fact(world) == ("5.170", "snmp", "rank")
    assert await world.rows(schema.finding) == []
    assert await tiles(world)


async def test_a_lock_ends_by_itself_on_its_day_and_the_audit_log_says_so(world: World) -> None:
    await lock(world, "held", days=1)
    await later(world, 12)
    await snmp(world, bare=True)
    await later(world, 13)
    assert await fact(world) == ("5.170", "snmp", "rank")
    (ended,) = await world.rows(schema.value_lock)
    assert (ended.ended_by, ended.ended_why) == ("collector", "expired")
    (row,) = await world.rows(schema.audit, schema.audit.c.action == "ci.unlock")
    assert (row.actor, json.loads(row.details)["after"]["why"]) == ("collector", "expired")


@pytest.mark.parametrize(("table", "values", "why"), [
    (schema.account, {"state": "disabled"}, "holder"), (schema.ci, {"state": "retired"}, "ci"),
])  # fmt: skip
async def test_who_is_gone_holds_no_lock(world: World, table: Any, values: dict[str, str], why: str) -> None:
    await lock(world, "held")
    async with world.store.write() as tx:
        await tx.execute(update(table).values(**values))
    await later(world, 0)
    (ended,) = await world.rows(schema.value_lock)
    assert ended.ended_why == why
    assert await fact(world) == ("5.170", "snmp", "rank")


async def test_a_lock_on_what_one_source_tells_stops_it_too(world: World) -> None:
    port = Path("interfaces", "GigabitEthernet0/0/1")
    await lock(world, path=port)
    held = await fact(world, port)
    await snmp(world, interfaces=[])
    assert held is not None
    assert (held[1:], await fact(world, port)) == (("hand", "lock"), held)
    async with world.store.read() as reader:
        (locked,) = await on_ci(reader, (await switch(world)).id)
    assert (locked.against, locked.is_unsaid, locked.is_disputed) == ((), True, True)
    async with world.store.write() as tx:
        uid = (await switch(world)).uid
        await locker(world).release(act(tx, "ada", world.now), ADMIN, uid, port, "it is gone indeed")
    assert await fact(world, port) is None


# --- five states, one test a worked sentence


def told(status: Status, body: Any, reason: str = "", complete: bool = True, at: int = 0) -> bytes:
    encoded = None if body is None else canonical(arrange(SECTIONS["device"], body))
    section = Section("device", status, complete, digest(encoded or b""), encoded, reason)
    target = Target("snmp", "", "192.0.2.1")
    return codec.encode_observation(
        Observation(at, "0.1.0", "boot", state_hash((section,)), (section,), target=target)
    )  # fmt: skip


async def _stands(world: World, payload: bytes) -> tuple[Any, Any]:
    """Return the open claims of SNMP before and after it says that."""

    async def claims() -> list[Any]:
        (source,) = await world.rows(schema.source, schema.source.c.kind == "snmp")
        return await world.rows(schema.claim, schema.claim.c.source_id == source.id, schema.claim.c.vt == FOREVER)

    before = await claims()
    await world.say(PROBE, payload)
    return before, await claims()


@pytest.mark.parametrize("status", [Status.FAILED, Status.DENIED, Status.UNSUPPORTED])
async def test_what_failed_was_denied_or_is_unsupported_touches_no_claim(world: World, status: Status) -> None:
    before, after = await _stands(world, told(status, None, "no sudo", at=world.now))
    assert before == after
    (section,) = [row for row in await world.rows(schema.section, schema.section.c.name == "device") if row.misses]
    assert (section.misses, section.reason) == (1, "no sudo"), "a miss is counted, with its reason"
    assert await world.rows(schema.finding) == []


async def test_what_was_not_asked_touches_no_claim(world: World) -> None:
    whole = found("192.0.2.1", SWITCH, world.now)
    seen = codec.decode_observation(whole)
    ports = tuple(each for each in seen.sections if each.name == "interfaces")
    before, after = await _stands(world, codec.encode_observation(replace(seen, sections=ports)))
    assert before == after


async def test_what_is_positively_absent_ends_the_claim_and_the_next_source_is_believed(world: World) -> None:
    await snmp(world)
    device = {name: value for name, value in SWITCH.items() if name != "version"}
    await world.say(PROBE, found("192.0.2.1", device, world.now))
    assert await fact(world) == ("V5.170", "ssh", "rank")


async def test_an_incomplete_section_takes_no_element_away(world: World) -> None:
    before, after = await _stands(world, found("192.0.2.1", SWITCH, world.now, whole=False, interfaces=[]))
    assert before == after


async def test_memory_that_could_not_be_read_is_not_memory_that_was_removed(world: World) -> None:
    host = SimulatedHost(1)
    await world.enrol(2)
    await world.tell(2, host)
    (path,) = await world.rows(schema.path, schema.path.c.section == "memory", schema.path.c.key.startswith("total"))
    before = await fact(world, Path("memory", path.key))
    denied = Section("memory", Status.DENIED, reason="no sudo")
    await world.say(2, codec.encode_observation(Observation(world.now + 60_000, sections=(denied,))))
    assert before is not None
    assert await fact(world, Path("memory", path.key)) == before
    assert await world.rows(schema.finding) == []


async def test_a_better_source_that_says_nothing_can_be_filled_and_never_wipes_what_the_other_says(
    world: World,
) -> None:
    device = {name: value for name, value in SWITCH.items() if name != "version"}
    await world.say(PROBE, found("192.0.2.1", device, world.now))
    assert await fact(world) == ("V5.170", "ssh", "rank"), "its null is no value that could win"
    await world.say(PROBE, found("192.0.2.1", device, world.now, protocol="ssh", interfaces=[]))
    assert await fact(world) is None, "and what nobody says any more is cleared"
