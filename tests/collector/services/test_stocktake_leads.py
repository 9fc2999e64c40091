"""What the end of a stock-take leads to, on both engines: findings, incidents, and what is proposed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Table, select, update

from collector.pipeline import changed
from collector.pipeline.aging import Aging
from collector.report.value import Report
from collector.services.stocktaking import evidence
from collector.services.stocktaking.evidence import Showing
from collector.services.stocktaking.reporting import report
from collector.store import changes, schema
from collector.store.browse import things
from collector.store.engine import Store
from tests.collector.inspecting.hall import JPEG
from tests.collector.services.test_stocktaking import Room
from tests.collector.services.test_stocktaking import room as room
from tests.collector.test_aging import planned
from tests.estate import DAY, HOUR
from tests.people import shipped_policies


async def rows(store: Store, table: Table, *where: Any) -> list[Any]:
    async with store.read() as connection:
        return list(await connection.execute(select(table).where(*where)))


@dataclass
class Counting:
    """A room in which nobody looks at srv-1 and srv-2 by any network; the agent of srv-3 was heard a moment ago."""

    room: Room

    async def count(self, **said: str) -> Any:
        """Count the room (name → what is said of it, the rest is confirmed), close it and return it as it is seen."""
        self.room.at += DAY
        number = await self.room.open()
        for name, outcome in ({"srv-1": "confirmed", "srv-2": "confirmed", "srv-3": "confirmed"} | said).items():
            await self.room.say("ada", ci=self.room.cis[name].uid, outcome=outcome)
        await self.room.close()
        assert (await self.room.seen()).kept.number == number
        return await self.room.seen()

    async def state(self, name: str) -> str:
        (row,) = await rows(self.room.store, schema.ci, schema.ci.c.uid == self.room.cis[name].uid)
        return str(row.state)

    async def verdicts(self) -> list[str]:
        return [row.verdict for row in sorted(await rows(self.room.store, schema.finding), key=lambda row: row.id)]

    async def incidents(self) -> list[tuple[str, str, str]]:
        found = sorted(await rows(self.room.store, schema.incident), key=lambda row: row.id)
        return [(row.kind, row.state, row.assignee) for row in found]

    async def tick(self) -> None:
        self.room.at += DAY
        await Aging(self.room.store, shipped_policies(), lambda: self.room.at).tick()


@pytest.fixture
async def room_of_two(room: Room) -> Counting:
    async with room.store.write() as tx:
        offline = [room.cis["srv-1"].source_id, room.cis["srv-2"].source_id]
        its = schema.source.c.id.in_(offline)
        await tx.execute(schema.section.delete().where(schema.section.c.source_id.in_(offline)))
        await tx.execute(update(schema.source).where(its).values(kind="hand", agent_id=None, confirmed_at=0))
    return Counting(room)


async def test_what_nobody_finds_and_nobody_sees_is_gone_which_is_a_finding_of_its_administrator(
    room_of_two: Counting,
) -> None:
    whole = await room_of_two.count(**{"srv-1": "missing"})
    assert (await room_of_two.state("srv-1"), await room_of_two.state("srv-2")) == ("missing", "active")
    assert await room_of_two.verdicts() == ["pending"], "an emergency may still be recorded"
    ((kind, state, assignee),) = await room_of_two.incidents()
    assert (kind, state, assignee in ("ada", "bob")) == ("unapproved_change", "assigned", True)
    (led,) = whole.leads.values()
    assert (led.item, led.finding_id, led.incident) == (room_of_two.room.cis["srv-1"].uid, 1, "INC-000001")
    (finding,) = await rows(room_of_two.room.store, schema.finding)
    (mark,) = [row.mark for row in whole.result.rows if row.mark.outcome == "missing"]
    assert finding.hi == mark.at, "first missed when somebody said so"
    printed = await cells(report(whole, room_of_two.room.store, room_of_two.room.at), "lines", "finding", "incident")
    assert sorted(printed, key=str) == [(1, "INC-000001"), (None, None), (None, None)]
    assert whole.is_intact, "what it led to stands beside the report that was closed"


async def cells(of: Report, table: str, *names: str) -> list[tuple[Any, ...]]:
    """Return some columns of a table, row by row."""
    (found,) = [each for each in of.tables if each.name == table]
    part = await found.fetch(None)
    return [tuple(row[found.place(name)] for name in names) for row in part.rows]


async def test_found_again_by_the_next_count_it_is_there_as_before_and_its_incident_is_over(
    room_of_two: Counting,
) -> None:
    await room_of_two.count(**{"srv-1": "missing"})
    again = await room_of_two.count(**{"srv-1": "missing"})
    assert len(await room_of_two.verdicts()) == 1, "counted missing again it is the same finding"
    assert [(led.finding_id, led.incident) for led in again.leads.values()] == [(1, "INC-000001")]
    await room_of_two.count()
    assert await room_of_two.state("srv-1") == "active"
    assert await room_of_two.verdicts() == ["reverted"]
    assert [state for _, state, _ in await room_of_two.incidents()] == ["resolved"]
    await room_of_two.count(**{"srv-1": "missing"})
    assert await room_of_two.verdicts() == ["reverted", "pending"], "gone again is another finding"
    (_, late) = sorted(await rows(room_of_two.room.store, schema.finding), key=lambda row: row.id)
    assert DAY <= late.hi - late.lo < DAY + HOUR, "it was last there when it was counted the day before"


async def test_a_change_that_lets_it_go_retires_what_was_counted_missing(room_of_two: Counting) -> None:
    await room_of_two.count(**{"srv-1": "missing"})
    room, uid = room_of_two.room, room_of_two.room.cis["srv-1"].id
    now = room.at
    async with room.store.write() as tx:
        change = planned(uid, None, (now - HOUR, now + HOUR), now)
        await changes.add(tx, change, changes.Origin(finding_id=1), now)
        await changed(tx, [uid], now, shipped_policies())
    await room_of_two.tick()
    assert await room_of_two.state("srv-1") == "retired"
    assert [state for _, state, _ in await room_of_two.incidents()] == ["resolved"]


async def test_what_is_not_found_and_answers_is_somewhere_else_which_is_an_incident_until_it_is_found(
    room_of_two: Counting,
) -> None:
    room_of_two.room.at -= DAY  # its agent was heard a moment before it is counted
    whole = await room_of_two.count(**{"srv-3": "missing"})
    assert await room_of_two.state("srv-3") == "active"
    assert await room_of_two.verdicts() == []
    ((kind, state, assignee),) = await room_of_two.incidents()
    assert (kind, state, assignee in ("ada", "bob")) == ("disappearance", "assigned", True)
    assert [led.incident for led in whole.leads.values()] == ["INC-000001"]
    (incident,) = await rows(room_of_two.room.store, schema.incident)
    assert incident.source == "maintenance"
    await room_of_two.count()
    assert [state for _, state, _ in await room_of_two.incidents()] == ["resolved"]


async def test_what_nobody_knows_is_proposed_once_with_the_text_on_it_and_where_it_stands(
    room_of_two: Counting,
) -> None:
    room = room_of_two.room
    for _ in range(2):
        number = await room.open()
        await room.say("bob", text="HP-PRN-0042", place="机房A/3排", note="没有标签")
        await room.say("bob", text="mystery box", place="机房A")
        if number == "ST-000001":
            await room.doing("bob", lambda a: evidence.attach(a, room.number, Showing(JPEG, text="HP-PRN-0042")))
        await room.close(rest=True)
    whole = await room.seen()
    proposed = await rows(room.store, schema.ci, schema.ci.c.state == "proposed")
    assert {(row.name, row.label, row.ci_class) for row in proposed} == {
        ("HP-PRN-0042", "HP-PRN-0042", "unknown"), ("mystery box", None, "unknown"),
    }  # fmt: skip
    assert {mark.thing.name for mark in whole.result.found if mark.thing} == {"HP-PRN-0042", "mystery box"}
    async with room.store.read() as connection:
        (printer,) = await things.named(connection, "hp-prn-0042")
    assert printer.place == "机房A/3排"


async def test_what_is_found_where_its_record_does_not_say_is_proposed_as_moved(room_of_two: Counting) -> None:
    room = room_of_two.room
    await room.open()
    await room.say("ada", text="A-0004", place="机房A/9排")  # srv-9, of another room
    await room.close(rest=True)
    whole = await room.seen()
    assert [mark.thing.name for mark in whole.result.found if mark.thing] == ["srv-9"]
    assert whole.has_moved
