"""Sweeps that are cancelled, fail, are interrupted, given to another probe, and swept again."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

import pytest

from collector.services import sweeps
from collector.services.sweeps import Refused
from collector.store.engine import Store
from tests.acts import act
from tests.collector.services.sweeping import CAMPUS, HOUR, MINUTE, NOW, Collector, row, with_probes
from wire.sweep import Progress, TargetRow

AT_NIGHT = int(datetime(2026, 11, 27, 23, 30, tzinfo=UTC).timestamp() * 1000)


async def test_a_sweep_that_its_probe_could_not_run_has_failed_with_the_reason(collector: Collector) -> None:
    sweep = await collector.start(await collector.plan())
    await collector.take()
    await collector.tell(Progress(sweep, ended=True, failure="the child\nended \x1b[31mwith 1"))
    at = await collector.one(sweep)
    assert (at.state, at.reason) == ("failed", "the child ended [31mwith 1")


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


# --- all of it


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
