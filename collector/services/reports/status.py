"""The half-yearly CI status report: each CI with its versions, what is otherwise than in the report before, what moved
and on whose word, what stands open; under it the head of the audit log.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.filing import GRAVEST_FIRST
from collector.report.value import Column, Figure, Kind, Report, Row, Table, standing
from collector.services.reports import compared, versions
from collector.services.reports.asked import Asked
from collector.services.reports.paging import paged
from collector.store import audit
from collector.store.browse import report_moves, reports
from collector.store.browse.page import Window
from collector.store.browse.report_moves import Moved, Standing
from collector.store.browse.reports import Head

_CI = Column("ci", wide=3, link=("/cis/", "id"))
_ID = Column("id", hidden=True)
_FINDING = Column("finding", link=("/findings/", "finding"), wide=1)
CIS = (
    _CI,
    Column("type", Kind.WORD, "type"),
    Column("state", Kind.WORD, "state", 1),
    Column("vendor"),
    Column("model"),
    Column("serial"),
    Column("os", wide=3),
    Column("version"),
    Column("firmware", Kind.TEXTS, wide=3),
    Column("software", Kind.TEXTS, wide=3),
    Column("moved", Kind.NUMBER, wide=1),
    Column("open", Kind.NUMBER, wide=1),
    Column("known_since", Kind.TIME),
    Column("class", Kind.WORD, "class", hidden=True),
    _ID,
)
MOVED = (
    Column("at", Kind.TIME),
    _CI,
    Column("section", Kind.WORD, "section"),
    Column("key", wide=2),
    Column("field", wide=1),
    Column("before", Kind.VALUE, wide=3),
    Column("after", Kind.VALUE, wide=3),
    Column("verdict", Kind.WORD, "verdict"),
    Column("change", link=("/changes/", "change"), wide=1),
    _FINDING,
    Column("actor", wide=1),
    _ID,
)
OPEN = (
    _FINDING,
    _CI,
    Column("verdict", Kind.WORD, "verdict"),
    Column("opened", Kind.TIME),
    Column("due", Kind.TIME),
    Column("items", Kind.NUMBER, wide=1),
    _ID,
)
VERDICTS = (Column("verdict", Kind.WORD, "verdict"), Column("items", Kind.NUMBER))


async def make(connection: AsyncConnection, asked: Asked) -> Report:
    """Return the report as of a moment, over a period."""
    known = await reports.heads(connection, asked.scope, Window(1))
    found = await report_moves.by_verdict(connection, asked.scope, asked.period)
    waiting = await report_moves.open_findings(connection, asked.scope, asked.when, Window(1))
    verdicts = [(each.value, found[each.value]) for each in GRAVEST_FIRST if each.value in found]
    figures = (
        Figure("cis", known.count), Figure("moved", sum(found.values())), Figure("open", waiting.count),
        *await compared.figures(connection, asked),
    )  # fmt: skip
    tables = (
        Table("verdicts", VERDICTS, standing(verdicts), "items"),
        _cis(connection, asked),
        Table("compared", compared.COLUMNS, compared.rows(connection, asked)),
        _moved(connection, asked),
        _open(connection, asked),
    )
    told = (*asked.told, *asked.told_period, *await _sealed(connection))
    return Report("status", asked.now, told, figures, tables)


async def _sealed(connection: AsyncConnection) -> tuple[Figure, ...]:
    """Return the head of the audit log: whoever has the report can tell whether the log was rewritten since."""
    head = await audit.mark(connection, audit.HEAD)
    return (
        Figure("audit_seq", head.seq), Figure("audit_hash", head.hash.hex(), Kind.TEXT),
        Figure("audit_at", head.at or None, Kind.TIME),
    )  # fmt: skip


def _cis(connection: AsyncConnection, asked: Asked) -> Table:
    async def rows(heads: tuple[Head, ...]) -> list[Row]:
        ids = [head.id for head in heads]
        told = await versions.of_cis(connection, ids, asked.moment)
        moved = await report_moves.count_moved(connection, ids, asked.period)
        waiting = await report_moves.count_open(connection, ids, asked.when)
        return [
            (
                head.name, head.ci_type, head.state, *_what(told[head.id]), moved.get(head.id, 0),
                waiting.get(head.id, 0), head.created_at, head.ci_class, head.uid,
            )
            for head in heads
        ]  # fmt: skip

    return Table("cis", CIS, paged(asked.limit, lambda window: reports.heads(connection, asked.scope, window), rows))


def _what(told: versions.Versions) -> Row:
    kernel = told.said("kernel")
    version = " · ".join(str(each) for each in (told.said("version"), kernel) if each is not None) or None
    named = (told.said(name) for name in ("vendor", "model", "serial", "os"))
    return (*named, version, told.firmware or None, told.software or None)


def _moved(connection: AsyncConnection, asked: Asked) -> Table:
    async def rows(items: tuple[Moved, ...]) -> list[Row]:
        return [
            (
                each.at, each.name, each.section, each.key, each.field or None, each.old, each.new, each.verdict,
                each.change or None, each.finding_id, each.actor or None, each.uid,
            )
            for each in items
        ]  # fmt: skip

    fetch = paged(asked.limit, lambda w: report_moves.moved(connection, asked.scope, asked.period, w), rows)
    return Table("moved", MOVED, fetch)


def _open(connection: AsyncConnection, asked: Asked) -> Table:
    async def rows(items: tuple[Standing, ...]) -> list[Row]:
        return [(each.finding_id, each.name, each.verdict, each.opened_at, each.due_at, each.items, each.uid)
                for each in items]  # fmt: skip

    fetch = paged(asked.limit, lambda w: report_moves.open_findings(connection, asked.scope, asked.when, w), rows)
    return Table("open", OPEN, fetch)
