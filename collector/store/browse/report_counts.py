"""How many CIs there are by one thing: a column of theirs, how long they have been known, or a value they have."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Value
from collector.store import asof
from collector.store.browse.reports import Scope, of_scope
from collector.store.schema import fact, path, val

COLUMNS = {"class": "ci_class", "type": "ci_type", "state": "state"}


async def by_column(connection: AsyncConnection, scope: Scope, name: str) -> dict[str, int]:
    """Return value → CIs, of a column named in `COLUMNS`."""
    its = asof.cis(scope.moment)
    column = its.c[COLUMNS[name]]
    statement = select(column, func.count()).where(*of_scope(scope, its)).group_by(column)
    return {row[0]: row[1] for row in await connection.execute(statement)}


async def by_age(connection: AsyncConnection, scope: Scope, bounds: Sequence[int]) -> list[int]:
    """Return how many CIs have been known since each span of `bounds`: falling times (ms), half-open."""
    its = asof.cis(scope.moment)
    spans = [and_(its.c.created_at <= later, its.c.created_at > earlier) for later, earlier in pairwise(bounds)]
    counted = [func.coalesce(func.sum(case((span, 1), else_=0)), 0) for span in spans]
    row = (await connection.execute(select(*counted).where(*of_scope(scope, its)))).one()
    return [int(each) for each in row]


async def by_value(
    connection: AsyncConnection, scope: Scope, places: Sequence[tuple[str, str]]
) -> dict[str | None, int]:
    """Return value → CIs that have it at the first of `places` where they have any; None → those without."""
    joined = its = asof.cis(scope.moment)
    ids: list[ColumnElement[Any]] = []
    for section, key in places:
        path_id = select(path.c.id).where(path.c.section == section, path.c.key == key).scalar_subquery()
        here = asof.held(fact, fact.c.path_id == path_id, scope.moment)
        joined, ids = joined.outerjoin(here, here.c.ci_id == its.c.id), [*ids, here.c.val_id]
    val_id = func.coalesce(*ids) if len(ids) > 1 else ids[0]
    grouped = select(val_id.label("val_id"), func.count().label("n")).select_from(joined).where(*of_scope(scope, its))
    counted = grouped.group_by(val_id).subquery()
    named = select(val.c.text, counted.c.n).outerjoin_from(counted, val, val.c.id == counted.c.val_id)
    found: dict[str | None, int] = {}
    for text, number in await connection.execute(named):
        word = None if text is None else _text(json.loads(text))
        found[word] = found.get(word, 0) + number
    return found


def _text(value: Value) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
