"""Findings as they are opened with their items: in one statement on PostgreSQL, in two on SQLite, however many."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import JSON, Integer, Table, Text, bindparam, cast, column, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.schema import finding, finding_item

Row = Mapping[str, Any]
"""A row by its columns; `finding_id` is left out of an item."""
Opened = Sequence[tuple[Row, Sequence[Row]]]
_HEAD: Final = ("ci_id", "source_id", "opened_at", "verdict", "lo", "hi", "due_at", "closed_at")
_ITEM: Final = tuple(each.name for each in finding_item.c if each.name not in ("finding_id", "looked_for"))


async def add(tx: AsyncConnection, opened: Opened) -> None:
    """Open these findings, numbered in that order; no two items of one have the same key, as `filing.file` sees to."""
    if not opened:
        return
    heads = [{"place": place, **head} for place, (head, _) in enumerate(opened, 1 - len(opened))]
    items = [{"place": place, **item} for place, (_, its) in enumerate(opened, 1 - len(opened)) for item in its]
    if tx.dialect.name == "sqlite":
        await tx.execute(_first(), heads)
        await tx.execute(_following(), items)
    else:
        await tx.execute(_together(), {"heads": json.dumps(heads), "items": json.dumps(items)})


@cache
def _first() -> Any:
    return insert(finding).inline().values({name: bindparam(name) for name in _HEAD})


@cache
def _following() -> Any:
    """Return how items follow their findings: nobody writes beside us, so the last numbers are theirs."""
    number = select(func.max(finding.c.id)).scalar_subquery() + bindparam("place", type_=Integer)
    return insert(finding_item).inline().values(finding_id=number, **{name: bindparam(name) for name in _ITEM})


@cache
def _together() -> Any:
    """Return how findings take their numbers and are written, and their items by those numbers."""
    number = func.nextval(func.pg_get_serial_sequence("finding", "id"))
    head, item = _told("heads", finding, _HEAD), _told("items", finding_item, _ITEM)
    numbered = select(number.label("id"), head).cte("numbered")
    opening = insert(finding).from_select(["id", *_HEAD], select(*(numbered.c[name] for name in ("id", *_HEAD))))
    theirs = select(numbered.c.id, *(item.c[name] for name in _ITEM)).where(numbered.c.place == item.c.place)
    return insert(finding_item).from_select(["finding_id", *_ITEM], theirs).add_cte(opening.cte("opened"))


def _told(name: str, table: Table, columns: Sequence[str]) -> Any:
    """Return rows that come as JSON in the parameter `name`, with the types their table has."""
    typed = (column(each, table.c[each].type) for each in columns)
    rows = func.json_to_recordset(cast(bindparam(name, type_=Text), JSON))
    return rows.table_valued(column("place", Integer), *typed).render_derived(name=name, with_types=True)
