"""The audit log is anchored by the clock, once a day; what is cut or rewritten behind an anchor is located."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from collector.channel import Channel, Wants
from collector.delivery.message import Voice, facts, headline
from collector.security import anchor, ca
from collector.security.audit import Actor, recorded
from collector.security.ca import Authority
from collector.security.chain import MISSING, REWRITTEN, Broken
from collector.services import audit
from collector.services.anchoring import Anchoring
from collector.services.audit import DAY_MS, Verdict
from collector.store import channels, schema
from collector.store.channels import ChannelRow
from collector.store.engine import Store
from collector.web.catalogue import Texts
from collector.workcalendar import Calendar
from tests.estate import NOW
from tests.people import Clock

WORDS = {"zh": Texts("zh-CN"), "en": Texts("en")}


class Desk:
    """A log somebody writes in, and the clock that anchors it."""

    def __init__(self, store: Store, authority: Authority) -> None:
        self.store, self.authority, self.clock = store, authority, Clock(NOW)
        self.anchoring = Anchoring(store, authority, Calendar(), WORDS, self.clock)

    async def write(self, count: int = 3) -> None:
        async with self.store.write() as tx:
            for number in range(count):
                async with recorded(tx, Actor("ada", "page ::1"), self.clock()) as act:
                    act.tell("plan.create", f"plan/{number}", after={"n": number})

    async def days(self, count: int) -> list[str]:
        """Write and anchor on so many days; return those that were anchored."""
        found = []
        for _ in range(count):
            await self.write()
            found.append(await self.anchoring.step())
            self.clock.at += DAY_MS
        return found

    async def sql(self, *statements: str) -> None:
        async with self.store.write() as tx:
            for statement in statements:
                await tx.execute(text(statement))

    async def verdict(self) -> Verdict:
        async with self.store.read() as connection:
            return await audit.checked(connection, self.authority)

    async def told(self) -> list[Any]:
        async with self.store.read() as connection:
            rows = await connection.execute(select(schema.outbox).order_by(schema.outbox.c.key))
            return [(row.destination, row.subject, json.loads(row.payload)) for row in rows]


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    return Desk(store, ca.open_or_create(tmp_path))


async def test_a_day_is_anchored_once_whoever_looks_and_the_log_tells_it(desk: Desk) -> None:
    days = await desk.days(2)
    assert days == [Calendar().day_of(NOW + each * DAY_MS).isoformat() for each in range(2)]
    assert await desk.anchoring.step() != "", "another day"
    assert await desk.anchoring.step() == "", "the same day"
    again = Anchoring(desk.store, desk.authority, Calendar(), WORDS, desk.clock)
    assert await again.step() == "", "and another collector"
    async with desk.store.read() as connection:
        kept = await audit.daily(connection)
        rows = await audit.stretch(connection, 0, 100)
    assert [each["seq"] for each in kept] == [3, 7, 8]
    assert [(row.seq, row.object) for row in rows if row.action == "audit.anchor"] == [
        (4, f"audit/{days[0]}"), (8, f"audit/{days[1]}"), (9, f"audit/{kept[2]['day']}"),
    ]  # fmt: skip
    mark = anchor.opened(desk.authority, {name: kept[0][name] for name in kept[0] if name != "day"})
    assert (mark.seq, mark.hash) == (3, rows[2].hash)
    assert await desk.verdict() == Verdict(1, 9, None, 8, ())


async def test_a_log_that_was_cut_or_rewritten_behind_an_anchor_is_located(desk: Desk) -> None:
    await desk.days(3)
    head = "UPDATE audit_mark SET seq = 5, hash = (SELECT hash FROM audit WHERE seq = 5) WHERE name = 'head'"
    await desk.sql("DELETE FROM audit WHERE seq > 5", head)
    async with desk.store.read() as connection:
        assert (await audit.verify(connection)).broken is None, "cut to fit: the chain alone cannot know"
    assert (await desk.verdict()).broken == Broken(6, MISSING, 6)
    await desk.write(9)
    assert (await desk.verdict()).broken == Broken(7, REWRITTEN, 4), "behind the first anchor, before the second"


async def test_an_anchor_that_was_changed_or_taken_away_is_named(desk: Desk) -> None:
    days = await desk.days(3)
    table = schema.audit_anchor
    async with desk.store.write() as tx:
        await tx.execute(update(table).where(table.c.day == days[0]).values(hash=bytes(32)))
        await tx.execute(table.delete().where(table.c.day == days[1]))
    found = await desk.verdict()
    assert (found.broken, found.forged, found.lost) == (None, (days[0],), (days[1],))
    assert not found.is_intact


async def test_channels_that_ask_for_it_are_told_the_anchor_as_it_is_given_back(desk: Desk) -> None:
    async with desk.store.write() as tx:
        for name, events in (("safe", ("anchor",)), ("desk", ())):
            wants = Wants(events=events)
            made = Channel(name, "webhook", {"url": "http://127.0.0.1:9/"}, wants, link="https://muster.example/")
            await channels.save(tx, ChannelRow(made, "", b"", ""), 0)
    (day,) = await desk.days(1)
    ((name, subject, payload),) = await desk.told()
    assert (name, subject, payload["event"]) == ("safe", f"audit|{day}", "anchor")
    assert anchor.opened(desk.authority, payload["anchor"]).seq == 3
    assert headline(payload, "zh") == f"{day} 审计日志锚点"
    said = dict(facts(payload, Voice("en", "https://muster.example/")))
    assert said["Audit log, hash"] == payload["anchor"]["hash"]
    assert said["Details"] == "https://muster.example/audit"
