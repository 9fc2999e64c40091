"""Who is not there any more, through the real store: from the ledgers of sweeps to states, findings and incidents."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from collector.change.approval import NEEDS, SUPERVISOR, hash_for
from collector.change.expected import Expected, How
from collector.change.record import PRESENCE, Change, ChangeType, Line, Plan, Request, State, Window, Word
from collector.model import Value
from collector.pipeline import changed
from collector.services.changes import sights
from collector.store import changes, cis, presence_runs, schema, sweep_targets
from collector.store.engine import Store, insert
from collector.store.sweep_targets import LedgerRow
from tests.collector.test_pipeline import MINUTE, World
from tests.collector.test_targets import PORTS, PROBE, SWITCH, found
from tests.simulated import SimulatedHost

HOUR = 60 * MINUTE
DAY = 24 * HOUR
RANGES = '{"ranges": ["192.0.2.0/24", "198.51.100.0/24"]}'


def address(number: int) -> str:
    return f"192.0.2.{number}"


@dataclass
class Ground:
    """Switches a probe sweeps once a day, and what becomes of them."""

    world: World
    count: int
    day: int = 0

    async def begin(self) -> None:
        world = self.world
        async with world.store.write() as tx:
            plan = {"uid": "plan1", "name": "all", "settings": RANGES, "created_at": 0, "created_by": "anna"}
            await tx.execute(insert(tx, schema.sweep_plan).values(id=1, **plan))
        for number in range(1, self.count + 1):
            await self.show(number)
        async with world.store.write() as tx:
            await cis.admit(tx, [row.id for row in await world.rows(schema.ci)], "test", cis.When.said(world.now))

    async def show(self, number: int, bare: bool = False) -> None:
        """Let the probe find the switch and say what it is."""
        own = {"serial": f"2102353TESR{number:04d}", "name": f"access-{number:02d}",
               "engine_id": f"800007db0300e0fc{number:06x}", "base_mac": f"00:e0:fc:00:00:{number:02x}"}  # fmt: skip
        ports = [{**PORTS[0], "mac": f"00:e0:fc:00:01:{number:02x}"}]
        told = found(address(number), SWITCH | own, self.world.now + MINUTE, bare=bare, interfaces=ports)
        await self.world.say(PROBE, told)

    async def sweep(self, *silent: int, probe: int = PROBE, after: int = DAY) -> str:
        """Sweep a day later, without an answer of those; let the clock be looked at and return the sweep's uid."""
        world, self.day = self.world, self.day + 1
        world.now += after
        uid = f"sweep{self.day}"
        row = {"plan_id": 1, "settings": RANGES, "state": "done", "asked_by": "plan", "asked_at": world.now - HOUR,
               "started_at": world.now - HOUR, "ended_at": world.now}  # fmt: skip
        async with world.store.write() as tx:
            await tx.execute(insert(tx, schema.sweep).values(id=self.day, uid=uid, **row))
            ends = [self._end(each, each not in silent) for each in range(1, self.count + 1)]
            await sweep_targets.put(tx, self.day, ends, probe)
        await world.runner.tick()
        return uid

    def _end(self, number: int, answers: bool) -> LedgerRow:
        stage, cause = ("explore", "") if answers else ("sweep", "no_answer")
        return LedgerRow(address(number), stage, cause, "", "", "{}", self.world.now, 5)

    async def lose(self, number: int, days: int = 11) -> None:
        for _ in range(days):
            await self.sweep(number)

    async def ci(self, number: int = 1) -> Any:
        (row,) = await self.world.rows(schema.ci, schema.ci.c.name == f"access-{number:02d}")
        return row

    async def state(self, number: int = 1) -> str:
        return str((await self.ci(number)).state)

    async def findings(self) -> list[str]:
        rows = await self.world.rows(schema.finding)
        return [row.verdict for row in sorted(rows, key=lambda row: row.id)]

    async def incidents(self, kind: str = "disappearance") -> list[str]:
        return [row.state for row in await self.world.rows(schema.incident, schema.incident.c.kind == kind)]

    async def approve(self, expected: Value, window: tuple[int, int], number: int = 1, finding: int = 0) -> str:
        """Let a normal change be approved that says what becomes of the switch."""
        world, ci = self.world, await self.ci(number)
        change = planned(ci.id, expected, window, world.now)
        async with world.store.write() as tx:
            kept = await changes.add(tx, change, changes.Origin(finding_id=finding or None), world.now)
            await changed(tx, [ci.id], world.now, world.runner.policies)
        return kept.change.number


