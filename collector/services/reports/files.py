"""A report as a file, made and written while one view of the database is open."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from collector.report.value import Report
from collector.report.words import Words
from collector.services import reports
from collector.services.exports import FORMATS
from collector.services.missing import NotFound
from collector.services.reports.asked import Asked
from collector.store.engine import Store


@dataclass(frozen=True, slots=True)
class Order:
    """Which report, of what, as which of `FORMATS`; `table`: only that one of its tables."""

    name: str
    format: str
    asked: Asked
    table: str = ""

    @property
    def media_type(self) -> str:
        return FORMATS[self.format].media_type

    @property
    def file_name(self) -> str:
        day = datetime.fromtimestamp(self.asked.when / 1000, UTC).astimezone().strftime("%Y-%m-%d")
        return f"muster-{self.name}-{day}.{self.format}"


async def opened(store: Store, order: Order, words: Words) -> AsyncIterator[bytes]:
    """Return the pieces of the file once the first is there: what cannot be made is said before, as `NotFound`."""
    if order.format not in FORMATS:
        raise NotFound("format", order.format)
    pieces = _pieces(store, order, words)
    return _following(await anext(pieces, b""), pieces)


async def _pieces(store: Store, order: Order, words: Words) -> AsyncGenerator[bytes, None]:
    async with store.read() as connection:
        report = await reports.make(connection, order.name, order.asked)
        async for piece in FORMATS[order.format].write(_only(report, order.table), words):
            yield piece


async def _following(first: bytes, pieces: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    async with aclosing(pieces):
        yield first
        async for piece in pieces:
            yield piece


def _only(report: Report, name: str) -> Report:
    if not name:
        return report
    table = report.table(name)
    if table is None:
        raise NotFound("table", name)
    return replace(report, tables=(table,))
