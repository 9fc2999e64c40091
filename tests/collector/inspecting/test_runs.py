"""Runs of plans from the clock to the second signature, on both engines, with the shipped rules and real facts."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from collector.inspecting import drawing
from collector.inspecting.line import State
from collector.inspecting.plan import Plan, of_values
from collector.pipeline import inspecting
from collector.services.inspecting import plans, runs, signing
from collector.services.inspecting.keeper import Keeper
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.store import schema, waivers
from collector.store.browse import inspections
from collector.store.browse.inspections import HandlerRow
from collector.waiver import ACCEPT, GRANTED, Waiver
from tests.collector.inspecting.hall import FIRST, JPEG, PLAN, Hall
from tests.collector.inspecting.hall import hall as hall
from tests.collector.inspecting.hall import halls as halls
from tests.collector.inspecting.test_drawing import PLAIN, drawn
from tests.estate import DAY, HOUR, MINUTE, NOW, Estate


async def test_an_inspection_arrives_done_before_its_time_and_says_what_nobody_saw(halls: Hall) -> None:
    plan = await halls.plan()
    halls.at = FIRST - 31 * MINUTE
    await halls.doing("eve", lambda a: plans.pause(a, halls.inspector, plan, True))
    await halls.doing("eve", lambda a: plans.pause(a, halls.inspector, plan, False))
    assert await halls.due() == []
    halls.at = FIRST - 30 * MINUTE
    (number,) = await halls.due()
    found = await halls.seen(number)
    assert (found.run.new.scheduled_for, found.run.state, found.plan_number) == (FIRST, "open", plan)
    assert {thing.name for thing in found.things.values()} == {"srv-1", "srv-2"}
    states = {(found.things[each.ci_id].name, each.rule): each.state for each in found.lines}
    assert states["srv-1", "SRV-DISK-001"] is State.PROBLEM
    assert states["srv-2", "SRV-DISK-001"] is State.PASS
    assert states["srv-2", "SRV-NTP-001"] is State.UNKNOWN
    assert found.run.coverage.ratio == 0.75
    (problem,) = [each for each in found.lines if each.state is State.PROBLEM]
    assert problem.observed_at == NOW - 20_000
    assert problem.source == f"agent/{halls.cis['srv-1'].agent_uid}"
    assert problem.limits
    incident = await halls.incident(found.run.incident)
    assert (incident.source, incident.assignee, incident.line) == ("maintenance", "ada", 2)
    assert incident.resolved_at is None
    # Wednesday 18:00 is after work: two working hours end on Thursday at 10:30.
    assert found.run.new.due_at == FIRST + 16 * HOUR + 30 * MINUTE


async def test_each_time_is_made_once_by_however_many_look_at_the_clock(halls: Hall) -> None:
    await halls.plan()
    halls.at = FIRST
    found = await asyncio.gather(*(halls.due() for _ in range(4)))
    assert sum(map(len, found)) == 1
    assert await halls.due() == []
    assert (await halls.count(schema.inspection_run), await halls.count(schema.incident)) == (1, 1)


async def test_who_dies_between_making_a_run_and_moving_the_plan_on_makes_it_no_second_time(hall: Hall) -> None:
    await hall.plan()
    hall.at = FIRST
    await hall.due()
    async with hall.store.write() as tx:  # as it was before the second transaction
        await tx.execute(update(schema.inspection_plan).values(next_for=FIRST, next_at=FIRST - 30 * MINUTE))
    assert await hall.due() == []
    assert await hall.count(schema.incident) == 1
    hall.at = FIRST + DAY
    assert len(await hall.due()) == 1


async def test_a_run_and_its_incident_stand_or_fall_together(halls: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    await halls.plan()
    halls.at = FIRST

    async def die(*_: object) -> None:
        raise RuntimeError("the power went")

    with monkeypatch.context() as patched:
        patched.setattr(runs.inspection_runs, "link", die)
        with pytest.raises(RuntimeError):
            await halls.due()
    assert (await halls.count(schema.inspection_run), await halls.count(schema.incident)) == (0, 0)
    assert len(await halls.due()) == 1


async def test_of_the_days_nobody_ran_the_last_one_is_made_and_the_others_are_counted(hall: Hall) -> None:
    await hall.plan()
    hall.at = FIRST + 3 * DAY + HOUR
    (number,) = await hall.due()
    run = (await hall.seen(number)).run
    assert (run.new.scheduled_for, run.new.missed) == (FIRST + 3 * DAY, 3)
    assert await hall.due() == []


async def test_what_fails_shares_the_incident_of_monitoring_and_what_is_waived_is_counted_apart(halls: Hall) -> None:
    await halls.plan()
    disk = halls.cis["srv-1"]
    async with halls.store.write() as tx:
        incident_id = await Estate(tx).incident(
            disk, "INC-000777", f"rule|SRV-DISK-001|{disk.uid}|/", {"zh": "x"}, kind="alert"
        )
        await Estate(tx)._add(
            schema.incident_cause, incident_id=incident_id, cause_key=f"rule|SRV-DISK-001|{disk.uid}|/",
            ci_id=disk.id, role="cause", title="{}", severity="warning", since=NOW,
        )  # fmt: skip
    halls.at = FIRST
    (number,) = await halls.due()
    (problem,) = [each for each in (await halls.seen(number)).lines if each.state is State.PROBLEM]
    assert problem.incident == "INC-000777"
    assert await halls.count(schema.incident) == 2  # that one, and the one of the inspection
    async with halls.store.write() as tx:
        accepted = Waiver(
            "", "SRV-DISK-*", ACCEPT, "disk is ordered", NOW - DAY, NOW + 10 * DAY, state=GRANTED, asked_at=NOW - DAY
        )
        await waivers.add(tx, accepted)
    again = await halls.look_again(number)
    assert (again.coverage.states["PROBLEM"], again.coverage.states["WAIVED"]) == (0, 1)
    assert again.coverage.ratio == 0.75


async def test_a_run_is_told_against_the_one_before_it(hall: Hall) -> None:
    await hall.plan()
    standings = []
    for number, (one, two) in enumerate(((0.97, 0.5), (0.97, 0.98), (0.5, 0.98))):
        hall.at = FIRST + number * DAY
        await hall.disk("srv-1", one)
        await hall.disk("srv-2", two)
        (made,) = await hall.due()
        found = await hall.seen(made)
        standings.append({found.things[each.ci_id].name: each.standing for each in found.lines if each.standing})
    assert standings == [
        {"srv-1": "new"}, {"srv-1": "persisting", "srv-2": "new"}, {"srv-1": "fixed", "srv-2": "persisting"},
    ]  # fmt: skip


async def test_a_run_is_filled_in_signed_reviewed_by_another_and_then_stays(halls: Hall) -> None:
    await halls.plan()
    halls.at = FIRST
    (number,) = await halls.due()
    with pytest.raises(Refused, match="2 items wait"):
        await halls.sign("ada", number)
    await halls.fill("ada", number, item="M-TEMP", value="29")
    item, _ = await halls.fill("bob", number, item="M-FIRE", value="0")
    assert item.lacks_photo
    with pytest.raises(Refused, match="1 items wait"):
        await halls.sign("ada", number)
    item, told = await halls.fill("bob", number, item="M-FIRE", photo=JPEG)
    assert (item.is_done, told) == (True, ["inspection.fill"])
    _, told = await halls.fill("bob", number, item="M-FIRE", photo=JPEG)
    assert told == []  # sent twice, kept once
    with pytest.raises(Refused, match="deputy signs"):
        await halls.sign("eve", number)
    digest, _ = await halls.sign("ada", number)
    with pytest.raises(Refused, match="another person"):
        await halls.doing("ada", lambda a: signing.review(a, halls.inspector, number))
    with pytest.raises(Refused, match="signed"):
        await halls.fill("ada", number, item="M-TEMP", value="20")
    with pytest.raises(Refused, match="signed"):
        await halls.look_again(number)
    incident = (await halls.seen(number)).run.incident
    assert (await halls.incident(incident)).resolved_at is None
    await halls.doing("eve", lambda a: signing.review(a, halls.inspector, number))
    found = await halls.seen(number)
    assert (found.run.state, found.is_intact, found.run.digest) == ("done", True, digest)
    assert [each.state for each in found.items] == ["problem", "ok"]
    assert (await halls.incident(incident)).resolved_at == halls.at
    await halls.doing("vic", lambda a: signing.add_note(a, number, "air conditioner mended"))
    assert (await halls.seen(number)).is_intact
    async with halls.store.write() as tx:
        altered = schema.inspection_answer.c.item == "M-TEMP"
        await tx.execute(update(schema.inspection_answer).where(altered).values(value="20"))
    assert (await halls.seen(number)).is_intact is False


async def test_a_review_sends_it_back_with_its_reason_and_it_is_signed_anew(hall: Hall) -> None:
    await hall.plan()
    hall.at = FIRST
    (number,) = await hall.due()
    await hall.fill_all(number)
    await hall.sign("bob", number)
    with pytest.raises(Refused):
        await hall.doing("eve", lambda a: signing.send_back(a, number, " "))
    await hall.doing("eve", lambda a: signing.send_back(a, number, "the photo shows something else"))
    found = await hall.seen(number)
    assert (found.run.state, found.run.signed_by, found.is_intact) == ("open", "", None)
    assert [each.text for each in found.notes] == ["the photo shows something else"]
    await hall.sign("ada", number)
    assert (await hall.seen(number)).is_intact


async def test_a_signature_that_is_drawn_is_kept_with_what_was_signed_until_it_is_sent_back(halls: Hall) -> None:
    await halls.plan()
    halls.at = FIRST
    (number,) = await halls.due()
    await halls.fill_all(number)
    with pytest.raises(Refused) as refused:
        await halls.doing("ada", lambda a: signing.sign(a, halls.inspector, number, JPEG))
    assert refused.value.field == "drawing"
    assert (await halls.seen(number)).run.state == "open"
    digest, _ = await halls.doing("ada", lambda a: signing.sign(a, halls.inspector, number, PLAIN))
    (kept,) = (await halls.seen(number)).signatures
    assert (kept.role, kept.who, kept.at, kept.digest) == ("inspector", "ada", FIRST, digest)
    await halls.doing("eve", lambda a: signing.send_back(a, number, "again"))
    assert (await halls.seen(number)).signatures == []
    await halls.sign("ada", number)  # the second time only by name
    await halls.doing("eve", lambda a: signing.review(a, halls.inspector, number, PLAIN))
    found = await halls.seen(number)
    assert ([each.role for each in found.signatures], found.is_intact) == (["reviewer"], True)
    async with halls.store.write() as tx:
        other = drawing.cleaned(drawn("L"))
        await tx.execute(update(schema.signature).values(content=other))
    assert (await halls.seen(number)).is_intact is False


async def test_a_run_keeps_the_version_of_its_plan(hall: Hall) -> None:
    plan = await hall.plan()
    hall.at = FIRST
    (number,) = await hall.due()
    changed = plans.read(PLAN | {"items": [], "title": "another"})
    await hall.doing("eve", lambda a: plans.change(a, hall.inspector, plan, changed))
    with pytest.raises(Refused, match="different"):
        await hall.doing("eve", lambda a: plans.change(a, hall.inspector, plan, changed))
    found = await hall.seen(number)
    assert (found.plan.title["en"], len(found.plan.items), found.run.new.version) == ("Servers, daily", 2, 1)
    hall.at = FIRST + DAY
    (later,) = await hall.due()
    assert (await hall.seen(later)).run.new.version == 2


async def test_what_is_filled_in_is_held_to_what_was_asked(hall: Hall) -> None:
    await hall.plan()
    hall.at = FIRST
    (number,) = await hall.due()
    for filling, field in (
        ({"item": "M-NONE", "value": "1"}, "item"),
        ({"item": "M-TEMP", "value": "warm"}, "value"),
        ({"item": "M-TEMP", "value": "20", "photo": JPEG}, "photo"),
        ({"item": "M-FIRE", "value": "0", "photo": b"<html>"}, "photo"),
        ({"item": "M-TEMP", "value": "20", "note": "x" * 1001}, "note"),
        ({"item": "M-TEMP", "value": "20", "key": ""}, "key"),
        ({"item": "M-TEMP"}, "value"),
    ):
        with pytest.raises(Refused) as refused:
            await hall.fill("ada", number, **filling)
        assert refused.value.field == field
    with pytest.raises(NotFound):
        await hall.seen("INS-1")


async def test_only_who_may_do_inspections_is_given_one(hall: Hall) -> None:
    for change in ({"assignee": "vic"}, {"assignee": "nobody"}, {"deputy": "vic"}):
        with pytest.raises(Refused):
            await hall.plan(**change)
    with pytest.raises(Refused, match="never due"):
        await hall.plan(schedule={"rrule": "FREQ=DAILY;COUNT=1", "starts": "2020-01-01"})
    with pytest.raises(Refused) as refused:
        await hall.plan(scope={"match": "ci.nonsense == 1"})
    assert refused.value.field == "scope.match"


async def test_a_condition_over_the_ci_narrows_the_scope(hall: Hall) -> None:
    await hall.plan(scope={"match": 'ci.name.endsWith("-9")'})
    hall.at = FIRST
    (number,) = await hall.due()
    assert [each.name for each in (await hall.seen(number)).things.values()] == ["srv-9"]


async def test_a_plan_is_run_by_hand_once_a_minute(hall: Hall) -> None:
    plan = await hall.plan()
    run = await hall.run_now(plan)
    assert run.incident
    with pytest.raises(Refused):
        await hall.run_now(plan)


async def test_it_is_counted_what_each_handler_has_done(halls: Hall) -> None:
    await halls.plan()
    halls.at = FIRST
    (first,) = await halls.due()
    await halls.fill_all(first)
    await halls.sign("bob", first)
    halls.at = FIRST + DAY
    await halls.due()
    async with halls.store.read() as connection:
        rows = await inspections.by_handler(connection, FIRST, FIRST + 2 * DAY, FIRST + 3 * DAY)
        none = await inspections.by_handler(connection, FIRST + 5 * DAY, FIRST + 6 * DAY, FIRST + 7 * DAY)
    assert rows == [HandlerRow("ada", 1, 0, 0, 1, 1, 0), HandlerRow("bob", 1, 1, 1, 0, 1, 1)]
    assert none == []


async def test_what_is_not_done_in_its_time_is_warned_of_at_three_quarters_and_escalated_once(hall: Hall) -> None:
    await hall.plan()
    hall.at = FIRST
    (number,) = await Keeper(hall.store, hall.inspector, lambda: hall.at).step()
    run = (await hall.seen(number)).run
    warn_at = run.new.due_at - 30 * MINUTE
    hall.at = warn_at - 1
    await hall.tick()
    assert await hall.count(schema.incident_alarm) == 0
    for at in (warn_at, warn_at + 1, run.new.due_at, run.new.due_at + 1, run.new.due_at + 2):
        hall.at = at
        await hall.tick()
    async with hall.store.read() as connection:
        alarms = (await connection.execute(select(schema.incident_alarm).order_by(schema.incident_alarm.c.at))).all()
        steps = [row.act for row in await connection.execute(select(schema.incident_step))]
    assert [(each.clock, each.percent, each.at) for each in alarms] == [
        ("resolution", 75, warn_at), ("resolution", 100, run.new.due_at),
    ]  # fmt: skip
    assert (steps.count("escalate"), steps.count("warn")) == (1, 1)
    assert (await hall.seen(number)).is_overdue(hall.at)


async def test_a_plan_that_cannot_be_run_any_more_hinders_no_other(hall: Hall) -> None:
    bad, good = await hall.plan(), await hall.plan(assignee="bob", deputy="")
    body = json.dumps(PLAN | {"scope": {"match": "ci.gone == 1"}})
    async with hall.store.write() as tx:
        await tx.execute(update(schema.inspection_plan).where(schema.inspection_plan.c.number == bad).values(body=body))
    hall.at = FIRST
    keeper = Keeper(hall.store, hall.inspector, lambda: hall.at)
    (number,) = await keeper.step()
    assert (await hall.seen(number)).plan_number == good
    async with hall.store.read() as connection:
        assert (await plans.find(connection, bad)).next_for == FIRST + DAY
        its = schema.incident.c
        wanted = select(its.number).where(its.kind == "plan")
        (told,) = (await connection.execute(wanted)).scalars()
    its = await hall.incident(told)
    assert (its.assignee, its.source, its.state) == ("eve", "maintenance", "assigned")
    assert bad in its.title
    assert "scope.match" in its.title
    hall.at = FIRST + DAY
    await keeper.step()
    assert (await hall.incident(told)).resolved_at is None  # it says so still, and no second one does
    assert await hall.count(schema.incident) == 3
    async with hall.store.write() as tx:
        good_again = update(schema.inspection_plan).where(schema.inspection_plan.c.number == bad)
        await tx.execute(good_again.values(body=json.dumps(PLAN)))
    hall.at = FIRST + 2 * DAY
    await keeper.step()
    assert (await hall.incident(told)).resolution_code == "self_recovered"


async def test_a_scope_that_holds_more_than_a_report_takes_is_refused(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = await hall.plan()
    monkeypatch.setattr(inspecting, "MAX_LINES", 2)
    with pytest.raises(Refused, match="several plans"):
        await hall.run_now(plan)
    hall.at = FIRST
    assert await hall.due() == []


def test_the_plan_of_these_tests_is_one() -> None:
    assert isinstance(of_values(PLAN), Plan)
    assert replace(of_values(PLAN), note="x") != of_values(PLAN)
