"""Samples: kept a slot, read back a CI, forgotten as they age."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import BigInteger, BindParameter, Row, bindparam, delete, exists, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.samples import WATCHED, Line, Point, Sample, Spans, Told
from collector.store import interning
from collector.store.engine import insert
from collector.store.schema import sample, section, series, source, subject_ci
from wire.observation import Status

Place = tuple[int, int]
"""CI id, source id."""
Owned = tuple[int, int, str, str, str]
"""CI id, source id, section, element, field: what names a series."""

_CIS: BindParameter[int] = bindparam("cis", expanding=True)
_NAMES: BindParameter[str] = bindparam("names", expanding=True)
_SERIES = select(series).where(series.c.ci_id.in_(_CIS), series.c.section.in_(_NAMES))
_SPEAKS = exists().where(subject_ci.c.source_id == source.c.id, subject_ci.c.ci_id == section.c.ci_id)
_POINTS = (
    select(series.c.ci_id, series.c.source_id, series.c.section, series.c.element, series.c.field, sample)
    .select_from(series.join(sample))
    .where(series.c.ci_id.in_(_CIS), series.c.section.in_(_NAMES))
    .order_by(series.c.id, sample.c.at, sample.c.slot)
)
_FRESH = (
    select(section.c.ci_id, section.c.source_id, section.c.name, section.c.status, section.c.last_ok,
           source.c.confirmed_at, _SPEAKS.label("still"))
    .select_from(section.join(source))
    .where(section.c.ci_id.in_(_CIS), section.c.name.in_(_NAMES))
)  # fmt: skip


async def keep(tx: AsyncConnection, taken: Iterable[tuple[Place, Sample]]) -> None:
    """Write samples, each of a CI as a source tells it; what a slot held before goes, unless it is younger."""
    some = list(taken)
    if not some:
        return
    ids = await _series_ids(tx, some)
    rows = [
        {
            "series_id": ids[_owned(place, each)],
            "slot": each.slot,
            "at": each.at,
            "value": interning.canonical(each.value),
        }
        for place, each in some
    ]
    upsert = insert(tx, sample)
    moving = {name: upsert.excluded[name] for name in ("at", "value")}
    await tx.execute(
        upsert.on_conflict_do_update(
            index_elements=["series_id", "slot"], set_=moving, where=upsert.excluded["at"] >= sample.c.at
        ),
        rows,
    )


def _owned(place: Place, each: Sample) -> Owned:
    return *place, each.section, each.element, each.field


async def _series_ids(tx: AsyncConnection, some: Collection[tuple[Place, Sample]]) -> dict[Owned, int]:
    """Return the id of each series, made where it is new."""
    wanted = {_owned(place, each) for place, each in some}
    found = await _known(tx, wanted)
    if missing := sorted(wanted - found.keys()):
        names = ("ci_id", "source_id", "section", "element", "field")
        rows = [dict(zip(names, owned, strict=True)) for owned in missing]
        await tx.execute(insert(tx, series).on_conflict_do_nothing(), rows)
        found |= await _known(tx, missing)
    return found


async def _known(tx: AsyncConnection, wanted: Collection[Owned]) -> dict[Owned, int]:
    names, found = sorted({owned[2] for owned in wanted}), {}
    for part in interning.chunks(sorted({owned[0] for owned in wanted})):
        for row in await tx.execute(_SERIES, {"cis": part, "names": names}):
            found[row.ci_id, row.source_id, row.section, row.element, row.field] = row.id
    return found


async def of_cis(connection: AsyncConnection, ci_ids: Collection[int], names: Collection[str]) -> dict[int, list[Told]]:
    """Return CI → everything that is kept of these sections, as each source tells it."""
    found: dict[int, list[Told]] = {}
    for part in interning.chunks(ci_ids):
        asked: dict[str, Any] = {"cis": part, "names": list(names)}
        fresh = {(row.ci_id, row.source_id, row.name): _fresh(row) for row in await connection.execute(_FRESH, asked)}
        points: dict[Owned, list[Point]] = {}
        for row in await connection.execute(_POINTS, asked):
            owned = row.ci_id, row.source_id, row.section, row.element, row.field
            points.setdefault(owned, []).append((row.at, json.loads(row.value)))
        for (ci_id, source_id, name, element, field), its in points.items():
            line: Line = name, element, field
            told = Told(source_id, line, its, fresh.get((ci_id, source_id, name), 0))
            found.setdefault(ci_id, []).append(told)
    return found


def _fresh(row: Row[Any]) -> int:
    """Return when the source last confirmed the section: by its own word, or by a whole quiet inventory."""
    is_quiet = row.still and Status(row.status).speaks
    return int(max(row.last_ok, row.confirmed_at) if is_quiet else row.last_ok)


async def watch(tx: AsyncConnection, spans: Spans, now: int) -> None:
    """Watch these fields of every CI from `now` on, those that are not watched yet."""
    for name, field in ((name, field) for name, fields in spans.items() for field in fields):
        line = section.c.ci_id, section.c.source_id, section.c.name, literal(WATCHED), literal(field)
        made = select(*line).where(section.c.name == name, section.c.last_ok > 0)
        columns = ["ci_id", "source_id", "section", "element", "field"]
        await tx.execute(insert(tx, series).from_select(columns, made).on_conflict_do_nothing())
        its = series.c.section == name, series.c.element == WATCHED, series.c.field == field
        begun = select(series.c.id, literal(0, BigInteger), literal(now, BigInteger), literal("true")).where(*its)
        columns = ["series_id", "slot", "at", "value"]
        await tx.execute(insert(tx, sample).from_select(columns, begun).on_conflict_do_nothing())


# --- forgetting


async def prune(tx: AsyncConnection, after: int, portion: int, spans: Spans, now: int) -> int:
    """Let what is too old go from the `portion` series whose ids come after `after`; return the last id, 0 at the end.

    Of each series one sample older than its window stays: it is what held when the window began. Series no rule
    looks back on, and those of what has not been there for a whole window, go whole.
    """
    columns = series.c.id, series.c.section, series.c.field
    some = list(await tx.execute(select(*columns).where(series.c.id > after).order_by(series.c.id).limit(portion)))
    ids: dict[int, list[int]] = {}
    for row in some:
        ids.setdefault(spans.get(row.section, {}).get(row.field, 0), []).append(row.id)
    for span, its in ids.items():
        for part in interning.chunks(its):
            await (_drop(tx, part) if not span else _age(tx, part, now - span))
    return some[-1].id if len(some) == portion else 0


async def _age(tx: AsyncConnection, ids: list[int], before: int) -> None:
    other = sample.alias("other")
    last = (
        select(func.max(other.c.at))
        .where(other.c.series_id == sample.c.series_id, other.c.at <= before)
        .scalar_subquery()
    )
    await tx.execute(delete(sample).where(sample.c.series_id.in_(ids), sample.c.at < last))
    newest = select(sample.c.series_id).where(sample.c.series_id.in_(ids)).group_by(sample.c.series_id)
    gone = newest.having(func.max(sample.c.at) < before, func.count() == 1, func.max(sample.c.value) == "null")
    await _drop(tx, [row.series_id for row in await tx.execute(gone)])


async def _drop(tx: AsyncConnection, ids: list[int]) -> None:
    if ids:
        await tx.execute(delete(sample).where(sample.c.series_id.in_(ids)))
        await tx.execute(delete(series).where(series.c.id.in_(ids)))


async def count(connection: AsyncConnection) -> Mapping[str, int]:
    """Return how many series and samples are kept."""
    counted = {table.name: select(func.count()).select_from(table) for table in (series, sample)}
    return {name: int((await connection.execute(query)).scalar_one()) for name, query in counted.items()}
