"""The incident of an inspection or a round and what it is of: one owner, one time, one end."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select, update

from collector.desk.flow import Deed
from collector.desk.lifecycle import Denied, Why
from collector.services.incidents import seen as desk_seen
from collector.services.incidents.desk import ServiceDesk, Wish, person_of
from collector.services.inspecting import reporting, runs, signing
from collector.services.refused import Refused
from collector.services.stocktaking import clockwork as rounds_due
from collector.services.stocktaking import opening
from collector.services.stocktaking import plans as round_plans
from collector.services.stocktaking import seen as stocktakes
from collector.store import accounts, schema
from collector.store.browse import desk_counts, inspections
from collector.store.browse.inspections import HandlerRow, RunQuery
from collector.store.browse.page import Window
from collector.store.browse.stocktakes import StocktakeQuery
from collector.store.engine import Store
from tests.collector.inspecting.hall import FIRST, Hall, furnished
from tests.collector.services.test_round_plans import PLAN as ROUND
from tests.estate import DAY, NOW

MEG = person_of("meg", ["incident_manager"])


@pytest.fixture
async def hall(sqlite_store: Store) -> Hall:
    return await manned(sqlite_store)


@pytest.fixture
async def halls(store: Store) -> Hall:
    """The same on each engine."""
    return await manned(store)


async def manned(store: Store) -> Hall:
    """The hall with meg, who manages incidents."""
    hall = await furnished(store)
    async with store.write() as tx:
        await accounts.add(tx, "meg", ("incident_manager",), NOW)
    return hall


async def done(hall: Hall, incident: str, step: Deed, **wish: Any) -> Any:
    desk = ServiceDesk(hall.inspector.desk)
    return await hall.doing("meg", lambda a: desk.do(a, MEG, incident, step, Wish(**wish)))


async def due(hall: Hall) -> tuple[str, str]:
    """Return the numbers of the run that is due and of its incident."""
    hall.at = FIRST
    (number,) = await hall.due()
    return number, (await hall.seen(number)).run.incident


async def round_due(hall: Hall) -> tuple[str, str]:
    """Return the numbers of a stock-take that came by its plan, and of its incident."""
    await hall.doing("eve", lambda a: round_plans.add(a, hall.inspector, round_plans.read(ROUND)))
    hall.at = FIRST
    (number,) = await rounds_due.due(hall.store, hall.inspector, hall.at)
    planned = (await stocktake(hall, number)).planned
    assert planned
    return number, planned.due.incident


async def stocktake(hall: Hall, number: str) -> stocktakes.Seen:
    async with hall.store.read() as connection:
        return await stocktakes.one(connection, number)


@pytest.mark.parametrize("made", [due, round_due])
async def test_no_one_ends_the_incident_of_what_is_not_signed_but_by_calling_it_off(halls: Hall, made: Any) -> None:
    await halls.plan()
    number, incident = await made(halls)
    ending: list[tuple[Deed, dict[str, Any], Why]] = [
        (Deed.RESOLVE, {"text": "all was well", "code": "fixed"}, Why.NOT_SIGNED),
        (Deed.MERGE, {"text": "the same", "to": "INC-000009"}, Why.NOT_SIGNED),
        (Deed.HAND_ON, {"text": "for line three", "line": 3}, Why.NEEDS_SOMEBODY),
        (Deed.CANCEL, {}, Why.NO_REASON),
    ]
    await done(halls, incident, Deed.TAKE) if made is due else None
    for step, wish, why in ending:
        with pytest.raises(Denied) as denied:
            await done(halls, incident, step, **wish)
        assert why in denied.value.reasons
    assert (await halls.incident(incident)).resolved_at is None
    async with halls.store.read() as connection:
        seen = await desk_seen.one(connection, ServiceDesk(halls.inspector.desk), incident, MEG, halls.at)
    assert {"resolve", "merge", "hand_on"}.isdisjoint(seen.may)
    assert "cancel" in seen.may
    assert number in str(seen.row.detail)


async def test_an_inspection_that_is_called_off_says_so_and_counts_as_not_done(halls: Hall) -> None:
    await halls.plan()
    number, incident = await due(halls)
    _, told = await done(halls, incident, Deed.CANCEL, text="the hall is under water")
    assert sorted(told) == ["incident.step", "inspection.cancel"]
    run = (await halls.seen(number)).run
    assert (run.state, run.cancelled_by, run.cancelled_at) == ("cancelled", "meg", FIRST)
    with pytest.raises(Refused, match="cancelled"):
        await halls.fill("ada", number, item="M-TEMP", value="20")
    with pytest.raises(Refused, match="cancelled"):
        await halls.sign("ada", number)
    report = reporting.report(await halls.seen(number), {}, halls.store, halls.at)
    assert "the hall is under water" in [each.value for each in report.parameters]
    halls.at = run.new.due_at + 1
    await halls.tick()
    async with halls.store.read() as connection:
        rows = await inspections.by_handler(connection, FIRST, FIRST + DAY, halls.at)
        listed = await inspections.list_runs(connection, RunQuery(("cancelled",)), Window())
        late = await inspections.list_runs(connection, RunQuery(overdue_at=halls.at), Window())
    assert rows == [HandlerRow("ada", 1, 0, 0, 1, 0, 1)]
    assert ([each.number for each in listed.items], late.items) == ([number], ())
    assert await halls.count(schema.incident_alarm) == 0  # nobody is told of what is off


async def test_what_is_signed_is_reviewed_or_sent_back_and_not_called_off(hall: Hall) -> None:
    await hall.plan()
    number, incident = await due(hall)
    await hall.fill_all(number)
    await hall.sign("ada", number)
    with pytest.raises(Refused, match="sent back"):
        await done(hall, incident, Deed.CANCEL, text="why not")
    await hall.doing("eve", lambda a: signing.review(a, hall.inspector, number))
    await done(hall, incident, Deed.REOPEN, text="the report has the wrong room")
    await done(hall, incident, Deed.RESOLVE, text="a note was added", code="fixed")  # nothing waits for a signature now
    assert (await hall.incident(incident)).resolution_code == "fixed"


async def test_a_round_that_is_called_off_is_sealed_as_far_as_it_came(halls: Hall) -> None:
    number, incident = await round_due(halls)
    _, told = await done(halls, incident, Deed.CANCEL, text="the hall is locked")
    assert sorted(told) == ["incident.step", "stocktake.cancel"]
    found = await stocktake(halls, number)
    assert (found.state, found.is_intact, found.kept.note) == ("cancelled", True, "the hall is locked")
    async with halls.store.read() as connection:
        for states, numbers in (("cancelled",), [number]), (("closed",), []), (("open", "cancelled"), [number]):
            listed = await stocktakes.listed(connection, StocktakeQuery(states=states), Window())
            assert [each.number for each in listed.items] == numbers
    async with halls.store.write() as tx:
        await tx.execute(update(schema.stocktake).values(cancelled=False))
    assert not (await stocktake(halls, number)).is_intact


async def test_whoever_has_the_incident_has_the_inspection_and_the_other_way_round(halls: Hall) -> None:
    await halls.plan()
    number, incident = await due(halls)
    await done(halls, incident, Deed.ASSIGN, to="eve")
    new = (await halls.seen(number)).run.new
    assert (new.assignee, new.deputy) == ("eve", "bob")
    await done(halls, incident, Deed.ASSIGN, to="bob")
    new = (await halls.seen(number)).run.new
    assert (new.assignee, new.deputy) == ("bob", "")
    _, told = await halls.doing("eve", lambda a: runs.assign(a, number, "ada"))
    assert told == ["inspection.assign"]
    its = await halls.incident(incident)
    assert (its.assignee, its.state) == ("ada", "assigned")
    async with halls.store.read() as connection:
        wanted = select(schema.incident_interval.c.assignee).where(schema.incident_interval.c.until.is_(None))
        assert list((await connection.execute(wanted)).scalars()) == ["ada"]


async def test_whoever_has_the_incident_of_a_round_sees_to_it(hall: Hall) -> None:
    number, incident = await round_due(hall)
    await done(hall, incident, Deed.ASSIGN, to="bob")
    planned = (await stocktake(hall, number)).planned
    assert planned
    assert (planned.due.assignee, planned.due.deputy) == ("bob", "")
    with pytest.raises(Refused, match="counts in it"):
        await done(hall, incident, Deed.ASSIGN, to="eve")
    await hall.doing("eve", lambda a: opening.assign(a, number, ["eve"]))
    assert (await hall.incident(incident)).assignee == "eve"


@pytest.mark.parametrize("made", [due, round_due])
async def test_its_incident_is_due_when_it_is_whatever_the_priority_promises(halls: Hall, made: Any) -> None:
    await halls.plan()
    number, incident = await made(halls)
    until = (await halls.incident(incident)).due_at
    if made is due:
        assert until == (await halls.seen(number)).run.new.due_at
    await halls.tick()
    async with halls.store.write() as tx:  # it waits: that moves no plan
        await tx.execute(update(schema.incident).values(priority="P1", wake_at=halls.at))
    await halls.tick()
    assert (await halls.incident(incident)).resolution_due_at == until
    desk = ServiceDesk(halls.inspector.desk)
    async with halls.store.read() as connection:
        (clock,) = [each for each in (await desk_seen.one(connection, desk, incident, MEG, halls.at)).clocks
                    if each.clock == "resolution"]  # fmt: skip
        late = [(await desk_counts.read(connection, at)).late["resolution"] for at in (until - 1, until)]
    assert (clock.due_at, clock.state) == (until, "running")
    assert late == [0, 1]


async def test_what_waits_for_its_second_signature_is_late_with_its_incident(hall: Hall) -> None:
    await hall.plan()
    number, incident = await due(hall)
    await hall.fill_all(number)
    await hall.sign("ada", number)
    hall.at = (await hall.seen(number)).run.new.due_at + 1
    await hall.tick()
    assert (await hall.seen(number)).is_overdue(hall.at)
    async with hall.store.read() as connection:
        told = select(func.count()).select_from(schema.incident_step).where(schema.incident_step.c.act == "escalate")
        assert (await connection.execute(told)).scalar_one() == 1
    await hall.doing("eve", lambda a: signing.review(a, hall.inspector, number))
    assert not (await hall.seen(number)).is_overdue(hall.at)
    assert (await hall.incident(incident)).resolved_at == hall.at
