"""Delivers the monthly report by itself: on the first working day of the month, by every channel that wants it.

Which month was told stands in the outbox, so it is told once a channel, over restarts too. A collector that did not run
on that day makes up for it within a week; later nobody is surprised by it.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from collector.channel import REPORT, Channel
from collector.clock import Clock
from collector.desk.table import Table
from collector.model import Attachment, Delivery
from collector.report.cells import shown
from collector.report.value import Figure, Report
from collector.report.words import Words, title
from collector.rule_meter import RuleMeter
from collector.security.audit import COLLECTOR, acting
from collector.services.exports import FORMATS
from collector.services.inspections import Rules
from collector.services.reports import monthly, months
from collector.services.reports.asked import DAY_MS, Asked
from collector.store import attachments, channels, outbox
from collector.store.engine import Store
from collector.store.failure import StoreFailed, reading
from collector.wording import time_text

log = structlog.get_logger(__name__)

EVERY_S: Final = 60.0
LATE_MS: Final = 7 * DAY_MS
READ_BY_PEOPLE: Final = frozenset({"email", "webhook", "dingtalk", "wecom", "feishu"})
"""Kinds of channels a report can go by; it is no ticket and rings nobody."""
WITH_FILES: Final = frozenset({"email"})
"""Those of them that carry the report itself; the others say where it is."""
ATTACHED: Final = ("pdf", "xlsx")


@dataclass(frozen=True, slots=True)
class Delivering:
    """`run()` until cancelled; `step()` is one look. `words`: zh and en → the words of that language."""

    store: Store
    clock: Clock
    desk: Table
    words: Mapping[str, Words]
    rules: Rules = field(default_factory=dict)
    meter: RuleMeter = field(default_factory=RuleMeter)

    async def run(self) -> None:
        while True:
            try:
                await self.step()
            except StoreFailed as error:  # what is due stays due
                log.warning("the monthly report waits for the database", error=str(error))
            except Exception as error:  # a report that fails must not stop the collector
                log.warning("the monthly report failed", error=type(error).__name__, exc_info=True)
            await asyncio.sleep(EVERY_S)

    async def step(self) -> int:
        """Tell what is due and was not told yet, return how many channels; raise `StoreFailed`."""
        now = self.clock()
        month = due(now, self.desk)
        if not month:
            return 0
        async with reading(self.store) as connection:
            listening = [each for each in await channels.enabled(connection) if wants(each)]
            told = await outbox.told(connection, [_subject(month)]) if listening else set()
            waiting = [each for each in listening if (each.name, _subject(month)) not in told]
            report = await self._report(connection, month) if waiting else None
            if report is None:
                return 0
            mailed = {each.language for each in waiting if each.kind in WITH_FILES}
            files = {language: await self._files(report, month, language) for language in sorted(mailed)}
        payload = message(report, month, self.words, now)
        async with acting(self.store, COLLECTOR, self.clock) as act:
            await outbox.write(act.tx, _deliveries(month, waiting, payload), now)
            for language, its in files.items():
                await attachments.put(act.tx, _subject(month), language, its, now)
            act.tell("report.send", f"report/{month}", after={"channels": [each.name for each in waiting]})
        return len(waiting)

    async def _report(self, connection: Any, month: str) -> Report:
        period = months.period(month, self.desk.calendar)
        asked = Asked(
            self.clock(), since=period.since, until=period.until, desk=self.desk, rules=self.rules, meter=self.meter
        )
        return await monthly.make(connection, asked)

    async def _files(self, report: Report, month: str, language: str) -> list[Attachment]:
        """Return the report as it is printed and as a workbook, while the view of the database it reads is open."""
        words = self.words.get(language, self.words["zh"])
        return [
            Attachment(
                f"muster-{report.name}-{month}.{name}", FORMATS[name].media_type,
                b"".join([piece async for piece in FORMATS[name].write(report, words)]),
            )
            for name in ATTACHED
        ]  # fmt: skip


def due(now: int, desk: Table) -> str:
    """Return the month whose report is due at `now` (ms), as 2026-11; empty where none is."""
    calendar = desk.calendar
    day = calendar.day_of(now).replace(day=1)
    while not calendar.is_working_day(day):
        day += dt.timedelta(1)
    begins = calendar.start_of(day) + calendar.hours.opens
    if not begins <= now < begins + LATE_MS:
        return ""
    return months.name(months.last_whole(now, calendar).since, calendar)


def wants(channel: Channel, event: str = REPORT) -> bool:
    """Return whether a channel is told of what is no event of an incident: only one that asks for it by name."""
    return channel.kind in READ_BY_PEOPLE and event in channel.wants.events


def message(report: Report, month: str, words: Mapping[str, Words], now: int) -> dict[str, Any]:
    """Return what is told of a report, the same for every channel: its figures in both languages, and where it is."""
    titles = {language: f"{month} {title(its, report.name)}" for language, its in words.items()}
    return {
        "version": 1, "event": REPORT, "at": time_text(now), "said": "",
        "report": {"name": report.name, "month": month, "path": f"/reports/{report.name}?month={month}",
                   "figures": figured(report.figures, words)},
        "incident": {"number": f"REPORT-{month}", "title": titles, "severity": "notice", "state": "closed"},
    }  # fmt: skip


def figured(figures: Iterable[Figure], words: Mapping[str, Words]) -> list[dict[str, Any]]:
    """Return figures as messages tell them: name and text in both languages, and the value."""
    return [
        {
            "name": {language: its.label("report_figure", each.name) for language, its in words.items()},
            "text": {language: shown(each.kind, each.family, each.value, its) for language, its in words.items()},
            "value": each.value,
        }
        for each in figures
        if each.value is not None
    ]


def _subject(month: str) -> str:
    return f"report|monthly-{month}"


def _deliveries(month: str, to: Sequence[Channel], payload: Mapping[str, Any]) -> list[Delivery]:
    """Return the message for each channel, with the whole address of the report where a channel knows ours."""
    report = payload["report"]
    urls = {each.name: each.link.rstrip("/") + report["path"] if each.link else "" for each in to}
    return [
        Delivery(f"{_subject(month)}|{REPORT}", each.name, {**payload, "report": {**report, "url": urls[each.name]}})
        for each in to
    ]
