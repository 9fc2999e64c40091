"""Cursor pages: a page starts behind (or before) a row, never at a number, so it stays right while rows arrive."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Row, Select, literal, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")
S = TypeVar("S")

MAX_LIMIT = 200
MAX_CURSOR = 8192
MAX_KEYS = 6

Key = tuple[str | int, ...]
AnyRow = Row[*tuple[Any, ...]]
AnySelect = Select[*tuple[Any, ...]]


class BadCursor(ValueError):
    """The cursor was not given out by this list."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items of a list, how many match in all, and the cursors of the pages around."""

    items: tuple[T, ...]
    count: int
    next: str | None = None
    previous: str | None = None

    def of(self, items: Sequence[S]) -> Page[S]:
        """Return the same page of other items."""
        return Page(tuple(items), self.count, self.next, self.previous)


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list is wanted."""

    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """The total order of a list: `columns` compare together, `key` names a row, `bound` turns a key into values.

    `bound` may answer with subqueries, so a cursor need not carry long texts.
    """

    columns: tuple[ColumnElement[Any], ...]
    key: Callable[[AnyRow], Key]
    bound: Callable[[Key], tuple[Any, ...]]
    kinds: tuple[type, ...]
    descending: bool = False


def encode(back: bool, key: Key) -> str:
    """Return the cursor of the page before (`back`) or behind the row named `key`."""
    packed = json.dumps([int(back), *key], separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def decode(cursor: str, kinds: tuple[type, ...]) -> tuple[bool, Key]:
    """Return what `encode` was given; raise `BadCursor`."""
    if len(cursor) > MAX_CURSOR:
        raise BadCursor("cursor too long")
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        back, *key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (UnicodeError, binascii.Error, ValueError, TypeError, RecursionError) as error:
        raise BadCursor("unreadable cursor") from error
    if back not in (0, 1) or len(key) != len(kinds) or not all(map(_fits, key, kinds)):
        raise BadCursor("cursor of another list")
    return bool(back), tuple(key)


def _fits(value: object, kind: type) -> bool:
    return type(value) is kind and not (isinstance(value, int) and abs(value) >= 2**63)


async def fetch(
    connection: AsyncConnection, statement: AnySelect, order: Order, window: Window, count: int
) -> Page[AnyRow]:
    """Return the page of `statement` that `window` asks for; raise `BadCursor`."""
    limit = max(1, min(window.limit, MAX_LIMIT))
    back, key = decode(window.cursor, order.kinds) if window.cursor else (False, None)
    if key is not None:
        statement = statement.where(_beyond(order, key, back))
    backwards = order.descending != back
    ordered = statement.order_by(*(column.desc() if backwards else column.asc() for column in order.columns))
    rows = (await connection.execute(ordered.limit(limit + 1))).all()
    return _page(rows[:limit], len(rows) > limit, order, (back, key is not None), count)


def _beyond(order: Order, key: Key, back: bool) -> ColumnElement[bool]:
    here = tuple_(*order.columns)
    there = tuple_(*(value if isinstance(value, ColumnElement) else literal(value) for value in order.bound(key)))
    return here < there if order.descending != back else here > there


def _page(rows: Sequence[AnyRow], more: bool, order: Order, came: tuple[bool, bool], count: int) -> Page[AnyRow]:
    back, by_cursor = came
    if back:
        rows = rows[::-1]
    has_next = back or more
    has_previous = more if back else by_cursor
    return Page(
        tuple(rows),
        count,
        encode(False, order.key(rows[-1])) if rows and has_next else None,
        encode(True, order.key(rows[0])) if rows and has_previous else None,
    )