def planned(ci_id: int, expected: Value, window: tuple[int, int], now: int) -> Change:
    """Return a normal change, approved at `now`, that says what becomes of a CI within a window (ms)."""
    request = Request("work", "because", frozenset({ci_id}), "boris", now)
    lines = (Line(ci_id, PRESENCE, Expected(How.EXACT, expected)),)
    change = Change("", ChangeType.NORMAL, "anna", request, Plan(lines, Window(*window), now), state=State.APPROVED)
    for need in NEEDS[ChangeType.NORMAL]:
        assert need.role == SUPERVISOR
        word = Word(need.stage, need.role, "sophia", now, hash_for(change, need))
        change = replace(change, words=(*change.words, word))
    return change


async def furnished(store: Store, count: int = 3) -> Ground:
    world = World(store)
    await world.enrol(PROBE)
    ground = Ground(world, count)
    await ground.begin()
    return ground


@pytest.fixture
async def ground(sqlite_store: Store) -> Ground:
    return await furnished(sqlite_store)


@pytest.fixture
async def on_both(store: Store) -> Ground:
    """The same on either engine, for the tests that go through every statement."""
    return await furnished(store)


# --- from active to missing


async def test_a_miss_makes_it_unreachable_and_an_answer_active_again(ground: Ground) -> None:
    await ground.sweep(1)
    assert [await ground.state(each) for each in (1, 2)] == ["unreachable", "active"]
    await ground.sweep()
    assert await ground.state() == "active"
    assert await ground.world.rows(schema.presence) == []
    assert await ground.findings() == []


async def test_seven_misses_and_ten_days_make_it_missing_and_that_is_a_finding(ground: Ground) -> None:
    seen_at = ground.world.now
    await ground.sweep(1)
    first_miss = ground.world.now
    await ground.lose(1, 9)
    assert await ground.state() == "unreachable", "ten misses in nine days"
    assert await ground.findings() == []
    await ground.sweep(1)
    assert await ground.state() == "missing"
    (finding,) = await ground.world.rows(schema.finding)
    ci = await ground.ci()
    assert (finding.ci_id, finding.verdict) == (ci.id, "unapproved"), "the eight hours are over long since"
    assert (finding.lo < seen_at, finding.hi) == (True, first_miss), "last seen, first missed"
    (item,) = await ground.world.rows(schema.finding_item)
    (path,) = await ground.world.rows(schema.path, schema.path.c.id == item.path_id)
    assert (path.section, path.key, item.new_val_id) == ("ci", "presence", None)
    assert await ground.incidents("unapproved_change") == ["new"]


async def test_a_missing_ci_is_never_retired_by_time(ground: Ground) -> None:
    await ground.lose(1)
    ground.world.now += 900 * DAY
    await ground.world.runner.tick()
    assert await ground.state() == "missing"


async def test_what_is_missing_and_found_again_is_active_and_its_finding_reverted(on_both: Ground) -> None:
    await on_both.lose(1)
    await on_both.show(1, bare=True)
    await on_both.world.runner.tick()
    assert (await on_both.state(), await on_both.findings()) == ("active", ["reverted"])
    assert await on_both.incidents("unapproved_change") == ["resolved"]
    await on_both.lose(1)
    assert await on_both.findings() == ["reverted", "unapproved"], "gone again is another finding"


async def test_what_only_answers_where_it_stood_is_no_proof_that_it_is_back(ground: Ground) -> None:
    await ground.lose(1)
    await ground.sweep()
    assert await ground.state() == "missing"


async def test_what_its_agent_hears_is_there_however_its_address_keeps_silent(ground: Ground) -> None:
    world, ci = ground.world, await ground.ci()
    async with world.store.write() as tx:
        bound = {"source_id": 1, "role": "host", "ci_id": ci.id, "matched_by": "serial", "since": world.now}
        await tx.execute(insert(tx, schema.subject_ci).values(**bound))
    for _ in range(11):
        async with world.store.write() as tx:
            await tx.execute(schema.agent.update().values(last_seen=world.now + DAY - 30 * MINUTE))
        await ground.sweep(1)
    assert await ground.state() == "active"
    assert await world.rows(schema.presence) == []


