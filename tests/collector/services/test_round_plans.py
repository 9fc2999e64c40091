"""Rounds that come by themselves, from the plan to the incident of who walks them, on both engines."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select, update

from collector.inspecting.rounds import of_values, values_of
from collector.security.audit import Act
from collector.services.incidents import clockwork as incident_clocks
from collector.services.inspecting.inspector import Inspector
from collector.services.inspecting.keeper import Keeper
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.services.stocktaking import clockwork, closing, opening, plans, seen
from collector.services.stocktaking.closing import Closing
from collector.store import accounts, schema
from collector.store.browse.page import Window
from collector.store.browse.stocktakes import StocktakeQuery
from collector.store.engine import Store
from collector.workcalendar import Calendar, Year
from tests.acts import act
from tests.estate import DAY, HOUR, MINUTE, NOW, Estate
from tests.people import shipped_closer

PLAN: dict[str, Any] = {
    "kind": "round", "title": "机房A 月度巡检", "assignee": "ada", "deputy": "bob", "scope": {"place": "机房A"},
    "schedule": {"rrule": "FREQ=DAILY;BYHOUR=18;BYMINUTE=0", "ahead_ms": 30 * MINUTE, "due_ms": 8 * HOUR},
}  # fmt: skip
FIRST = 1_795_600_800_000
"""2026-11-25T18:00 in Shanghai, a Wednesday: 13 min 20 s after NOW."""


@dataclass
class Floor:
    """Two servers in 机房A; ada and bob may count, eve leads, vic only looks."""

    store: Store
    inspector: Inspector
    at: int = NOW

    async def doing(self, by: str, do: Any) -> tuple[Any, list[str]]:
        async with self.store.write() as tx:
            acting: Act = act(tx, by, self.at)
            done = await do(acting)
        return done, [each.action for each in acting.told]

    async def plan(self, **change: Any) -> str:
        plan = plans.read(PLAN | change)
        return str((await self.doing("eve", lambda a: plans.add(a, self.inspector, plan)))[0])

    async def turn(self, number: str, state: str) -> list[str]:
        return (await self.doing("eve", lambda a: plans.turn(a, self.inspector, number, state)))[1]

    async def due(self) -> list[str]:
        return await clockwork.due(self.store, self.inspector, self.at)

    async def seen(self, number: str) -> seen.Seen:
        async with self.store.read() as connection:
            return await seen.one(connection, number)

    async def planned(self, number: str) -> Any:
        found = (await self.seen(number)).planned
        assert found
        return found

    async def count(self, table: Any) -> int:
        async with self.store.read() as connection:
            return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())

    async def incident(self, number: str) -> Any:
        async with self.store.read() as connection:
            wanted = select(schema.incident).where(schema.incident.c.number == number)
            return (await connection.execute(wanted)).one()


@pytest.fixture
async def floor(store: Store) -> Floor:
    return await furnished(store)


@pytest.fixture
async def one_floor(sqlite_store: Store) -> Floor:
    """The same on SQLite alone."""
    return await furnished(sqlite_store)


async def furnished(store: Store) -> Floor:
    async with store.write() as tx:
        for name in ("ada", "bob", "eve"):
            await accounts.add(tx, name, ("config_admin:*",), NOW)
        await accounts.add(tx, "vic", ("viewer",), NOW)
        estate = Estate(tx)
        for number in (1, 2):
            host = await estate.host(f"srv-{number}", label=f"A-{number:04d}")
            await estate.say(host, "record", {"place": f"机房A/{number}排"})
    return Floor(store, Inspector())


async def test_a_round_comes_by_itself_with_people_a_due_time_and_an_incident(floor: Floor) -> None:
    number = await floor.plan()
    assert number == "RND-0001"
    floor.at = FIRST - 31 * MINUTE
    await floor.turn(number, "paused")
    await floor.turn(number, "active")
    assert await floor.due() == []
    floor.at = FIRST - 30 * MINUTE
    (made,) = await floor.due()
    found = await floor.seen(made)
    assert (found.kept.new.title, found.kept.new.opened_by) == ("机房A 月度巡检 2026-11-25", "collector")
    assert found.kept.people == ("ada", "bob")
    assert {row.line.thing.name for row in found.result.rows} == {"srv-1", "srv-2"}
    due = (await floor.planned(made)).due
    assert (due.scheduled_for, due.assignee, due.deputy, due.missed) == (FIRST, "ada", "bob", 0)
    # Wednesday 18:00 is after work: eight working hours end on Thursday at 16:30.
    assert due.due_at == FIRST + 22 * HOUR + 30 * MINUTE
    incident = await floor.incident(due.incident)
    assert (incident.source, incident.assignee, incident.resolved_at) == ("maintenance", "ada", None)
    await floor.doing("ada", lambda a: closing.close(a, shipped_closer(), made, Closing(True)))
    assert (await floor.incident(due.incident)).resolved_at == floor.at
    assert (await floor.seen(made)).is_intact


async def test_each_time_is_made_once_by_however_many_look_at_the_clock(floor: Floor) -> None:
    await floor.plan()
    floor.at = FIRST
    found = await asyncio.gather(*(floor.due() for _ in range(4)))
    assert sum(map(len, found)) == 1
    assert await floor.due() == []
    assert (await floor.count(schema.stocktake), await floor.count(schema.incident)) == (1, 1)


async def test_who_dies_before_the_plan_moved_on_makes_it_no_second_time(one_floor: Floor) -> None:
    await one_floor.plan()
    one_floor.at = FIRST
    await one_floor.due()
    async with one_floor.store.write() as tx:  # as it was before the second transaction
        await tx.execute(update(schema.inspection_plan).values(next_for=FIRST, next_at=FIRST - 30 * MINUTE))
    assert await one_floor.due() == []
    assert await one_floor.count(schema.stocktake) == 1
    one_floor.at = FIRST + 4 * DAY
    (made,) = await one_floor.due()
    due = (await one_floor.planned(made)).due
    assert (due.scheduled_for, due.missed) == (FIRST + 4 * DAY, 3)


async def test_a_round_and_its_incident_stand_or_fall_together(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    await floor.plan()
    floor.at = FIRST

    async def die(*_: object) -> None:
        raise RuntimeError("the power went")

    with monkeypatch.context() as patched:
        patched.setattr(clockwork.making.rounds, "add", die)
        with pytest.raises(RuntimeError):
            await floor.due()
    assert (await floor.count(schema.stocktake), await floor.count(schema.incident)) == (0, 0)
    assert len(await floor.due()) == 1


async def test_a_day_nobody_works_on_moves_it_and_a_make_up_day_does_not(one_floor: Floor) -> None:
    holiday, made_up = date(2026, 11, 26), date(2026, 11, 28)  # a Thursday off, and the Saturday for it
    one_floor.inspector = Inspector(calendar=Calendar(years={2026: Year(frozenset({holiday}), frozenset({made_up}))}))
    weekly = {"rrule": "FREQ=WEEKLY;BYDAY=TH,SA;BYHOUR=9", "on_non_workday": "next"}
    await one_floor.plan(schedule=weekly)
    for day, weekday in (("2026-11-27", 4), ("2026-11-28", 5)):
        one_floor.at = FIRST + (weekday - 2) * DAY - 9 * HOUR
        (made,) = await one_floor.due()
        assert (await one_floor.seen(made)).kept.new.title.endswith(day)


async def test_a_plan_rests_goes_on_and_ends_for_good(one_floor: Floor) -> None:
    number = await one_floor.plan()
    assert await one_floor.turn(number, "paused") == ["round_plan.turn"]
    one_floor.at = FIRST + HOUR
    assert await one_floor.due() == []
    await one_floor.turn(number, "active")
    one_floor.at = FIRST + DAY
    assert len(await one_floor.due()) == 1
    await one_floor.turn(number, "ended")
    one_floor.at = FIRST + 9 * DAY
    assert await one_floor.due() == []
    with pytest.raises(Refused, match="ended"):
        await one_floor.turn(number, "active")
    with pytest.raises(Refused, match="ended"):
        await one_floor.doing("eve", lambda a: plans.change(a, one_floor.inspector, number, plans.read(PLAN)))
    with pytest.raises(NotFound):
        await one_floor.turn("PLN-0001", "paused")


async def test_what_soon_will_be_late_and_what_is_are_told_of_once_each(floor: Floor) -> None:
    await floor.plan()
    floor.at = FIRST
    (made,) = await Keeper(floor.store, floor.inspector, lambda: floor.at).step()
    await floor.turn("RND-0001", "ended")
    due = (await floor.planned(made)).due
    warn_at = due.due_at - 2 * HOUR
    for at in (warn_at - 1, warn_at, warn_at + 1, due.due_at, due.due_at + 1, due.due_at + 2):
        floor.at = at
        async with floor.store.write() as tx:
            await incident_clocks.tick(tx, floor.inspector.desk, floor.at)
    async with floor.store.read() as connection:
        alarms = (await connection.execute(select(schema.incident_alarm).order_by(schema.incident_alarm.c.at))).all()
        steps = [row.act for row in await connection.execute(select(schema.incident_step))]
        late = await seen.listed(connection, StocktakeQuery(overdue_at=floor.at), Window())
        early = await seen.listed(connection, StocktakeQuery(overdue_at=due.due_at), Window())
    assert [(each.percent, each.at) for each in alarms] == [(75, warn_at), (100, due.due_at)]
    assert (steps.count("warn"), steps.count("escalate")) == (1, 1)
    assert [(row.number, row.is_overdue(floor.at)) for row in late.items] == [(made, True)]
    assert early.items == ()
    assert (await floor.seen(made)).is_overdue(floor.at)


async def test_a_scope_that_holds_nothing_hinders_no_other_plan_and_is_looked_at_again(one_floor: Floor) -> None:
    empty, good = await one_floor.plan(scope={"place": "机房Z"}), await one_floor.plan()
    one_floor.at = FIRST
    (made,) = await one_floor.due()
    assert (await one_floor.planned(made)).plan == good
    async with one_floor.store.read() as connection:
        kept = await plans.find(connection, empty)
        look = await plans.preview(connection, one_floor.inspector, kept.plan, one_floor.at)
    assert (kept.next_for, look.cis, look.times[0]) == (FIRST + DAY, 0, FIRST + DAY)


async def test_who_may_not_count_any_more_is_left_out(one_floor: Floor) -> None:
    await one_floor.plan(helpers=["eve"])
    async with one_floor.store.write() as tx:
        await tx.execute(update(schema.account).where(schema.account.c.name == "ada").values(roles='["viewer"]'))
    one_floor.at = FIRST
    (made,) = await one_floor.due()
    found = await one_floor.planned(made)
    assert ((await one_floor.seen(made)).kept.people, found.due.assignee, found.due.deputy) == (
        ("bob", "eve"), "bob", "",
    )  # fmt: skip
    await one_floor.doing("eve", lambda a: opening.assign(a, made, ("eve",)))
    assert (await one_floor.planned(made)).due.assignee == "eve"
    async with one_floor.store.write() as tx:
        await tx.execute(update(schema.account).values(state="disabled"))
    one_floor.at = FIRST + DAY
    assert await one_floor.due() == []
    async with one_floor.store.read() as connection:
        kept = await plans.find(connection, "RND-0001")
        look = await plans.preview(connection, one_floor.inspector, kept.plan, one_floor.at)
    assert (kept.next_for, look.people) == (FIRST + 2 * DAY, ())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": " "}, "title"),
        ({"kind": "weekly"}, "kind"),
        ({"assignee": "vic"}, "assignee"),
        ({"deputy": "nobody"}, "deputy"),
        ({"deputy": "ada"}, "deputy"),
        ({"helpers": ["vic"]}, "helpers"),
        ({"helpers": ["a\0"]}, "helpers"),
        ({"scope": {"classes": ["nonsense"]}}, "scope.classes"),
        ({"scope": {"cis": ["x"]}}, "scope.cis"),
        ({"schedule": {"rrule": "FREQ=SECONDLY"}}, "schedule.rrule"),
        ({"schedule": {"rrule": "FREQ=DAILY;COUNT=1", "starts": "2020-01-01"}}, "schedule.rrule"),
        ({"more": 1}, "more"),
    ],
)
async def test_what_cannot_be_planned_is_refused_where_it_is_wrong(
    one_floor: Floor, change: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        await one_floor.plan(**change)
    assert refused.value.field == field


def test_a_plan_of_rounds_is_written_as_it_is_read() -> None:
    plan = of_values(PLAN | {"helpers": ["eve"], "blind": True, "scope": {"classes": ["server"], "label_from": "A-1"}})
    assert of_values(values_of(plan)) == plan
