"""The monthly report goes out by itself: on the first working day, once a channel, and only where it is asked for."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select

from collector import workcalendar
from collector.channel import Channel, Wants
from collector.delivery import Story
from collector.delivery.carrier import Line
from collector.delivery.gathered import GatheringCarrier
from collector.delivery.letter import compose
from collector.delivery.mail import Mail, Server, Terms
from collector.delivery.message import Voice
from collector.delivery.patience import Pace
from collector.desk import table as desk_table
from collector.model import Attachment, Delivery
from collector.services.reports.asked import DAY_MS
from collector.services.reports.delivering import Delivering, due, wants
from collector.store import attachments, channels, schema
from collector.store.channels import ChannelRow
from collector.store.engine import Store
from collector.web.catalogue import Texts
from tests.peers.test_smtp import Box
from tests.peers.test_smtp import box as box
from tests.people import Clock

RULES = Path("rules")
DESK = desk_table.load(RULES / "desk.yaml", workcalendar.load(RULES / "calendars"))
CN = dt.timezone(dt.timedelta(hours=8))
WORDS = {"zh": Texts("zh-CN"), "en": Texts("en")}


def _at(month: int, day: int, hour: int = 9) -> int:
    return int(dt.datetime(2026, month, day, hour, tzinfo=CN).timestamp() * 1000)


@pytest.mark.parametrize(
    ("at", "month"),
    [
        (_at(9, 1, 8), ""), (_at(9, 1), "2026-08"), (_at(9, 8, 8), "2026-08"), (_at(9, 8), ""), (_at(9, 20), ""),
        (_at(10, 1), ""), (_at(10, 7), ""), (_at(10, 8), "2026-09"), (_at(11, 1), ""), (_at(11, 2), "2026-10"),
    ],
)  # fmt: skip
def test_it_is_due_on_the_first_working_day_and_for_a_week(at: int, month: str) -> None:
    assert due(at, DESK) == month


def test_only_a_channel_people_read_that_names_it_is_told() -> None:
    asks = Wants(events=("report",))
    assert wants(Channel("a", "email", wants=asks))
    assert not wants(Channel("a", "email"))
    assert not wants(Channel("a", "pagerduty", wants=asks))
    assert not asks.hears("opened"), "a channel for reports alone is not told of incidents"


async def _told(store: Store) -> list[tuple[str, str, Any]]:
    columns = schema.outbox.c
    async with store.read() as connection:
        rows = await connection.execute(select(columns.destination, columns.subject, columns.payload))
        return [tuple(row) for row in rows]


async def _declare(store: Store, name: str, wanted: Wants, kind: str = "webhook") -> None:
    async with store.write() as tx:
        channel = Channel(name, kind, {"url": "http://127.0.0.1:9/"}, wanted, link="https://muster.example/")
        await channels.save(tx, ChannelRow(channel, "", b"", ""), 0)


async def test_it_is_told_once_a_channel_whatever_happens_in_between(sqlite_store: Store) -> None:
    clock = Clock(_at(11, 2, 8))
    await _declare(sqlite_store, "reports", Wants(events=("report",)))
    await _declare(sqlite_store, "incidents", Wants())
    delivering = Delivering(sqlite_store, clock, DESK, WORDS)
    assert await delivering.step() == 0
    clock.at = _at(11, 2)
    assert [await delivering.step(), await replace(delivering).step()] == [1, 0]
    assert [each[:2] for each in await _told(sqlite_store)] == [("reports", "report|monthly-2026-10")]
    clock.at = _at(12, 1)
    assert await delivering.step() == 1


async def test_what_people_read_has_the_figures_and_where_the_report_is(sqlite_store: Store) -> None:
    await _declare(sqlite_store, "reports", Wants(events=("report",)))
    await Delivering(sqlite_store, Clock(_at(11, 2)), DESK, WORDS).step()
    [(_, subject, payload)] = await _told(sqlite_store)
    delivery = Delivery(f"{subject}|report", "reports", json.loads(payload))
    letter = compose([Story(delivery, ("report",), 0)], Voice("zh", "https://muster.example"))
    assert letter.heading == "2026-10 运维服务月报"
    assert "新建事件：0" in [each.text for each in letter.lines]
    assert letter.lines[-1].link == "https://muster.example/reports/monthly?month=2026-10"
    terms = Terms("muster@example.org", ("ops@example.org",), "muster-", Voice("en", "https://muster.example"))
    mail = Mail(Server("127.0.0.1", 25), terms, Clock()).composed([Story(delivery, ("report",), 0)])
    assert mail["Subject"] == "2026-10 Monthly service report"
    assert mail["In-Reply-To"] is None


async def test_a_mail_carries_the_report_in_its_language_and_the_others_say_where_it_is(
    sqlite_store: Store, box: tuple[Box, Server]
) -> None:
    arrived, server = box
    clock = Clock(_at(11, 2))
    await _declare(sqlite_store, "hook", Wants(events=("report",)))
    await _declare(sqlite_store, "mail", Wants(events=("report",)), "email")
    assert await Delivering(sqlite_store, clock, DESK, WORDS).step() == 2
    terms = Terms("muster@example.org", ("ops@example.org",), "muster-", Voice("zh", "https://muster.example"))
    line = Line("mail", Mail(server, terms, clock), Pace(True, 0, 300, 3))
    for _ in range(2):
        await GatheringCarrier(sqlite_store, line, clock, lambda: 0.5).step()
        clock.at += DAY_MS
    [(_, mail)] = arrived.mails
    files = {each.get_filename(): each for each in mail.iter_attachments()}
    assert {name: each.get_content_type() for name, each in files.items()} == {
        "muster-monthly-2026-10.pdf": "application/pdf",
        "muster-monthly-2026-10.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
    assert files["muster-monthly-2026-10.pdf"].get_content().startswith(b"%PDF-")
    book = openpyxl.load_workbook(BytesIO(files["muster-monthly-2026-10.xlsx"].get_content()))
    assert "运维服务月报" in str([cell.value for row in book.worksheets[0].iter_rows() for cell in row])
    assert "https://muster.example/reports/monthly?month=2026-10" in mail.get_body(("plain",)).get_content()
    [payload] = [each[2] for each in await _told(sqlite_store) if each[0] == "hook"]
    assert json.loads(payload)["report"]["url"] == "https://muster.example/reports/monthly?month=2026-10"
    async with sqlite_store.write() as tx:
        await attachments.forget(tx, clock.at)
        assert await attachments.of(tx, ["report|monthly-2026-10"], "zh") == {}


async def test_a_file_that_no_mail_server_takes_is_left_out(store: Store) -> None:
    small, big = (Attachment(name, "application/pdf", bytes(size)) for name, size in (("a", 9), ("b", 5_000_001)))
    async with store.write() as tx:
        await attachments.put(tx, "report|x", "en", [small, big], 1)
        await attachments.put(tx, "report|x", "en", [small], 2)
        assert await attachments.of(tx, ["report|x"], "en") == {"report|x": (small,)}
        assert await attachments.of(tx, ["report|x"], "zh") == {}
