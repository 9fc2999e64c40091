"""Changes as they are kept, on both engines: whole again, written by who read them last, found by what they concern."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collector.change import lifecycle
from collector.change.expected import Expected, How
from collector.change.flow import Step
from collector.change.freeze import Freeze
from collector.change.lifecycle import Actor
from collector.change.record import Change, ChangeType, Line, Plan, Request, State, Task, Window
from collector.change.verification import LineState
from collector.model import Path
from collector.store import change_templates, change_trail, changes, freezes
from collector.store.change_templates import APPROVED, TemplateRow
from collector.store.change_trail import Decision, Mark
from collector.store.changes import Kept, Origin, Stale
from collector.store.engine import Store
from collector.store.freezes import FreezeRow
from tests.store.ground import with_cis

HOUR = 3_600_000
NOON = 1_800_000_000_000
ANN, BEA = Actor("ann"), Actor("bea", frozenset({"change_supervisor"}))
LINES = (
    Line(1, Path("os", "version"), Expected(How.EXACT, "12.5")),
    Line(2, Path("packages", "openssl|amd64"), Expected(How.ONE_OF, ("3.0.1", "3.0.2")), "version"),
    Line(2, Path("hardware", "ram_mib"), Expected(How.RANGE, (1024, None))),
    Line(3, Path("packages", "")),
)


def a_change(type_: ChangeType = ChangeType.STANDARD, start: int = NOON) -> Change:
    asked = Request("Patch 服务器\u2028", "安全公告", frozenset({1, 2, 3}), "cid", NOON)
    plan = Plan(LINES, Window(start, start + HOUR), NOON, "apt full-upgrade")
    return Change("", type_, "ann", asked, plan)


async def kept(store: Store, one: Change, origin: Origin | None = None, at: int = NOON) -> Kept:
    async with store.write() as tx:
        return await changes.add(tx, one, origin or Origin(), at)


async def read(store: Store, number: str) -> Kept:
    async with store.read() as connection:
        found = await changes.find(connection, number)
    assert found is not None
    return found


async def test_a_change_comes_back_whole_with_its_hashes_and_the_classes_of_its_cis(store: Store) -> None:
    await with_cis(store, 3)
    added = await kept(store, a_change())
    assert added.change.number == "CHG-000001"
    assert await read(store, "CHG-000001") == added
    assert added.change == replace(a_change(), number="CHG-000001", ci_classes=frozenset({"server"}))
    assert added.change.content_hash == a_change().content_hash


async def test_words_tasks_and_times_are_kept_as_they_come(store: Store) -> None:
    await with_cis(store, 3)
    before = await kept(store, a_change())
    after = lifecycle.take(before.change, Step.SUBMIT, ANN, NOON + 1)
    after = lifecycle.take(after, Step.REFUSE, BEA, NOON + 2, reason="no way back is planned")
    after = replace(after, tasks=(Task("update the label", "dan"),), cancelled_at=NOON + 3)
    async with store.write() as tx:
        saved = await changes.save(tx, before, after, NOON + 3)
    assert await read(store, before.change.number) == saved
    assert saved.change.words[0].reason == "no way back is planned"
    assert (saved.version, saved.moved_at, saved.created_at) == (2, NOON + 3, NOON)


async def test_who_read_an_older_version_writes_nothing(store: Store) -> None:
    await with_cis(store, 3)
    before = await kept(store, a_change())
    after = lifecycle.take(before.change, Step.SUBMIT, ANN, NOON + 1)
    async with store.write() as tx:
        await changes.save(tx, before, after, NOON + 1)
    with pytest.raises(Stale, match="CHG-000001"):
        async with store.write() as tx:
            await changes.save(tx, before, replace(after, state=State.CANCELLED), NOON + 2)
    assert (await read(store, "CHG-000001")).change.state is State.REQUESTED


async def test_an_edit_takes_lines_and_cis_away(store: Store) -> None:
    await with_cis(store, 3)
    before = await kept(store, a_change())
    asked = replace(before.change.request, ci_ids=frozenset({1}))
    after = lifecycle.edit(before.change, ANN, NOON + 5, request=asked, plan=Plan(LINES[:1], Window(NOON, NOON + 9), 0))
    async with store.write() as tx:
        await changes.save(tx, before, after, NOON + 5)
    again = (await read(store, before.change.number)).change
    assert (again.request.ci_ids, again.lines, again.recorded_at) == ({1}, LINES[:1], NOON + 5)


async def test_what_may_explain_a_move_has_a_line_on_the_ci_and_a_window_that_meets_the_reach(store: Store) -> None:
    await with_cis(store, 3)
    near = await kept(store, a_change())
    await kept(store, a_change(start=NOON + 100 * HOUR))
    async with store.read() as connection:
        there = await changes.concerning(connection, [1], Window(NOON - HOUR, NOON))
        elsewhere = await changes.concerning(connection, [9], Window(NOON - HOUR, NOON))
        later = await changes.concerning(connection, [1], Window(NOON + 2 * HOUR, NOON + 3 * HOUR))
    assert [each.change for each in there] == [near.change]
    assert (elsewhere, later) == ((), ())


async def test_an_emergency_is_a_candidate_where_it_was_recorded_whatever_it_claims(store: Store) -> None:
    await with_cis(store, 3)
    emergency = await kept(store, a_change(ChangeType.EMERGENCY, start=NOON - 500 * HOUR))
    async with store.read() as connection:
        found = await changes.concerning(connection, [3], Window(NOON - HOUR, NOON + HOUR))
    assert [each.change for each in found] == [emergency.change]


async def test_work_on_the_same_cis_at_the_same_time_is_found_until_it_ends(store: Store) -> None:
    await with_cis(store, 3)
    one = await kept(store, a_change())
    times = Window(NOON, NOON)
    async with store.read() as connection:
        assert await changes.at_work(connection, [2], times) == (one.change,)
    async with store.write() as tx:
        await changes.save(tx, one, replace(one.change, state=State.CANCELLED), NOON)
    async with store.read() as connection:
        assert await changes.at_work(connection, [2], times) == ()


async def test_what_moved_since_is_told_in_order_and_what_waits_to_be_verified_is_found(store: Store) -> None:
    await with_cis(store, 3)
    first, second = await kept(store, a_change()), await kept(store, a_change())
    async with store.write() as tx:
        await changes.save(tx, first, replace(first.change, state=State.IMPLEMENTED), NOON + 7)
    async with store.read() as connection:
        moved = await changes.moved_since(connection, NOON)
        waiting = await changes.to_verify(connection)
        assert await changes.moved_since(connection, NOON + 8) == ()
        assert await changes.count_by_state(connection) == {"draft": 1, "implemented": 1}
    assert [each.id for each in moved] == [second.id, first.id]
    assert [each.id for each in waiting] == [first.id]


async def test_what_another_system_calls_it_is_told_once(store: Store) -> None:
    await with_cis(store, 3)
    one = await kept(store, a_change(), Origin("itop", "C-0042"))
    async with store.read() as connection:
        assert await changes.by_reference(connection, "itop", "C-0042") == one
        assert await changes.by_reference(connection, "glpi", "C-0042") is None
    await kept(store, a_change())  # and what has no reference is no other's
    await kept(store, a_change())


async def test_a_template_covers_changes_from_its_approval_on(store: Store) -> None:
    await with_cis(store, 3)
    proposed = TemplateRow("", "Patching", "as ever", frozenset({Path("packages", "")}), "ann", NOON, NOON + 9)
    async with store.write() as tx:
        row = await change_templates.add(tx, proposed)
        assert (row.number, row.template) == ("TPL-000001", None)
        await change_templates.decide(tx, replace(row, state=APPROVED, decided_by="bea", decided_at=NOON + 1))
    async with store.read() as connection:
        found = await change_templates.find(connection, row.number)
        assert await change_templates.everyone(connection) == [found]
    assert found
    assert found.template
    assert found.template.approved_by == "bea"
    made = await kept(store, replace(a_change(), template=found.template))
    assert (await read(store, made.change.number)).change.template == found.template


async def test_freezes_are_listed_until_they_are_over(store: Store) -> None:
    row = FreezeRow("f-1", Freeze("春节", Window(NOON, NOON + HOUR), frozenset({"network"})), "bea", NOON)
    async with store.write() as tx:
        await freezes.add(tx, row)
    async with store.read() as connection:
        assert await freezes.since(connection, NOON + HOUR) == [row]
        assert await freezes.since(connection, NOON + HOUR + 1) == []
    async with store.write() as tx:
        assert await freezes.remove(tx, "f-1")
        assert not await freezes.remove(tx, "f-1")


async def test_the_trail_keeps_every_step_and_a_line_what_was_decided_last(store: Store) -> None:
    await with_cis(store, 3)
    one = await kept(store, a_change())
    marks = (Mark(NOON, "ann", "raise", "draft"), Mark(NOON + 1, "ann", "submit", "requested", "please"))
    said = [
        Decision(1, LineState.CANCELLED, "ann", NOON, "not done"),
        Decision(1, LineState.MANUALLY_VERIFIED, "bea", NOON + 1, "seen on the label"),
    ]
    async with store.write() as tx:
        for mark in marks:
            await change_trail.add(tx, one.id, mark)
        for each in said:
            await change_trail.decide(tx, one.id, each)
    async with store.read() as connection:
        assert await change_trail.of(connection, one.id) == marks
        assert await change_trail.decisions(connection, [one.id]) == {one.id: {1: said[1]}}
