"""Rows of plans, sweeps and their ledgers, on both engines."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store import agents, sweep_plans, sweep_targets, sweeps
from collector.store.agents import NewAgent
from collector.store.engine import Store
from collector.store.sweep_plans import NewPlanRow
from collector.store.sweep_targets import Filter, LedgerRow, Tally
from collector.store.sweeps import DONE, RUNNING, WAITING, NewSweepRow, SweepRow

PLAN = NewPlanRow("plan-1", "campus", "", "{}", "0 2 * * *", 1, "ada", 100)


async def with_sweeps(tx: AsyncConnection, count: int, plan_uid: str = "plan-1") -> list[SweepRow]:
    """Write a plan and sweeps of it; return them, oldest first."""
    await sweep_plans.add(tx, replace(PLAN, uid=plan_uid, name=plan_uid))
    plan = await sweep_plans.find(tx, plan_uid)
    assert plan
    for at in range(count):
        await sweeps.add(tx, NewSweepRow(f"{plan_uid}-{at}", plan.id, "", "{}", "ada", at, "{}"))
    return (await sweeps.recent(tx, 99, "", plan_uid))[::-1]


def row(address: str, stage: str = "explore", cause: str = "", credential: str = "", at: int = 5) -> LedgerRow:
    return LedgerRow(address, stage, cause, "", credential, "{}", at, 1)


# --- plans


async def test_a_plan_is_due_from_its_time_on_unless_it_has_none_or_rests(store: Store) -> None:
    async with store.write() as tx:
        for name, next_at in (("soon", 100), ("later", 200), ("sooner", 50), ("by-hand", 0)):
            await sweep_plans.add(tx, replace(PLAN, uid=name, name=name, next_at=next_at))
        assert [each.name for each in await sweep_plans.due(tx, 99)] == ["sooner"]
        assert [each.name for each in await sweep_plans.due(tx, 150)] == ["sooner", "soon"]
        sooner = await sweep_plans.find(tx, "sooner")
        assert sooner
        await sweep_plans.change(tx, sooner.id, state="resting")
        assert [each.name for each in await sweep_plans.due(tx, 150)] == ["soon"]
        assert [each.name for each in await sweep_plans.everyone(tx)] == ["by-hand", "later", "soon", "sooner"]


async def test_the_sweeps_of_a_plan_outlive_it_and_say_what_it_was_called(store: Store) -> None:
    async with store.write() as tx:
        (only,) = await with_sweeps(tx, 1)
        assert only.plan_id is not None
        assert await sweep_plans.hold(tx, only.plan_id)
        await sweep_plans.remove(tx, only.plan_id)
        assert not await sweep_plans.hold(tx, only.plan_id)
        kept = await sweeps.find(tx, only.uid)
        assert kept == replace(only, plan_id=None, plan_uid=None)


# --- sweeps


async def test_sweeps_come_newest_first_from_any_on(store: Store) -> None:
    async with store.write() as tx:
        await with_sweeps(tx, 5)
        await with_sweeps(tx, 1, "plan-2")
        assert [each.uid for each in await sweeps.recent(tx, 2, "", "")] == ["plan-2-0", "plan-1-4"]
        assert [each.uid for each in await sweeps.recent(tx, 2, "plan-1-4", "")] == ["plan-1-3", "plan-1-2"]
        assert [each.uid for each in await sweeps.recent(tx, 1, "", "plan-1")] == ["plan-1-4"]
        assert await sweeps.recent(tx, 2, "no such", "") == []


async def test_a_sweep_names_its_plan_and_its_probe(store: Store) -> None:
    async with store.write() as tx:
        (only,) = await with_sweeps(tx, 1)
        assert (only.plan_uid, only.plan_name, only.agent_uid) == ("plan-1", "plan-1", None)
        probe = await agents.create(tx, NewAgent("agent-1", b"key", "serial", 1, 1, hostname="probe-a"))
        assert await sweeps.change(tx, only.id, agent_id=probe.id)
        taken = await sweeps.find(tx, only.uid)
        assert taken
        assert (taken.agent_uid, taken.agent_name) == ("agent-1", "probe-a")


async def test_a_sweep_is_changed_only_from_the_states_that_were_asked_for(store: Store) -> None:
    async with store.write() as tx:
        first, second = await with_sweeps(tx, 2)
        assert await sweeps.change(tx, first.id, (WAITING,), state=RUNNING)
        assert not await sweeps.change(tx, first.id, (WAITING,), state=RUNNING)
        assert [each.uid for each in await sweeps.in_state(tx, RUNNING)] == [first.uid]
        assert [each.uid for each in await sweeps.in_state(tx, WAITING, "")] == [second.uid]
        assert await sweeps.in_state(tx, WAITING, "dmz") == []
        assert await sweeps.count_by_state(tx) == {RUNNING: 1, WAITING: 1}


async def test_a_plan_is_under_way_while_a_sweep_of_it_waits_or_runs(store: Store) -> None:
    async with store.write() as tx:
        (only,) = await with_sweeps(tx, 1)
        assert only.plan_id is not None
        for state, expected in ((WAITING, True), (RUNNING, True), (DONE, False)):
            await sweeps.change(tx, only.id, state=state)
            assert await sweeps.is_under_way(tx, only.plan_id) is expected


async def test_the_last_sweep_of_each_plan_is_found_and_the_last_that_ended(store: Store) -> None:
    async with store.write() as tx:
        first, second = await with_sweeps(tx, 2)
        await with_sweeps(tx, 1, "plan-2")
        await sweeps.change(tx, first.id, ended_at=9)
        assert {each.uid for each in await sweeps.last_of_plans(tx)} == {second.uid, "plan-2-0"}
        assert [each.uid for each in await sweeps.last_of_plans(tx, ended=True)] == [first.uid]


async def test_old_sweeps_go_with_their_ledgers_and_the_last_of_a_plan_stays(store: Store) -> None:
    async with store.write() as tx:
        first, second = await with_sweeps(tx, 2)
        for each in (first, second):
            await sweeps.change(tx, each.id, state=DONE, ended_at=10)
            await sweep_targets.put(tx, each.id, [row("192.0.2.1")])
        assert not await sweeps.forget_one(tx, 10)
        assert await sweeps.forget_one(tx, 11)
        assert not await sweeps.forget_one(tx, 11)
        assert [each.uid for each in await sweeps.recent(tx, 9, "", "")] == [second.uid]
        assert await sweep_targets.listed(tx, first.id, Filter(), "", 9) == []


# --- ledger


async def test_a_target_has_one_row_that_says_the_last_word(store: Store) -> None:
    async with store.write() as tx:
        (only,) = await with_sweeps(tx, 1)
        await sweep_targets.put(tx, only.id, [])
        await sweep_targets.put(tx, only.id, [row("192.0.2.1", "sweep", "no_answer"), row("192.0.2.2")])
        await sweep_targets.put(tx, only.id, [row("192.0.2.1")])
        assert await sweep_targets.listed(tx, only.id, Filter(), "", 9) == [row("192.0.2.1"), row("192.0.2.2")]
        assert await sweep_targets.ends_of(tx, only.id, ["192.0.2.1", "192.0.2.9"]) == {"192.0.2.1": ("explore", "")}


async def test_a_ledger_is_filtered_and_paged_by_address(store: Store) -> None:
    async with store.write() as tx:
        (only,) = await with_sweeps(tx, 1)
        silent = [row(f"192.0.2.{last}", "sweep", "no_answer") for last in range(1, 6)]
        await sweep_targets.put(tx, only.id, [*silent, row("192.0.2.7"), row("192.0.2.8", "identify", "timeout")])
        page = await sweep_targets.listed(tx, only.id, Filter("no_answer"), "192.0.2.2", 2)
        assert [each.address for each in page] == ["192.0.2.3", "192.0.2.4"]
        assert [each.address for each in await sweep_targets.listed(tx, only.id, Filter(""), "", 9)] == ["192.0.2.7"]
        assert len(await sweep_targets.listed(tx, only.id, Filter(stage="identify"), "", 9)) == 1
        assert await sweep_targets.failed(tx, only.id, ("no_answer",)) == ["192.0.2.8"]


async def test_a_ledger_is_counted_by_subnet(store: Store) -> None:
    async with store.write() as tx:
        (only,) = await with_sweeps(tx, 1)
        await sweep_targets.put(
            tx, only.id, [row(f"10.0.{net}.{last}") for net in (1, 12) for last in (1, 22, 255)] + [row("2001:db8::1")]
        )
        assert sorted(await sweep_targets.tallies(tx, only.id), key=lambda each: each.group) == [
            Tally("10.0.1.", "explore", "", 3), Tally("10.0.12.", "explore", "", 3),
            Tally("2001:db8::1", "explore", "", 1),
        ]  # fmt: skip


async def test_a_thousand_rows_are_written_at_once(store: Store) -> None:
    async with store.write() as tx:
        (only,) = await with_sweeps(tx, 1)
        await sweep_targets.put(tx, only.id, [row(f"10.{at >> 8}.{at & 255}.1") for at in range(1000)])
        assert (
            len(await sweep_targets.ends_of(tx, only.id, [f"10.{at >> 8}.{at & 255}.1" for at in range(1000)])) == 1000
        )
