"""What a status report says otherwise than the one before: that is as of the beginning of its period, as known then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Value
from collector.report.value import Column, Fetch, Figure, Kind, Part, Row
from collector.services.reports import versions
from collector.services.reports.asked import Asked
from collector.store.asof import Moment
from collector.store.browse import report_moves, reports
from collector.store.browse.page import Window
from collector.store.browse.reports import Head

COLUMNS: Final = (
    Column("ci", wide=3, link=("/cis/", "id")), Column("type", Kind.WORD, "type"),
    Column("what", Kind.WORD, "report_column"), Column("before", Kind.VALUE, wide=3),
    Column("after", Kind.VALUE, wide=3), Column("class", Kind.WORD, "class", hidden=True), Column("id", hidden=True),
)  # fmt: skip
NAMES: Final = ("vendor", "model", "serial", "os", "version", "kernel", "place", "owner")
ARRIVED: Final = "arrived"
PAGES: Final = 20
"""Pages of CIs that are looked at for one part, though nothing of them differs."""


async def figures(connection: AsyncConnection, asked: Asked) -> tuple[Figure, ...]:
    """Return how many CIs there were at the time of the report before, and how many findings stood open."""
    then = asked.period.since
    known = await reports.heads(connection, asked.of(then), Window(1))
    waiting = await report_moves.open_findings(connection, asked.of(then), then, Window(1))
    return (Figure("cis_before", known.count), Figure("open_before", waiting.count))


def rows(connection: AsyncConnection, asked: Asked) -> Fetch:
    """Return how to fetch what differs, a row for each value."""

    async def fetch(cursor: str | None) -> Part:
        found: list[Row] = []
        for _ in range(PAGES):
            page = await reports.heads(connection, asked.scope, Window(asked.limit, cursor))
            found += await _of_heads(connection, asked, page.items)
            cursor = page.next
            if cursor is None or len(found) >= asked.limit:
                break
        return Part(tuple(found), cursor)

    return fetch


async def _of_heads(connection: AsyncConnection, asked: Asked, heads: Sequence[Head]) -> list[Row]:
    since = asked.period.since
    fresh = {head.id for head in heads if head.created_at > since}
    known = [head.id for head in heads if head.id not in fresh]
    before = await versions.of_cis(connection, known, Moment(since, since))
    after = await versions.of_cis(connection, known, asked.moment)
    found: list[Row] = []
    for head in heads:
        moved = [(ARRIVED, None, None)] if head.id in fresh else _moved(before[head.id], after[head.id])
        found += [(head.name, head.ci_type, *each, head.ci_class, head.uid) for each in moved]
    return found


def _moved(before: versions.Versions, after: versions.Versions) -> Iterator[tuple[str, Value, Value]]:
    """Yield what differs, the value before and the one after it; of lists what is gone and what is new."""
    for name in NAMES:
        old, new = before.said(name), after.said(name)
        if old != new:
            yield name, old, new
    for name in ("firmware", "software"):
        was, now = (getattr(each, name) for each in (before, after))
        gone, fresh = [each for each in was if each not in now], [each for each in now if each not in was]
        if gone or fresh:
            yield name, ", ".join(gone) or None, ", ".join(fresh) or None
