"""Plans of sweeps: made, changed, refused, and due by the clock."""

from __future__ import annotations

from datetime import UTC

import pytest

from collector.services import sweeps
from collector.services.sweeps import NewPlan, Refused
from collector.services.sweeps.timekeeper import Timekeeper
from tests.acts import act
from tests.collector.services.sweeping import CAMPUS, HOUR, MINUTE, NOW, Collector
from wire.sweep import Progress


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
