"""How many CIs there are by class, type, state, how long they have been known, vendor, place and owner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import FOREVER
from collector.report.value import Column, Figure, Kind, Report, Row, Table, standing
from collector.services.reports.asked import DAY_MS, Asked
from collector.services.reports.versions import PLACES
from collector.store.browse import report_counts

MOST: Final = 100
"""Groups of one table; the others are added up."""
NONE: Final = "(none)"
OTHERS: Final = "(others)"
YEAR: Final = 365
AGES: Final = (("month", 30), ("year", YEAR), ("years_3", 3 * YEAR), ("years_5", 5 * YEAR))
"""Word → known for less than so many days, and not for less than those before."""
LONGER: Final = "longer"
_COUNT = Column("count", Kind.NUMBER)


async def make(connection: AsyncConnection, asked: Asked) -> Report:
    """Return the counts as of a moment. A time before there were CIs counts none."""
    by_class = await report_counts.by_column(connection, asked.scope, "class")
    by_word = [(name, await report_counts.by_column(connection, asked.scope, name)) for name in ("type", "state")]
    by_value = [
        (name, await report_counts.by_value(connection, asked.scope, PLACES[name]))
        for name in ("vendor", "place", "owner")
    ]
    counted = [_words(name, found) for name, found in [("class", by_class), *by_word]]
    tables = [*counted, await _ages(connection, asked), *(_said(name, found) for name, found in by_value)]
    return Report("statistics", asked.now, asked.told, (Figure("cis", sum(by_class.values())),), tuple(tables))


def _words(name: str, found: Mapping[str, int]) -> Table:
    rows: list[Row] = sorted(found.items(), key=lambda each: (-each[1], each[0]))
    return Table(f"by_{name}", (Column(name, Kind.WORD, name), _COUNT), standing(rows), "count")


async def _ages(connection: AsyncConnection, asked: Asked) -> Table:
    bounds = [FOREVER, *(asked.when - days * DAY_MS for _, days in AGES), -1]
    found = await report_counts.by_age(connection, asked.scope, bounds)
    rows = list(zip([*(word for word, _ in AGES), LONGER], found, strict=True))
    return Table("by_age", (Column("age", Kind.WORD, "report_age"), _COUNT), standing(rows), "count")


def _said(name: str, found: Mapping[str | None, int]) -> Table:
    """What nobody recorded stands last: it is the work that is left."""
    told = sorted(((word, n) for word, n in found.items() if word), key=lambda each: (-each[1], each[0]))
    rows: list[Row] = list(told[:MOST])
    rest = sum(n for _, n in told[MOST:])
    without = sum(n for word, n in found.items() if not word)
    rows += [(word, n) for word, n in ((OTHERS, rest), (NONE, without)) if n]
    return Table(f"by_{name}", (Column(name, Kind.WORD, "report_group"), _COUNT), standing(rows), "count")
