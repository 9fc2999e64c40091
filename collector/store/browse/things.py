"""CIs as people walk up to them: name, label, owner and place of the record, and what a label or a plate names."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector import record
from collector.model import FOREVER
from collector.stocktake import Thing
from collector.store import interning
from collector.store.browse.page import AnyRow
from collector.store.schema import ci, fact, identifier, path, val

STATES: Final = ("active", "unreachable", "missing")
"""What is to be found where its record says."""
ENVIRONMENT: Final = "production"


def _said(key: str) -> Any:
    """What the record says under `key`, as JSON."""
    return (
        select(val.c.text)
        .select_from(fact.join(path, path.c.id == fact.c.path_id).join(val, val.c.id == fact.c.val_id))
        .where(fact.c.ci_id == ci.c.id, fact.c.vt == FOREVER, fact.c.tt == FOREVER)
        .where(path.c.section == record.SECTION, path.c.key == key)
        .limit(1)
        .scalar_subquery()
        .label(key)
    )


_THINGS: Final = select(
    ci.c.id, ci.c.uid, ci.c.name, ci.c.ci_class, ci.c.ci_type, ci.c.label, _said("owner"), _said("place")
).where(ci.c.merged_into.is_(None))
_THERE: Final = (ci.c.state.in_(STATES), ci.c.environment == ENVIRONMENT)


async def standing(connection: AsyncConnection, classes: Collection[str] = (), most: int = 100_000) -> list[Thing]:
    """Return what is in production, of these classes or of all; the first `most` by class and name."""
    wanted = _THINGS.where(*_THERE).order_by(ci.c.ci_class, ci.c.name, ci.c.id).limit(most)
    if classes:
        wanted = wanted.where(ci.c.ci_class.in_(sorted(classes)))
    return [_thing(row) for row in await connection.execute(wanted)]


async def by_ids(connection: AsyncConnection, ci_ids: Collection[int]) -> dict[int, Thing]:
    """Return id → CI, whatever state it is in."""
    return {each.ci_id: each for each in await _some(connection, _THINGS, ci.c.id, sorted(ci_ids))}


async def by_uids(connection: AsyncConnection, uids: Collection[str]) -> dict[str, Thing]:
    """Return uid → CI, whatever state it is in; what is no printable text is no uid."""
    asked = sorted(each for each in uids if each.isprintable())
    return {each.uid: each for each in await _some(connection, _THINGS, ci.c.uid, asked)}


async def by_uid(connection: AsyncConnection, uid: str) -> Thing | None:
    return (await by_uids(connection, [uid])).get(uid)


async def named(connection: AsyncConnection, word: str) -> list[Thing]:
    """Return the CIs that have `word` as uid, as label, as serial number or, last, as name: the first that is there."""
    serials = select(identifier.c.ci_id).where(
        identifier.c.kind == "serial", identifier.c.state == "live", func.lower(identifier.c.value) == word.lower()
    )
    lowered = (func.lower(ci.c.label) == word.lower(), ci.c.id.in_(serials), func.lower(ci.c.name) == word.lower())
    for condition in (ci.c.uid == word, ci.c.label == word, *lowered):
        found = await _living(connection, condition)
        if found:
            return found
    return []


async def _living(connection: AsyncConnection, condition: ColumnElement[bool]) -> list[Thing]:
    """Return the CIs a condition names; one that was merged is what it was merged into."""
    ids = select(func.coalesce(ci.c.merged_into, ci.c.id)).where(condition).limit(20)
    return list((await by_ids(connection, set((await connection.execute(ids)).scalars()))).values())


async def _some(
    connection: AsyncConnection, things: Select[Any], column: ColumnElement[Any], values: Sequence[int] | Sequence[str]
) -> list[Thing]:
    found = []
    for part in interning.chunks(values):
        found += [_thing(row) for row in await connection.execute(things.where(column.in_(part)))]
    return found


def _thing(row: AnyRow) -> Thing:
    return Thing(
        row.id, row.uid, row.name, row.ci_class, row.ci_type, row.label or "", _word(row.owner), _word(row.place)
    )  # fmt: skip


def _word(text: str | None) -> str:
    return str(json.loads(text) or "") if text else ""