# --- who looked


async def test_without_a_canary_no_miss_counts(ground: Ground) -> None:
    await ground.sweep(1, 2)
    assert [row.misses for row in await ground.world.rows(schema.presence)] == [1, 1]
    await ground.sweep(1, 2, 3)
    assert [row.misses for row in await ground.world.rows(schema.presence)] == [1, 1]


async def test_all_of_a_scope_gone_at_once_is_quarantined_with_one_incident_that_a_good_run_resolves(
    ground: Ground,
) -> None:
    for _ in range(3):
        await ground.sweep(1, 2, 3)
    assert {await ground.state(each) for each in (1, 2, 3)} == {"active"}
    assert await ground.incidents() == ["new"]
    runs = await ground.world.rows(schema.presence_run, schema.presence_run.c.kind == "sweep")
    assert {(row.verdict, row.looked, row.gone, row.missed) for row in runs} == {("quarantined", 3, 3, 0)}
    await ground.sweep()
    assert await ground.incidents() == ["resolved"]


async def test_a_run_that_a_person_believes_counts(on_both: Ground) -> None:
    uid = await on_both.sweep(1, 2, 3)
    async with on_both.world.store.write() as tx:
        believed = {"verdict": "believed", "missed": None, "believed_by": "anna"}
        assert await presence_runs.change(tx, uid, ["quarantined"], **believed)
    await on_both.world.runner.tick()
    assert {await on_both.state(each) for each in (1, 2, 3)} == {"unreachable"}
    assert await on_both.incidents() == ["resolved"]
    await on_both.world.runner.tick()
    assert {row.misses for row in await on_both.world.rows(schema.presence)} == {1}, "it is counted once"


async def test_more_than_ten_at_once_are_quarantined(sqlite_store: Store) -> None:
    ground = await furnished(sqlite_store, 30)
    await ground.sweep(*range(1, 12))
    assert await ground.incidents() == ["new"]
    assert await ground.world.rows(schema.presence) == []
    await ground.sweep(*range(1, 11))
    assert await ground.incidents() == ["resolved"]
    assert len(await ground.world.rows(schema.presence)) == 10


async def test_agents_are_missed_by_silence_once_a_day_and_only_while_others_are_heard(store: Store) -> None:
    world = World(store)
    for number in (1, 2):
        await world.enrol(number)
        await world.tell(number, SimulatedHost(number))
    hosts = {row.name: row for row in await world.rows(schema.ci, schema.ci.c.ci_class == "server")}

    async def heard(*numbers: int) -> list[str]:
        world.now += DAY - HOUR
        await world.runner.tick()
        world.now += HOUR
        async with world.store.write() as tx:
            own = schema.agent.update().where(schema.agent.c.id.in_(numbers))
            await tx.execute(own.values(last_seen=world.now - MINUTE))
        await world.runner.tick()
        await world.runner.tick()
        rows = await world.rows(schema.ci, schema.ci.c.id.in_([row.id for row in hosts.values()]))
        return [row.state for row in sorted(rows, key=lambda row: str(row.name))]

    assert await heard(1, 2) == ["active", "active"]
    assert await heard() == ["active", "active"], "silent for a minute more than a round: still heard in it"
    assert await heard() == ["active", "active"], "all at once: quarantined"
    assert await heard(1) == ["active", "unreachable"]
    for _ in range(9):
        assert await heard(1) == ["active", "unreachable"]
    assert await heard(1) == ["active", "missing"]
    assert await heard(1, 2) == ["active", "active"]


# --- retired, and back


async def test_an_approved_change_lets_it_go_at_the_first_miss_and_retires_it(ground: Ground) -> None:
    now = ground.world.now
    number = await ground.approve(None, (now + HOUR, now + 2 * DAY))
    await ground.sweep(1)
    assert (await ground.state(), await ground.findings()) == ("missing", ["in_progress"])
    await ground.sweep(1)
    await ground.sweep(1)
    await ground.world.runner.tick()
    assert (await ground.state(), await ground.findings()) == ("retired", ["verified"])
    (gone,) = await ground.world.rows(schema.auth, schema.auth.c.val_id.is_(None))
    assert (gone.basis, gone.ref) == ("change", number)
    assert await ground.incidents("unapproved_change") == []


