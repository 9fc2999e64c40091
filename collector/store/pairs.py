"""Many pairs of CI and path asked for at once, each found by the index: a row-value `IN` makes SQLite read it all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from sqlalchemy import JSON, BigInteger, ColumnElement, FromClause, Integer, Text, bindparam, cast, func
from sqlalchemy.ext.asyncio import AsyncConnection

MOST = 1_000
"""Pairs in one statement."""


class Asked(NamedTuple):
    """The pairs as something to join with; the parameter is `pairs`, as `text` writes it."""

    table: FromClause
    ci_id: ColumnElement[int]
    path_id: ColumnElement[int]


def _sqlite() -> Asked:
    table = func.json_each(bindparam("pairs", type_=Text)).table_valued("value", name="asked")
    return Asked(table, *(func.json_extract(table.c.value, f"$[{at}]", type_=Integer) for at in (0, 1)))


def _postgresql() -> Asked:
    told = cast(bindparam("pairs", type_=Text), JSON)
    table = func.json_array_elements(told).table_valued("value", name="asked")
    return Asked(table, *(cast(table.c.value.op("->>")(at), BigInteger) for at in (0, 1)))


_ASKED = {"sqlite": _sqlite(), "postgresql": _postgresql()}


class Asking:
    """A statement that is made of the pairs, once for each engine."""

    def __init__(self, made: Callable[[Asked], Any]) -> None:
        self._made = {dialect: made(asked) for dialect, asked in _ASKED.items()}

    def of(self, connection: AsyncConnection) -> Any:
        return self._made[connection.dialect.name]


def text(pairs: Iterable[tuple[int, int]]) -> str:
    return json.dumps(list(pairs))
