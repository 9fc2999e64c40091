"""Findings as they are written: what each CI's filing says, item by item, and how each finding stands after it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, bindparam, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change import filing
from collector.change.filing import Brief, Filed, Filing
from collector.change.matching import Flag, Refused
from collector.change.track import Judged
from collector.store import opening, schema
from collector.store.engine import insert, insert_for, upsert
from collector.store.findings import of_findings
from collector.store.lanes import Ids

_finding, _item = schema.finding.c, schema.finding_item.c
_SOURCE = select(schema.source.c.id).where(schema.source.c.code == bindparam("b_code")).scalar_subquery()
_IS_ITEM = (
    (_item.finding_id == bindparam("b_finding")) & (_item.path_id == bindparam("b_path"))
    & (_item.field == bindparam("b_field")) & (_item.hi == bindparam("b_hi"))
    & (_item.source_id == _SOURCE)
)  # fmt: skip
_REMOVE = delete(schema.finding_item).where(_IS_ITEM)
_HEAD = (
    update(schema.finding).where(_finding.id == bindparam("b_id"))
    .values({name: bindparam(f"b_{name}") for name in ("verdict", "lo", "hi", "due_at", "closed_at")})
)  # fmt: skip
_MOVES = or_(
    _finding.verdict != bindparam("b_verdict"),
    func.coalesce(_finding.closed_at, 0) != func.coalesce(bindparam("b_closed_at", type_=BigInteger), 0),
)  # fmt: skip
_AS_IT_WAS = select(
    _finding.id, bindparam("b_until", type_=BigInteger).label("until"), _finding.verdict, _finding.closed_at
)  # fmt: skip
_PAST = ["finding_id", "until", "verdict", "closed_at"]
_KEY = ("finding_id", "path_id", "field", "hi", "source_id")
_JUDGED = tuple(each.name for each in schema.finding_item.c if each.name not in (*_KEY, "looked_for"))


async def apply(
    connection: AsyncConnection, filings: Mapping[int, Filing], sources: Mapping[str, int], ids: Ids, now: int
) -> set[int]:
    """Write what each CI's filing says at `now` (ms); return the CIs whose findings moved."""
    await _open(connection, filings, sources, ids, now)
    put = [each for one in filings.values() for each in one.put]
    gone = [each for one in filings.values() for each in one.gone]
    if gone:
        await connection.execute(_REMOVE, [_named(each, ids) for each in gone])
    await _put(connection, [{"finding_id": each.finding_id, **_row(each.judged, sources, ids, now)} for each in put])
    await _refresh(connection, {each.finding_id for each in (*put, *gone)}, now)
    return {ci_id for ci_id, each in filings.items() if not each.is_empty}


async def _open(
    connection: AsyncConnection, filings: Mapping[int, Filing], sources: Mapping[str, int], ids: Ids, now: int
) -> None:
    new = [(ci_id, items) for ci_id, each in sorted(filings.items()) for items in each.new]
    opened = []
    for ci_id, items in sorted(new, key=lambda each: (each[1][0].item.hi, each[0])):
        first = sources[items[0].item.source]
        head = {"ci_id": ci_id, "source_id": first, "opened_at": now, **_head(items, now)}
        opened.append((head, [_row(each, sources, ids, now) for each in items]))
    await opening.add(connection, opened)


async def _put(connection: AsyncConnection, rows: list[dict[str, Any]]) -> None:
    if rows:
        await connection.execute(upsert(connection, schema.finding_item, _KEY, *_JUDGED), rows)


def _named(filed: Filed, ids: Ids) -> dict[str, Any]:
    item = filed.judged.item
    return {
        "b_finding": filed.finding_id, "b_path": ids.paths[item.path], "b_field": item.field, "b_hi": item.hi,
        "b_code": item.source,
    }  # fmt: skip


def _row(judged: Judged, sources: Mapping[str, int], ids: Ids, now: int) -> dict[str, Any]:
    """Return the columns of an item, but for the finding it is of."""
    item, held = judged.item, judged.judgement
    is_final = filing.is_final(held)
    return {
        "source_id": sources[item.source], "path_id": ids.paths[item.path], "field": item.field, "hi": item.hi,
        "lo": item.lo, "auth_val_id": ids.value(item.authorised), "old_val_id": ids.value(item.old),
        "new_val_id": ids.value(item.new), "actor": item.actor, "claimed": item.claimed,
        "verdict": str(held.verdict), "change": held.change, "flags": json.dumps(sorted(held.flags)),
        "refused": json.dumps([_told(each) for each in held.refused]), "late_ms": held.late_ms,
        "due_at": None if is_final else held.due_at, "closed_at": (held.closed_at or now) if is_final else None,
        "once": not is_final and Flag.SEEN_ONCE in held.flags,
    }  # fmt: skip


def _told(refused: Refused) -> Sequence[Any]:
    gap = refused.gap and [refused.gap.stage, refused.gap.flaw]
    return [refused.change, refused.reason, gap, refused.late_ms]


async def _refresh(connection: AsyncConnection, ids: Collection[int], now: int) -> None:
    """Let each finding say what its items come to; one that has none any more is nothing."""
    if not ids:
        return
    items = await of_findings(connection, sorted(ids))
    heads = {key: _head([each.judged for each in its], now) for key, its in items.items()}
    if heads:
        rows = [{"b_id": key, **{f"b_{name}": value for name, value in head.items()}} for key, head in heads.items()]
        await _keep(connection, [{**row, "b_until": now} for row in rows])
        await connection.execute(_HEAD, rows)
    if empty := sorted(set(ids) - items.keys()):
        over = (_finding.id.in_(empty), _finding.closed_at.is_(None))
        kept = insert(connection, schema.finding_past).from_select(_PAST, _AS_IT_WAS.where(*over))
        await connection.execute(kept.on_conflict_do_nothing(), {"b_until": now})
        await connection.execute(update(schema.finding).where(*over).values(closed_at=now, due_at=None))


async def _keep(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep how findings stand whose verdict or whose end moves now; of two moves at one time the first tells."""
    names = ("b_id", "b_verdict", "b_closed_at", "b_until")
    await connection.execute(_keeping(connection.dialect.name), [{name: row[name] for name in names} for row in rows])


@cache
def _keeping(dialect: str) -> Any:
    its = _AS_IT_WAS.where(_finding.id == bindparam("b_id"), _MOVES)
    return insert_for(dialect, schema.finding_past).from_select(_PAST, its).on_conflict_do_nothing()


def _head(items: Iterable[Judged], now: int) -> dict[str, Any]:
    """Return what a finding of these items says, by column."""
    head = filing.head([_brief(each, now) for each in items])
    return {
        "verdict": str(head.verdict), "lo": head.lo, "hi": head.hi, "due_at": head.due_at, "closed_at": head.closed_at,
    }  # fmt: skip


def _brief(judged: Judged, now: int) -> Brief:
    item, held = judged.item, judged.judgement
    if filing.is_final(held):
        return held.verdict, item.lo, item.hi, None, held.closed_at or now
    return held.verdict, item.lo, item.hi, held.due_at, None


def values_of(filings: Iterable[Filing]) -> Iterator[object]:
    """Yield the values `apply` writes, to be interned before."""
    for each in filings:
        for judged in (*(one.judged for one in each.put), *(one for items in each.new for one in items)):
            yield judged.item.authorised
            yield judged.item.old
            yield judged.item.new
