"""Sweeps from the plan to the ledger: taken by one probe, told, interrupted, given to another, done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from collector.security.vault import Vault
from collector.services import credentials, sweeps
from collector.services.credentials import NewCredential
from collector.services.sweeps import NewPlan, Refused, Sweep, Taker
from collector.services.sweeps.standing import STAGES, Standing, marks
from collector.services.sweeps.timekeeper import Timekeeper
from collector.store import agents
from collector.store import credentials as credential_rows
from collector.store import probes as appointed
from collector.store.agents import NewAgent
from collector.store.engine import Store
from tests.acts import act
from wire.sweep import Progress, SweepTask, TargetRow

VAULT = Vault([bytes(32)])
CAMPUS: dict[str, Any] = {"ranges": ["10.1.0.1-10.1.0.9"], "until": "explore"}
MINUTE, HOUR = 60_000, 3_600_000
NOW = int(datetime(2026, 11, 27, 12, 0, tzinfo=UTC).timestamp() * 1000)
AT_NIGHT = int(datetime(2026, 11, 27, 23, 30, tzinfo=UTC).timestamp() * 1000)


@dataclass
class Collector:
    """A store with two probes, and the calls the tests make."""

    store: Store
    probes: tuple[int, int]

    async def plan(
        self, said: Mapping[str, Any] = CAMPUS, zone: str = "", schedule: str = "", name: str = "campus"
    ) -> str:
        async with self.store.write() as tx:
            return await sweeps.create_plan(act(tx, at=NOW), NewPlan(name, zone, said, schedule))

    async def start(self, plan: str) -> str:
        async with self.store.write() as tx:
            return await sweeps.start(act(tx, at=NOW), plan)

    async def take(self, now: int = NOW, zone: str = "", probe: int = 0) -> SweepTask | None:
        async with self.store.write() as tx:
            return await sweeps.take(tx, VAULT, Taker(self.probes[probe], zone), now, UTC)

    async def tell(self, told: Progress, now: int = NOW, probe: int = 0) -> bool:
        async with self.store.write() as tx:
            return await sweeps.progress(tx, self.probes[probe], told, now, UTC)

    async def one(self, uid: str) -> Sweep:
        async with self.store.read() as connection:
            found = await sweeps.one(connection, uid)
        assert found
        return found

    async def lend(self, name: str, ranges: list[str], **scope: Any) -> str:
        secret = {"user": "muster", "password": "hard-to-guess"}
        async with self.store.write() as tx:
            new = NewCredential(name, "ssh", {"ranges": ranges, **scope}, secret)
            return await credentials.create(act(tx, at=NOW), VAULT, new)


async def with_probes(store: Store) -> Collector:
    async with store.write() as tx:
        probes = [
            (await agents.create(tx, NewAgent(f"agent-{at}", b"%d" % at, "s", 1, 1, hostname=f"probe-{at}"))).id
            for at in range(2)
        ]
        for at in range(2):
            await appointed.appoint(tx, f"agent-{at}", ["", "dmz"])
    return Collector(store, (probes[0], probes[1]))


@pytest.fixture
async def collector(sqlite_store: Store) -> Collector:
    return await with_probes(sqlite_store)


def row(last: int, stage: str = "explore", cause: str = "", credential: str = "", **more: Any) -> TargetRow:
    return TargetRow(f"10.1.0.{last}", stage, cause, "", credential, at_ms=NOW, **more)


# --- plans


async def test_a_plan_comes_back_with_its_next_time_and_its_last_sweep(collector: Collector) -> None:
    uid = await collector.plan(schedule="0  2 * * *")
    await collector.plan(name="branch")
    sweep = await collector.start(uid)
    async with collector.store.read() as connection:
        branch, campus = await sweeps.plans(connection)
        assert await sweeps.plan(connection, uid) == campus
        assert await sweeps.plan(connection, "gone") is None
    assert (campus.schedule, campus.settings, campus.created_by) == ("0 2 * * *", CAMPUS, "ada")
    assert NOW < campus.next_at <= NOW + 24 * HOUR
    assert campus.last
    assert campus.last.uid == sweep
    assert (branch.next_at, branch.last) == (0, None)


@pytest.mark.parametrize(
    ("new", "field"),
    [
        (NewPlan("campus", "", CAMPUS), "name"), (NewPlan("", "", CAMPUS), "name"),
        (NewPlan("p", "a b", CAMPUS), "zone"),
        (NewPlan("p", "", {}), "ranges"), (NewPlan("p", "", CAMPUS, "daily"), "schedule"),
        (NewPlan("a\nb", "", CAMPUS), "name"),
    ],
)  # fmt: skip
async def test_a_plan_that_cannot_be_is_refused_with_its_field(collector: Collector, new: NewPlan, field: str) -> None:
    uid = await collector.plan()
    async with collector.store.write() as tx:
        with pytest.raises(Refused) as refused:
            await sweeps.create_plan(act(tx, at=NOW), new)
        assert refused.value.field == field
        if field != "name" or new.name != "campus":
            with pytest.raises(Refused):
                await sweeps.change_plan(act(tx, at=NOW), uid, new)


async def test_a_changed_plan_leaves_what_is_under_way_as_it_began(collector: Collector) -> None:
    uid = await collector.plan()
    sweep = await collector.start(uid)
    async with collector.store.write() as tx:
        changed = NewPlan("campus", "dmz", {"ranges": ["10.9.0.1"]}, "0 3 * * *")
        assert await sweeps.change_plan(act(tx, at=NOW), uid, changed)
        assert not await sweeps.change_plan(act(tx, at=NOW), "gone", changed)
        with pytest.raises(Refused, match="under way"):
            await sweeps.remove_plan(act(tx), uid)
    assert (await collector.one(sweep)).settings == CAMPUS
    async with collector.store.write() as tx:
        await sweeps.cancel(act(tx, "ada", NOW), sweep)
        assert await sweeps.remove_plan(act(tx), uid)
        assert not await sweeps.remove_plan(act(tx), uid)
    assert (await collector.one(sweep)).plan is None


# --- by whom


async def test_a_sweep_goes_to_a_probe_of_its_zone_and_to_one_alone(collector: Collector) -> None:
    sweep = await collector.start(await collector.plan(zone="dmz"))
    async with collector.store.read() as connection:
        assert not await sweeps.waits(connection, "")
        assert await sweeps.waits(connection, "dmz")
    assert await collector.take() is None
    task = await collector.take(zone="dmz")
    assert task
    assert (task.uid, task.ranges, task.until, task.cursor) == (sweep, ("10.1.0.1-10.1.0.9",), "explore", "")
    assert await collector.take(zone="dmz", probe=1) is None
    taken = await collector.one(sweep)
    assert (taken.state, taken.agent, taken.agent_name, taken.started_at) == ("running", "agent-0", "probe-0", NOW)


async def test_a_probe_has_one_sweep_at_a_time_and_no_address_is_in_two(collector: Collector) -> None:
    for name, ranges in (("a", ["10.1.0.0/24"]), ("b", ["10.1.0.9-10.1.1.5"]), ("c", ["10.2.0.0/24"])):
        await collector.start(await collector.plan({"ranges": ranges}, name=name))
    first = await collector.take()
    assert first
    assert first.ranges == ("10.1.0.0/24",)
    assert await collector.take() is None
    other = await collector.take(probe=1)
    assert other
    assert other.ranges == ("10.2.0.0/24",)
    await collector.tell(Progress(first.uid, ended=True))
    after = await collector.take()
    assert after
    assert after.ranges == ("10.1.0.9-10.1.1.5",)


async def test_a_plan_never_runs_twice_at_once(collector: Collector) -> None:
    plan = await collector.plan(schedule="*/5 * * * *")
    sweep = await collector.start(plan)
    for _ in ("waiting", "running"):
        with pytest.raises(Refused, match="under way"):
            await collector.start(plan)
        async with collector.store.write() as tx:
            assert await sweeps.due(tx, NOW + HOUR, UTC) == []
        await collector.take()
    await collector.tell(Progress(sweep, ended=True))
    await collector.start(plan)


# --- what is lent


async def test_a_probe_is_lent_what_is_in_scope_for_the_targets_it_has(collector: Collector) -> None:
    await collector.lend("elsewhere", ["10.2.0.0/16"])
    await collector.lend("other zone", ["10.1.0.0/16"], zones=["dmz"])
    await collector.lend("excepted", ["10.1.0.0/16"], **{"except": ["10.1.0.0/24"]})
    suspended = await collector.lend("suspended", ["10.1.0.0/16"])
    wide = await collector.lend("wide", ["0.0.0.0/0"], vendors=["Cisco"], unpinned=True)
    async with collector.store.write() as tx:
        await credentials.suspend(act(tx), suspended, NOW + 1, "refused")
    await collector.start(await collector.plan())
    task = await collector.take()
    assert task
    (lease,) = task.leases
    assert (lease.uid, lease.kind, lease.ranges) == (wide, "ssh", ("10.1.0.1-10.1.0.9",))
    assert (lease.vendors, lease.silent, lease.unpinned) == (("Cisco",), False, True)
    assert lease.secret == {"user": "muster", "password": "hard-to-guess"}
    assert "hard-to-guess" not in repr(task)


async def test_addresses_of_the_machine_itself_are_lent_only_what_spells_them_out(collector: Collector) -> None:
    await collector.lend("wide", ["0.0.0.0/0"])
    spelled = await collector.lend("spelled", ["127.0.0.0/8"])
    await collector.start(await collector.plan({"ranges": ["127.0.0.1-127.0.0.9"]}))
    task = await collector.take()
    assert task
    assert [each.uid for each in task.leases] == [spelled]


async def test_a_secret_that_was_tampered_with_is_not_lent_and_the_sweep_goes_on(collector: Collector) -> None:
    uid = await collector.lend("narrow", ["10.9.0.1"])
    async with collector.store.write() as tx:
        await credential_rows.change(
            tx, uid, scope='{"ranges": ["0.0.0.0/0"], "except": [], "zones": [], "vendors": []}'
        )
    await collector.start(await collector.plan())
    with capture_logs() as logs:
        task = await collector.take()
    assert task
    assert task.leases == ()
    assert [each["credential"] for each in logs if each["event"] == "a credential is not lent"] == [uid]
    assert "hard-to-guess" not in str(logs)


async def test_nothing_secret_is_logged_when_it_is_lent(collector: Collector) -> None:
    uid = await collector.lend("campus", ["10.1.0.0/16"])
    await collector.start(await collector.plan())
    with capture_logs() as logs:
        await collector.take()
    assert [each["lent"] for each in logs if each["event"] == "a sweep begins"] == [[uid]]
    assert "hard-to-guess" not in str(logs)


# --- how it goes


async def test_a_sweep_is_counted_from_its_rows_and_ends(collector: Collector) -> None:
    sweep = await collector.start(await collector.plan())
    await collector.take()
    told = Progress(sweep, rows=(row(1), row(2, "sweep", "no_answer"), row(3, "identify", "timeout")), cursor="3")
    assert not await collector.tell(told, NOW + 1000)
    at = await collector.one(sweep)
    assert at.counts == {
        "planned": 9, "sweep": 3, "fingerprint": 2, "authenticate": 2, "identify": 2, "explore": 1, "alive": 2,
        "identified": 1, "failed": 1,
    }  # fmt: skip
    assert at.heard_at == NOW + 1000
    await collector.tell(Progress(sweep, rows=(row(3), row(1)), cursor="9", ended=True), NOW + 2000)
    at = await collector.one(sweep)
    assert (at.state, at.ended_at, at.counts["explore"], at.counts["failed"]) == ("done", NOW + 2000, 2, 0)
    assert await collector.tell(Progress(sweep, rows=(row(4),)))


async def test_a_sweep_that_its_probe_could_not_run_has_failed_with_the_reason(collector: Collector) -> None:
    sweep = await collector.start(await collector.plan())
    await collector.take()
    await collector.tell(Progress(sweep, ended=True, failure="the child\nended \x1b[31mwith 1"))
    at = await collector.one(sweep)
    assert (at.state, at.reason) == ("failed", "the child ended [31mwith 1")


async def test_a_ledger_is_read_by_cause_and_stage_and_by_subnet(collector: Collector) -> None:
    sweep = await collector.start(await collector.plan({"ranges": ["10.1.0.0/16"]}))
    await collector.take()
    found = '{"class": "network", "model": "C9300", "cpu": [1], "name": "\\u0000"}'
    rows = [row(1, found_json=found), row(2, "sweep", "no_answer"), row(3, "authenticate", "no_credential")]
    await collector.tell(Progress(sweep, rows=(*rows, TargetRow("10.1.7.1", "identify", at_ms=1))))
    async with collector.store.read() as connection:
        (silent,) = await sweeps.targets(connection, sweep, cause="no_answer")
        (explored,) = await sweeps.targets(connection, sweep, cause="", stage="explore")
        assert await sweeps.targets(connection, "gone") == []
        assert len(await sweeps.targets(connection, sweep, after="10.1.0.2", limit=1)) == 1
        first, second = await sweeps.coverage(connection, sweep)
        assert await sweeps.coverage(connection, "gone") == []
    assert (silent.address, silent.stage) == ("10.1.0.2", "sweep")
    assert explored.found == {"class": "network", "model": "C9300", "name": ""}
    assert (first.subnet, first.targets, first.alive, first.identified) == ("10.1.0.0/24", 3, 2, 1)
    assert first.failed == {"no_answer": 1, "no_credential": 1}
    assert (second.subnet, second.targets, second.identified) == ("10.1.7.0/24", 1, 1)


@pytest.mark.parametrize(
    "lie",
    [
        TargetRow("10.9.0.1", "explore"), TargetRow("no address", "explore"), TargetRow("10.1.0.1", "won"),
        TargetRow("10.1.0.1", "explore", "<b>"), TargetRow("10.1.0.1", "explore", "x" * 41), TargetRow("", ""),
    ],
)  # fmt: skip
async def test_what_cannot_be_true_of_a_sweep_is_not_kept(collector: Collector, lie: TargetRow) -> None:
    sweep = await collector.start(await collector.plan())
    await collector.take()
    await collector.tell(Progress(sweep, rows=(lie, row(2))))
    async with collector.store.read() as connection:
        assert [each.address for each in await sweeps.targets(connection, sweep)] == ["10.1.0.2"]


async def test_found_of_another_form_is_an_empty_object_and_time_does_not_come_from_the_future(
    collector: Collector,
) -> None:
    sweep = await collector.start(await collector.plan())
    await collector.take()
    odd = ("[1]", "{", "[" * 4000, "{}" + " " * 9000, '"x"', '{"a": 1e999}')
    rows = tuple(TargetRow(f"10.1.0.{at}", "explore", found_json=each, at_ms=NOW * 9) for at, each in enumerate(odd, 1))
    await collector.tell(Progress(sweep, rows=rows))
    async with collector.store.read() as connection:
        found = await sweeps.targets(connection, sweep)
    assert [(each.found, each.at) for each in found] == [({}, NOW)] * len(odd)


async def test_only_the_probe_that_has_a_sweep_is_heard_about_it(collector: Collector) -> None:
    sweep = await collector.start(await collector.plan())
    assert await collector.tell(Progress(sweep, rows=(row(1),)))
    await collector.take()
    assert await collector.tell(Progress(sweep, rows=(row(1),), ended=True), probe=1)
    assert await collector.tell(Progress("gone"))
    at = await collector.one(sweep)
    assert (at.state, at.counts) == ("running", {"planned": 9})


async def test_a_cancelled_sweep_stops_and_what_it_found_until_then_is_kept(collector: Collector) -> None:
    sweep = await collector.start(await collector.plan())
    await collector.take()
    async with collector.store.write() as tx:
        assert await sweeps.cancel(act(tx, "ada", NOW + 5), sweep)
        assert not await sweeps.cancel(act(tx, "bob", NOW + 6), sweep)
        assert not await sweeps.cancel(act(tx, "bob", NOW + 6), "gone")
    assert await collector.tell(Progress(sweep, rows=(row(1),), ended=True, failure="cancelled"))
    at = await collector.one(sweep)
    assert (at.state, at.reason, at.ended_at, at.counts["sweep"]) == ("cancelled", "cancelled by ada", NOW + 5, 1)


async def test_again_sweeps_those_that_failed_and_not_where_nobody_is(collector: Collector) -> None:
    plan = await collector.plan()
    sweep = await collector.start(plan)
    await collector.take()
    async with collector.store.write() as tx:
        with pytest.raises(Refused, match="ended"):
            await sweeps.again(act(tx, at=NOW), sweep)
    rows = (row(1), row(2, "sweep", "no_answer"), row(4, "identify", "timeout"), row(5, "sweep", "blackout"))
    await collector.tell(Progress(sweep, rows=rows, ended=True))
    async with collector.store.write() as tx:
        second = await sweeps.again(act(tx, at=NOW), sweep)
        with pytest.raises(Refused, match="under way"):
            await sweeps.again(act(tx, at=NOW), sweep)
    task = await collector.take()
    assert task
    assert (task.uid, task.ranges, task.until) == (second, ("10.1.0.4-10.1.0.5",), "explore")
    await collector.tell(Progress(second, rows=(row(4), row(5)), ended=True))
    async with collector.store.write() as tx:
        with pytest.raises(Refused, match="no target"):
            await sweeps.again(act(tx, at=NOW), second)


# --- interrupted


async def test_the_sweep_of_a_silent_probe_waits_again_from_its_cursor(collector: Collector) -> None:
    sweep = await collector.start(await collector.plan())
    await collector.take()
    await collector.tell(Progress(sweep, rows=(row(1),), cursor="1"), NOW + MINUTE)
    async with collector.store.write() as tx:
        assert await sweeps.orphaned(tx, NOW + 6 * MINUTE - 1) == 0
        assert await sweeps.orphaned(tx, NOW + 6 * MINUTE) == 1
    at = await collector.one(sweep)
    assert (at.state, at.agent, at.reason) == ("waiting", None, "its probe fell silent")
    task = await collector.take(NOW + 7 * MINUTE, probe=1)
    assert task
    assert (task.uid, task.cursor) == (sweep, "1")
    assert await collector.tell(Progress(sweep, rows=(row(2),)))
    await collector.tell(Progress(sweep, rows=(row(1), row(2)), cursor="9", ended=True), probe=1)
    at = await collector.one(sweep)
    assert (at.state, at.counts["sweep"], at.started_at) == ("done", 2, NOW)


async def test_a_sweep_over_which_three_probes_fell_silent_has_failed(collector: Collector) -> None:
    sweep = await collector.start(await collector.plan())
    for tries in count(1):
        now = NOW + tries * HOUR
        if await collector.take(now) is None:
            break
        async with collector.store.write() as tx:
            assert await sweeps.orphaned(tx, now + 5 * MINUTE) == 1
    at = await collector.one(sweep)
    assert (at.state, at.reason, tries) == ("failed", "3 probes fell silent over it", 4)


async def test_a_probe_that_begins_anew_gives_back_what_it_no_longer_holds(collector: Collector) -> None:
    sweep = await collector.start(await collector.plan())
    await collector.take()
    async with collector.store.write() as tx:
        await sweeps.release(tx, collector.probes[0], sweep)
        await sweeps.release(tx, collector.probes[1])
    assert (await collector.one(sweep)).state == "running"
    async with collector.store.write() as tx:
        await sweeps.release(tx, collector.probes[0])
    task = await collector.take(probe=1)
    assert task
    assert task.uid == sweep


async def test_nothing_begins_in_a_blackout_and_what_runs_into_one_goes_on_after_it(collector: Collector) -> None:
    night = {**CAMPUS, "blackout": [{"from": "22:00", "to": "06:00"}]}
    sweep = await collector.start(await collector.plan(night))
    assert await collector.take(AT_NIGHT) is None
    at = await collector.one(sweep)
    assert (at.state, at.reason) == ("waiting", "blackout until 2026-11-28 06:00+00:00")
    assert await collector.take(NOW)
    assert (await collector.one(sweep)).reason == ""
    assert await collector.tell(Progress(sweep, rows=(row(1),), cursor="1"), AT_NIGHT)
    at = await collector.one(sweep)
    assert (at.state, at.agent, at.counts["sweep"]) == ("waiting", None, 1)
    task = await collector.take(AT_NIGHT + 7 * HOUR)
    assert task
    assert task.cursor == "1"


# --- by the clock


async def test_a_plan_that_is_due_starts_once_however_late_it_is_noticed(collector: Collector) -> None:
    uid = await collector.plan(schedule="0 * * * *")
    async with collector.store.write() as tx:
        assert await sweeps.due(tx, NOW, UTC) == []
        (started,) = await sweeps.due(tx, NOW + 5 * HOUR, UTC)
        assert await sweeps.due(tx, NOW + 5 * HOUR, UTC) == []
        plan = await sweeps.plan(tx, uid)
    assert plan
    assert plan.next_at == NOW + 6 * HOUR
    assert (await collector.one(started)).asked_by == "schedule"


async def test_the_timekeeper_starts_gives_up_and_forgets(collector: Collector) -> None:
    await collector.plan(schedule="* * * * *")
    clock = iter((NOW + MINUTE, NOW + 10 * MINUTE, NOW + 400 * 24 * HOUR)).__next__
    keeper = Timekeeper(collector.store, clock)
    await keeper.step()
    task = await collector.take(NOW + MINUTE)
    assert task
    await keeper.step()
    assert (await collector.one(task.uid)).state == "waiting"
    async with collector.store.write() as tx:
        await sweeps.cancel(act(tx, "ada", NOW + 11 * MINUTE), task.uid)
    await keeper.step()
    async with collector.store.read() as connection:
        (newest,) = await sweeps.recent(connection)
    assert newest.uid != task.uid


async def test_a_sweep_lives_the_same_on_both_engines(store: Store) -> None:
    collector = await with_probes(store)
    uid = await collector.lend("campus", ["10.1.0.0/16"])
    plan = await collector.plan(schedule="0 * * * *")
    async with store.write() as tx:
        (sweep,) = await sweeps.due(tx, NOW + HOUR, UTC)
    task = await collector.take(NOW + HOUR)
    assert task
    assert (task.uid, [each.uid for each in task.leases]) == (sweep, [uid])
    hostile = TargetRow("10.1.0.3", "identify", "timeout", "a\0b\u2028", "\0", '{"name": "\\u0000\\ud800"}', NOW, 2**40)
    rows = (row(1, credential=uid), hostile, TargetRow("fe80::1%\0", "explore"))
    assert not await collector.tell(Progress(sweep, rows=rows, cursor="2\0"), NOW + HOUR)
    async with store.write() as tx:
        assert await sweeps.orphaned(tx, NOW + 2 * HOUR) == 1
    again = await collector.take(NOW + 2 * HOUR, probe=1)
    assert again
    assert again.cursor == "2"
    assert not await collector.tell(Progress(sweep, rows=(row(2),), ended=True), NOW + 2 * HOUR, probe=1)
    async with store.write() as tx:
        second = await sweeps.again(act(tx, at=NOW + 2 * HOUR), sweep)
        assert await sweeps.cancel(act(tx, "ada", NOW + 2 * HOUR), second)
        assert [each.targets for each in await sweeps.coverage(tx, sweep)] == [3]
        (found,) = await sweeps.targets(tx, sweep, cause="timeout")
        assert (found.detail, found.found, found.credential) == ("a b", {"name": ""}, "")
        assert [each.uid for each in await sweeps.recent(tx, plan=plan)] == [second, sweep]
        assert await sweeps.remove_plan(act(tx), plan)


# --- counting


ENDS = st.lists(
    st.tuples(st.sampled_from(STAGES), st.sampled_from(["", "no_answer", "timeout", "cancelled"])), max_size=8
)


@given(ENDS, ENDS)
@settings(deadline=None)
def test_counts_do_not_depend_on_how_often_a_target_was_told(
    before: list[tuple[str, str]], after: list[tuple[str, str]]
) -> None:
    once = Standing().moved([], after)
    twice = Standing(Standing().moved([], before)).moved(before, after)
    assert {name: n for name, n in twice.items() if n} == {name: n for name, n in once.items() if n}
    assert all(number >= 0 for number in twice.values())
    assert once.get("sweep", 0) == len(after)
    assert all(next(marks(*end)) == "sweep" for end in after)


async def test_an_agent_nobody_appointed_for_the_zone_is_given_nothing_and_lent_nothing(collector: Collector) -> None:
    await collector.start(await collector.plan())
    async with collector.store.write() as tx:
        assert await appointed.appoint(tx, "agent-0", ["dmz"])
        assert not await appointed.appoint(tx, "nobody", [""])
    assert await collector.take() is None
    assert await collector.take(probe=1) is not None
