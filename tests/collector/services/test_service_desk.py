"""The service desk through the real store: what users report, who may do what, clocks that run out, what closes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select

from collector.desk.flow import Deed
from collector.desk.lifecycle import Denied, Why
from collector.security.audit import Actor, acting
from collector.services.incidents.desk import Overtaken
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.store import incidents, schema, sources
from collector.store.engine import Store, insert
from tests.collector.services.servicing import HOUR, Desk, alarm, at, opened


@pytest.fixture
async def desk(store: Store) -> Desk:
    return await opened(store)


async def denied(doing: Callable[[], object]) -> tuple[Why, ...]:
    with pytest.raises(Denied) as caught:
        await doing()  # type: ignore[misc]
    return caught.value.reasons


async def test_an_incident_goes_through_the_lines_and_ends_with_a_score(desk: Desk) -> None:
    number = await desk.report("uma", text="no paper", ci="ci-1", urgency="high", place="A/101")
    first = await desk.look(number)
    assert (first.row.state, first.row.source, first.row.line, first.row.priority) == ("new", "user", 1, "P3")
    assert (first.row.contact, first.row.reporter, first.row.place, first.row.description) == (
        "uma", "uma", "A/101", "no paper",
    )  # fmt: skip
    assert await desk.do("ann", number, Deed.TAKE) == "in_progress"
    assert await desk.do("ann", number, Deed.HAND_ON, text="needs somebody there") == "assigned"
    assert (await desk.look(number)).row.line == 2
    assert await desk.do("bob", number, Deed.TAKE) == "in_progress"
    assert await desk.do("bob", number, Deed.WAIT, code="parts", text="fuser ordered") == "pending"
    assert await desk.do("bob", number, Deed.RESUME) == "in_progress"
    assert await desk.do("bob", number, Deed.RESOLVE, code="replaced", text="new fuser", vendor="swapped") == "resolved"
    assert await desk.do("uma", number, Deed.CLOSE, score=5, text="quick") == "closed"
    last = await desk.look(number)
    assert (last.row.score, last.row.score_comment, last.row.resolution, last.row.vendor_resolution) == (
        5, "quick", "new fuser", "swapped",
    )  # fmt: skip
    assert [mark.act for mark in last.trail] == [
        "open", "take", "hand_on", "take", "wait", "resume", "resolve", "close",
    ]  # fmt: skip
    assert [(each.state, each.line, each.assignee, each.reason) for each in last.intervals] == [
        ("new", 1, "", ""), ("in_progress", 1, "ann", ""), ("assigned", 2, "", ""), ("in_progress", 2, "bob", ""),
        ("pending", 2, "bob", "parts"), ("in_progress", 2, "bob", ""), ("resolved", 2, "bob", ""),
        ("closed", 2, "bob", ""),
    ]  # fmt: skip
    async with desk.store.read() as connection:
        rows = await connection.execute(select(schema.audit.c.action, schema.audit.c.actor))
        assert ("incident.step", "bob") in {tuple(row) for row in rows}


async def test_what_may_not_be_done_is_refused_with_every_reason_and_changes_nothing(desk: Desk) -> None:
    number = await desk.report("uma")
    before = await desk.look(number)
    assert await denied(lambda: desk.do("bob", number, Deed.TAKE)) == (Why.NOT_YOURS,)
    resolving = denied(lambda: desk.do("ann", number, Deed.RESOLVE, code="fixed", text="x"))
    assert await resolving == (Why.NOT_IN_THIS_STATE,)
    assert await denied(lambda: desk.do("bob", number, Deed.HAND_ON)) == (Why.NOT_YOURS, Why.NO_REASON)
    assert await denied(lambda: desk.do("ann", number, Deed.ASSIGN, to="uma")) == (Why.NOT_OF_A_LINE,)
    assert await denied(lambda: desk.do("ann", number, Deed.PRIORITISE, code="P9", text="x")) == (
        Why.NOT_YOURS, Why.NO_SUCH_PRIORITY,
    )  # fmt: skip
    assert await denied(lambda: desk.do("vic", number, Deed.COMMENT, text="me too")) == (Why.NOT_YOURS,)
    with pytest.raises(Refused, match="no such account"):
        await desk.do("ann", number, Deed.ASSIGN, to="nobody")
    with pytest.raises(NotFound):
        await desk.do("ann", "INC-999999", Deed.TAKE)
    assert replace(await desk.look(number), clocks=()) == replace(before, clocks=())


async def test_a_version_that_was_not_the_last_is_refused(desk: Desk) -> None:
    number = await desk.report("uma")
    version = (await desk.look(number)).row.version
    await desk.do("ann", number, Deed.TAKE, version=version)
    with pytest.raises(Overtaken):
        await desk.do("ann", number, Deed.COMMENT, version=version, text="late")


async def test_who_reports_may_take_it_back_until_somebody_works_on_it(desk: Desk) -> None:
    first, second = await desk.report("uma"), await desk.report("uma")
    assert await desk.do("uma", first, Deed.CANCEL, text="it was unplugged") == "cancelled"
    await desk.do("ann", second, Deed.TAKE)
    assert await denied(lambda: desk.do("uma", second, Deed.CANCEL, text="never mind")) == (Why.WORK_HAS_BEGUN,)


async def test_impact_is_what_depends_on_the_ci_and_is_told_with_the_priority(desk: Desk) -> None:
    async with desk.store.write() as tx:
        await sources.ensure(tx, ["probe/a"])
        source = (await sources.load(tx, ["probe/a"]))["probe/a"].id
        edges = [(2, "runs_on", 1), (3, "runs_on", 2)]
        await tx.execute(insert(tx, schema.relation), [
            {"a": a, "kind": kind, "b": b, "source_id": source, "vf": 1, "lo": 1, "tf": 1} for a, kind, b in edges
        ])  # fmt: skip
        await tx.execute(schema.ci.update().where(schema.ci.c.id == 3).values(ci_class="application"))
    await desk.settle(alarm(urgency="high"))
    row = (await desk.look("INC-000001")).row
    assert (row.priority, row.impact, row.urgency) == ("P3", "group", "high")
    assert (row.reckoning["cis"], row.reckoning["applications"]) == (2, 1)
    await desk.do("meg", "INC-000001", Deed.PRIORITISE, code="P1", text="the board meets today")
    row = (await desk.look("INC-000001")).row
    assert (row.priority, row.reckoning["by"], row.reckoning["reason"]) == ("P1", "meg", "the board meets today")


async def test_a_clock_that_runs_out_warns_and_escalates_once_each_even_over_restarts(desk: Desk) -> None:
    number = await desk.report("uma")  # P4: 540 minutes of working time to respond
    reading = (await desk.look(number)).clocks[0]
    assert (reading.warn_at, reading.due_at) == (at("2026-03-02 15:45"), at("2026-03-03 09:00"))
    for moment in ("2026-03-02 15:44", "2026-03-02 15:45", "2026-03-02 16:00", "2026-03-03 09:00", "2026-03-03 12:00"):
        desk.now = at(moment)
        await desk.watch()
        await desk.watch()
    last = await desk.look(number)
    assert [(mark.act, mark.detail["clock"], mark.detail["at"]) for mark in last.trail[1:]] == [
        ("warn", "response", at("2026-03-02 15:45")), ("escalate", "response", at("2026-03-03 09:00")),
    ]  # fmt: skip
    assert last.escalated
    assert await desk.told() == [f"{number}|opened", f"{number}|warned", f"{number}|escalated"]
    async with desk.store.read() as connection:
        said = [row.payload for row in await connection.execute(select(schema.outbox).order_by(schema.outbox.c.id))]
    assert ["响应时限已用 75%" in each for each in said] == [False, True, False]
    assert "响应时限已用 100%" in said[2]


async def test_what_nobody_takes_goes_to_the_next_line_once_from_each_and_its_clock_goes_on(desk: Desk) -> None:
    number = await desk.report("uma")  # P4: twice 540 minutes of working time with each line
    for moment, line in (
        ("2026-03-04 08:59", 1), ("2026-03-04 09:00", 2), ("2026-03-06 08:59", 2), ("2026-03-06 09:00", 3),
        ("2026-03-27 09:00", 3),
    ):  # fmt: skip
        desk.now = at(moment)
        await desk.watch()
        await desk.watch()
        assert (await desk.look(number)).row.line == line, moment
    its = await desk.look(number)
    assert (its.row.state, its.clocks[0].state) == ("new", "running")
    assert [(mark.who, mark.detail["line"]) for mark in its.trail if mark.act == "hand_on"] == [
        ("collector", [1, 2]), ("collector", [2, 3]),
    ]  # fmt: skip
    await desk.do("meg", number, Deed.HAND_ON, line=1, text="ask the user first")
    desk.now = at("2026-04-20 09:00")
    await desk.watch()
    assert (await desk.look(number)).row.line == 1, "what people decided stands"


async def test_what_is_somebodys_stays_and_security_leaves_line_one_sooner(desk: Desk) -> None:
    taken, secure = await desk.report("uma"), await desk.report("uma", category="security")
    await desk.do("meg", taken, Deed.ASSIGN, to="ann")
    desk.now = at("2026-03-03 09:00")
    await desk.watch()
    assert (await desk.look(secure)).row.line == 2
    desk.now = at("2026-03-27 09:00")
    await desk.watch()
    assert ((await desk.look(taken)).row.line, (await desk.look(taken)).row.assignee) == (1, "ann")


async def test_waiting_stops_the_clock_only_for_reasons_that_do(desk: Desk) -> None:
    number = await desk.report("uma")
    await desk.do("ann", number, Deed.TAKE)
    for code, used in (("vendor", 0), ("colleague", 2 * HOUR)):
        await desk.do("ann", number, Deed.WAIT, code=code, text="waiting")
        desk.now += 2 * HOUR
        reading = (await desk.look(number)).clocks[1]
        assert (reading.used, reading.state) == (used, "stopped" if code == "vendor" else "running")
        await desk.do("ann", number, Deed.RESUME)


async def test_another_priority_counts_the_same_intervals_anew(desk: Desk) -> None:
    desk.now = at("2026-03-06 16:30")  # a Friday
    number = await desk.report("uma")
    await desk.do("ann", number, Deed.TAKE)
    desk.now = at("2026-03-09 09:30")
    assert (await desk.look(number)).clocks[1].used == 2 * HOUR
    await desk.do("meg", number, Deed.PRIORITISE, code="P1", text="it is the core")
    reading = (await desk.look(number)).clocks[1]
    assert (reading.used, reading.due_at) == (65 * HOUR, at("2026-03-06 20:30"))
    await desk.watch()
    assert (await desk.look(number)).escalated


async def test_what_is_resolved_closes_after_a_day_of_working_time_without_objection(desk: Desk) -> None:
    await desk.settle(alarm())
    desk.now = at("2026-03-02 10:00")
    await desk.settle()
    assert (await desk.look("INC-000001")).row.resolution_code == "self_recovered"
    desk.now = at("2026-03-04 15:59")
    await desk.watch()
    assert (await desk.look("INC-000001")).row.state == "resolved"
    desk.now = at("2026-03-04 16:00")
    await desk.watch()
    last = await desk.look("INC-000001")
    assert (last.row.state, last.row.closed_at, last.trail[-1].who) == ("closed", desk.now, "collector")


async def test_what_closed_by_itself_is_scored_by_the_user_once_for_two_weeks(desk: Desk) -> None:
    first, second = await desk.report("uma"), await desk.report("uma")
    for number in (first, second):
        await desk.do("ann", number, Deed.TAKE)
        assert "score" not in (await desk.look(number, "uma")).may, "who closes it scores it"
        await desk.do("ann", number, Deed.RESOLVE, code="fixed", text="done")
    desk.now = at("2026-03-09 09:00")
    await desk.watch()
    assert "score" in (await desk.look(first, "uma")).may
    assert await denied(lambda: desk.do("uma", first, Deed.SCORE)) == (Why.NOT_A_SCORE,)
    assert await denied(lambda: desk.do("vic", first, Deed.SCORE, score=1)) == (Why.NOT_YOURS, Why.NOT_THE_REPORTER)
    desk.now = at("2026-03-23 09:00")
    assert await desk.do("uma", first, Deed.SCORE, score=2, text="it took long") == "closed"
    its = await desk.look(first, "uma")
    assert (its.row.score, its.row.score_comment, its.trail[-1].act) == (2, "it took long", "score")
    assert await denied(lambda: desk.do("uma", first, Deed.SCORE, score=5)) == (Why.SCORED,)
    desk.now += 1
    assert await denied(lambda: desk.do("uma", second, Deed.SCORE, score=5)) == (Why.TOO_LATE,)


async def test_what_still_fires_does_not_close(desk: Desk) -> None:
    await desk.settle(alarm())
    await desk.do("ann", "INC-000001", Deed.TAKE)
    await desk.do("ann", "INC-000001", Deed.RESOLVE, code="fixed", text="done")
    await desk.settle(alarm())
    assert (await desk.look("INC-000001")).row.state == "resolved"
    desk.now = at("2026-03-09 09:00")
    await desk.watch()
    last = await desk.look("INC-000001")
    assert (last.row.state, last.row.reopened, last.trail[-1].act) == ("assigned", 1, "still_there")


async def test_a_merged_incident_gives_its_causes_and_says_where(desk: Desk) -> None:
    await desk.settle(alarm("a"), alarm("b"))
    await desk.do("meg", "INC-000002", Deed.MERGE, to="INC-000001", text="the same power cut")
    into, gone = await desk.look("INC-000001"), await desk.look("INC-000002")
    assert (into.row.causes, gone.row.causes, gone.row.state, gone.row.merged_into) == (2, 0, "merged", "INC-000001")
    assert [(each.kind, each.reference) for each in into.links] == [("incident", "INC-000002")]
    await desk.settle(alarm("b"))
    assert (await desk.look("INC-000001")).row.causes == 1
    assert await denied(lambda: desk.do("meg", "INC-000001", Deed.MERGE, to="INC-000001", text="x")) == (Why.ITSELF,)


async def test_a_year_without_a_calendar_is_an_incident_from_the_first_of_december(desk: Desk) -> None:
    desk.now = at("2026-11-30 23:59")
    await desk.watch()
    async with desk.store.read() as connection:
        assert await incidents.open_of_kind(connection, "calendar") == []
    desk.now = at("2026-12-01 00:00")
    await desk.watch()
    await desk.watch()
    async with desk.store.read() as connection:
        (raised,) = await incidents.open_of_kind(connection, "calendar")
    assert raised.cause_key == "calendar|2027"


async def test_maintenance_comes_with_whom_it_is_planned_for(desk: Desk) -> None:
    cause = alarm("maintenance|1", "notice", ci_id=None, kind="maintenance")
    async with desk.store.write() as tx:
        number = await incidents.open_maintenance(tx, cause, "bob", 0, desk.now)
        assert await incidents.open_maintenance(tx, cause, "bob", 0, desk.now) == number
    await desk.settle()
    await desk.watch()
    row = (await desk.look(number)).row
    assert (row.state, row.source, row.assignee, row.line, row.causes) == ("assigned", "maintenance", "bob", 2, 0)


async def test_links_name_what_there_is_and_parents_make_no_ring(desk: Desk) -> None:
    first, second = await desk.report("uma"), await desk.report("uma")
    async with acting(desk.store, Actor("ann", "page"), lambda: desk.now) as act:
        who = desk.who("ann")
        await desk.service.link(act, who, first, "ci", "ci-2")
        await desk.service.link(act, who, first, "request", "REQ/7")
        await desk.service.set_parent(act, who, first, second)
        for kind, reference in (
            ("ci", "none"), ("change", "CHG-9"), ("finding", "7"), ("incident", first), ("knowledge", "KB-999999"),
            ("x", "y"),
        ):  # fmt: skip
            with pytest.raises(Refused):
                await desk.service.link(act, who, first, kind, reference)
        with pytest.raises(Refused, match="under itself"):
            await desk.service.set_parent(act, who, second, first)
    assert [(each.kind, each.reference) for each in (await desk.look(first)).links] == [
        ("ci", "ci-2"), ("request", "REQ/7"),
    ]  # fmt: skip
    assert [each.number for each in (await desk.look(second)).children] == [first]


async def test_a_link_is_taken_back_by_who_works_on_it_and_the_trail_keeps_it(desk: Desk) -> None:
    number = await desk.report("uma")
    async with acting(desk.store, Actor("ann", "page"), lambda: desk.now) as act:
        await desk.service.link(act, desk.who("ann"), number, "ci", "ci-2")
        await desk.service.link(act, desk.who("ann"), number, "request", "ci-2")
        with pytest.raises(Denied):
            await desk.service.unlink(act, desk.who("uma"), number, "ci", "ci-2")
        await desk.service.unlink(act, desk.who("ann"), number, "ci", "ci-2")
        with pytest.raises(NotFound):
            await desk.service.unlink(act, desk.who("ann"), number, "ci", "ci-2")
    its = await desk.look(number)
    assert [(each.kind, each.reference) for each in its.links] == [("request", "ci-2")]
    assert [(mark.act, mark.detail["kind"]) for mark in its.trail[1:]] == [
        ("link", "ci"), ("link", "request"), ("unlink", "ci"),
    ]  # fmt: skip


async def test_fields_are_corrected_by_who_works_on_it_and_major_is_the_managers_word(desk: Desk) -> None:
    number = await desk.report("uma")
    async with acting(desk.store, Actor("ann", "page"), lambda: desk.now) as act:
        await desk.service.edit(act, desk.who("ann"), number, {"contact": "uma, 1234", "category": "printing"})
        with pytest.raises(Denied):
            await desk.service.edit(act, desk.who("ann"), number, {}, major=True)
        with pytest.raises(Refused):
            await desk.service.edit(act, desk.who("ann"), number, {"state": "closed"})
        with pytest.raises(Refused, match="no such category"):
            await desk.service.edit(act, desk.who("ann"), number, {"category": "no such category at all"})
        await desk.service.edit(act, desk.who("meg"), number, {}, major=True)
    row = (await desk.look(number)).row
    assert (row.contact, row.category, row.major) == ("uma, 1234", "printing", True)


@pytest.mark.parametrize("said", [
    {"title": ""}, {"title": "x" * 201}, {"title": "a\x00b"}, {"ci": "no-such"}, {"urgency": "now"}, {"category": "?"},
    {"text": "x" * 4001},
])  # fmt: skip
async def test_a_report_that_cannot_be_kept_is_refused(desk: Desk, said: dict[str, str]) -> None:
    with pytest.raises(Refused):
        await desk.report("uma", **({"title": "x"} | said))
