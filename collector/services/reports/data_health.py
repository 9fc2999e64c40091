"""How complete, fresh and verified the record is: of each CI, of each class, of the whole; and what to do first."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.report import needs
from collector.report.needs import WHOLE, At, Known, Score
from collector.report.value import Column, Figure, Kind, Report, Row, Table, standing
from collector.services.reports.asked import Asked
from collector.services.reports.paging import paged
from collector.store.browse import reports, seen
from collector.store.browse.page import MAX_LIMIT, Page, Window
from collector.store.browse.reports import Head, Scope

WORST: Final = 50
PARTS: Final = ("complete", "fresh", "verified", "whole")
_SCORES = tuple(Column(name, Kind.RATIO, wide=1) for name in PARTS)
CIS = (
    Column("ci", wide=3, link=("/cis/", "id")),
    Column("type", Kind.WORD, "type"),
    *_SCORES,
    Column("todo", Kind.WORDS, "report_todo", wide=3),
    Column("missing", Kind.WORDS, "report_need", wide=3),
    Column("stale", Kind.WORDS, "section", wide=2),
    Column("confirmed", Kind.TIME),
    Column("class", Kind.WORD, "class", hidden=True),
    Column("id", hidden=True),
)
CLASSES = (Column("class", Kind.WORD, "class"), Column("count", Kind.NUMBER, wide=1), *_SCORES)
LACKING = (Column("missing", Kind.WORD, "report_need"), Column("count", Kind.NUMBER))


@dataclass(frozen=True, slots=True)
class Scored:
    """One CI with its score, and when anybody last said a word of it (ms; 0: never)."""

    head: Head
    score: Score
    confirmed_at: int

    @property
    def row(self) -> Row:
        score = self.score
        return (
            self.head.name, self.head.ci_type, *_parts(score), score.todo or None, score.missing or None,
            score.stale or None, self.confirmed_at or None, self.head.ci_class, self.head.uid,
        )  # fmt: skip


@dataclass
class _Mean:
    """Scores added up; what does not apply counts for nothing."""

    count: int = 0
    sums: list[float] = field(default_factory=lambda: [0.0] * len(PARTS))
    counts: list[int] = field(default_factory=lambda: [0] * len(PARTS))

    def add(self, score: Score) -> None:
        self.count += 1
        for at, value in enumerate(_parts(score)):
            if value is not None:
                self.sums[at] += value
                self.counts[at] += 1

    @property
    def means(self) -> tuple[float | None, ...]:
        return tuple(total / n if n else None for total, n in zip(self.sums, self.counts, strict=True))


@dataclass
class _Tally:
    """What is remembered of all CIs while they pass: the means, what is missing how often, the worst."""

    whole: _Mean = field(default_factory=_Mean)
    classes: dict[str, _Mean] = field(default_factory=dict)
    lacking: Counter[str] = field(default_factory=Counter)
    worst: list[tuple[float, int, Scored]] = field(default_factory=list)

    def add(self, each: Scored) -> None:
        self.whole.add(each.score)
        self.classes.setdefault(each.head.ci_class, _Mean()).add(each.score)
        self.lacking.update(each.score.missing)
        if each.score.todo:
            keep = heapq.heappush if len(self.worst) < WORST else heapq.heappushpop
            keep(self.worst, (-each.score.whole, -each.head.id, each))

    @property
    def worst_first(self) -> list[Row]:
        return [each.row for _, _, each in sorted(self.worst, key=lambda kept: kept[:2], reverse=True)]


def _parts(score: Score) -> tuple[float | None, ...]:
    return score.complete, score.fresh, score.verified, score.whole


async def make(connection: AsyncConnection, asked: Asked) -> Report:
    """Return the health of the record as it stands now: how fresh it was is not kept."""
    tally = _Tally()
    async for each in _everything(connection, asked):
        tally.add(each)
    figures = [Figure("cis", tally.whole.count)]
    figures += [Figure(name, mean, Kind.RATIO) for name, mean in zip(PARTS, tally.whole.means, strict=True)]
    classes = [
        (name, mean.count, *mean.means) for name, mean in sorted(tally.classes.items(), key=lambda each: each[0])
    ]
    tables = (
        Table("classes", CLASSES, standing(classes), "whole"),
        Table("lacking", LACKING, standing(tally.lacking.most_common()), "count"),
        Table("worst", CIS, standing(tally.worst_first)),
        _cis(connection, asked),
    )
    return Report("health", asked.now, _now(asked).told, tuple(figures), tables)


def _now(asked: Asked) -> Asked:
    return Asked(asked.now, classes=asked.classes, needs=asked.needs, limit=asked.limit)


def _scope(asked: Asked) -> Scope:
    return Scope(None, asked.classes, in_service=True)


def _cis(connection: AsyncConnection, asked: Asked) -> Table:
    async def rows(heads: tuple[Head, ...]) -> list[Row]:
        return [each.row for each in await _scored(connection, asked, heads)]

    return Table("cis", CIS, paged(asked.limit, lambda window: _heads(connection, asked, window), rows))


async def _heads(connection: AsyncConnection, asked: Asked, window: Window) -> Page[Head]:
    return await reports.heads(connection, _scope(asked), window)


async def _everything(connection: AsyncConnection, asked: Asked) -> AsyncIterator[Scored]:
    cursor: str | None = ""
    while cursor is not None:
        page = await _heads(connection, asked, Window(MAX_LIMIT, cursor or None))
        for each in await _scored(connection, asked, page.items):
            yield each
        cursor = page.next


async def _scored(connection: AsyncConnection, asked: Asked, heads: Sequence[Head]) -> list[Scored]:
    ids = [head.id for head in heads]
    has = await _has(connection, asked, ids)
    sections = await reports.read_well(connection, ids)
    confirmed = await _confirmed(connection, ids)
    return [
        Scored(head, needs.score(asked.needs, known, asked.now), known.confirmed_at)
        for head in heads
        for known in [
            Known(head.ci_class, head.ci_type, has[head.id], sections.get(head.id, {}), confirmed.get(head.id, 0))
        ]
    ]


async def _confirmed(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, int]:
    """Return CI id → when anything spoke of it last, or somebody stood before it (ms)."""
    heard, counted = await seen.last_seen(connection, ids), await reports.counted_at(connection, ids)
    return {each: max(heard.get(each, 0), counted.get(each, 0)) for each in ids}


async def _has(connection: AsyncConnection, asked: Asked, ids: Sequence[int]) -> dict[int, set[At]]:
    """Return CI id → where it has a value that says something."""
    single = [at for at in asked.needs.places if at[1] != WHOLE]
    has: dict[int, set[At]] = {each: set() for each in ids}
    if single:
        for ci_id, values in (await reports.values(connection, ids, single, None)).items():
            has[ci_id] = {_at(path) for path, value in values.items() if value not in (None, "", [])}
    for section in sorted({at[0] for at in asked.needs.places if at[1] == WHOLE}):
        for ci_id in await reports.having(connection, ids, section):
            has[ci_id].add((section, WHOLE))
    return has


def _at(path: str) -> At:
    section, _, key = path.partition(".")
    return section, key