async def test_a_change_made_afterwards_retires_what_is_missing(ground: Ground) -> None:
    await ground.lose(1)
    (finding,) = await ground.world.rows(schema.finding)
    await ground.approve(None, (ground.world.now, ground.world.now + DAY), finding=finding.id)
    await ground.world.runner.tick()
    assert (await ground.state(), await ground.findings()) == ("retired", ["accepted"])


async def test_a_change_of_something_else_retires_nothing(ground: Ground) -> None:
    now = ground.world.now
    await ground.approve(True, (now, now + 30 * DAY))
    await ground.lose(1)
    assert await ground.state() == "missing"
    assert (await ground.findings())[0] in ("variance", "unapproved")


async def retired(ground: Ground) -> None:
    now = ground.world.now
    await ground.approve(None, (now + HOUR, now + 2 * HOUR))
    await ground.sweep(1, after=2 * HOUR)
    await ground.sweep(1)
    await ground.world.runner.tick()
    assert await ground.state() == "retired"


async def test_what_was_retired_keeps_its_record_and_its_identifiers_so_that_it_is_known_when_it_is_back(
    ground: Ground,
) -> None:
    before = await ground.ci()
    await retired(ground)
    await ground.show(1)
    await ground.world.runner.tick()
    assert (await ground.ci()).id == before.id, "no new CI"
    assert await ground.state() == "retired", "until that is approved"
    assert await ground.findings() == ["verified", "pending"]
    assert await ground.incidents("unapproved_change") == ["new"]


async def test_an_approved_return_makes_it_active_again(on_both: Ground) -> None:
    await retired(on_both)
    now = on_both.world.now
    await on_both.approve(True, (now + HOUR, now + 2 * HOUR))
    on_both.world.now += HOUR
    await on_both.show(1)
    await on_both.world.runner.tick()
    on_both.world.now += 2 * HOUR
    await on_both.world.runner.tick()
    await on_both.world.runner.tick()
    assert (await on_both.state(), await on_both.findings()) == ("active", ["verified", "verified"])
    assert await on_both.world.rows(schema.presence) == []


async def test_what_was_back_without_approval_and_went_again_is_reverted(ground: Ground) -> None:
    await retired(ground)
    await ground.show(1)
    await ground.world.runner.tick()
    await ground.lose(1)
    assert (await ground.state(), await ground.findings()) == ("retired", ["verified", "reverted"])


async def test_what_is_retired_is_archived_when_its_time_is_over(ground: Ground) -> None:
    await retired(ground)
    ground.world.now += 401 * DAY
    await ground.world.runner.tick()
    assert await ground.state() == "archived"


# --- whether a change may close


async def seen_of(ground: Ground, number: str) -> list[tuple[str, Value]]:
    async with ground.world.store.read() as reader:
        kept = await changes.find(reader, number)
        assert kept
        told = await sights.evidence(reader, kept.change, ground.world.now)
    assert told[0].is_discoverable
    return [(each.source, each.value) for each in told[0].sights]


async def test_that_it_goes_is_seen_by_nobody_while_sources_see_it_there(ground: Ground) -> None:
    now = ground.world.now
    number = await ground.approve(None, (now + HOUR, now + 2 * HOUR))
    await ground.sweep(after=3 * HOUR)
    assert await seen_of(ground, number) == [("snmp//192.0.2.1", True)]
    await ground.sweep(1)
    assert await seen_of(ground, number) == [("presence", None)]
    await ground.show(1)
    await ground.world.runner.tick()
    assert await seen_of(ground, number) == [("snmp//192.0.2.1", True)]


# --- cost


async def test_nothing_is_written_of_what_is_always_there(ground: Ground) -> None:
    await ground.sweep()
    assert await ground.world.rows(schema.presence) == []
    assert await ground.world.rows(schema.source, schema.source.c.kind == "presence") == []
    assert await ground.world.rows(schema.path, schema.path.c.section == "ci") == []
