"""A list as a page shows it: filters, columns, order and page, all of it in the URL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from urllib.parse import urlencode

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.browse.page import MAX_LIMIT, Page, Window
from collector.store.browse.search import MAX_QUERY
from collector.store.engine import Store
from collector.web import units
from collector.web.catalogue import Texts
from collector.web.csvfile import MAX_ROWS

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the word it sorts by (empty: not at all), and whether its cells are numbers."""

    name: str
    sort: str = ""
    numeric: bool = False
    shown: bool = True


@dataclass(frozen=True, slots=True)
class Spec:
    """What a list can do. `filters`: name → values one may choose; `sort` is the order it starts with.

    `moments`: it can be shown as of a moment, named by `at` and `known_at`.
    """

    path: str
    columns: tuple[Column, ...]
    filters: Mapping[str, tuple[str, ...]]
    sort: str = ""
    moments: bool = False

    @property
    def sorts(self) -> frozenset[str]:
        words = [column.sort for column in self.columns if column.sort]
        return frozenset([*words, *(f"-{word}" for word in words)])


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter that is set, and the address without it."""

    filter: str
    value: str
    without: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What was asked of a list, cleaned: a value it does not offer is not asked."""

    spec: Spec
    q: str
    chosen: Mapping[str, tuple[str, ...]]
    sort: str
    names: tuple[str, ...]
    cursor: str | None
    page: Page[Any] | None = None
    moment: Mapping[str, str] = field(default_factory=dict)

    def of(self, page: Page[Any]) -> Listing:
        """Return the same with the page that was found."""
        return replace(self, page=page)

    @property
    def window(self) -> Window:
        return Window(50, self.cursor)

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(column for column in self.spec.columns if column.name in self.names)

    def head(self, texts: Texts) -> list[str]:
        """Return the names of the columns shown."""
        return [str(texts(f"column.{column.name}")) for column in self.columns]

    @property
    def at(self) -> int | None:
        """When it is to be shown as of (ms); None: now, and for what is no time."""
        return units.read_field(self.moment.get("at", ""))

    @property
    def known_at(self) -> int | None:
        return units.read_field(self.moment.get("known_at", ""))

    @property
    def is_filtered(self) -> bool:
        return bool(self.q or any(self.chosen.values()))

    @property
    def chips(self) -> tuple[Chip, ...]:
        return tuple(
            Chip(name, value, self.url(**{name: tuple(each for each in values if each != value)}))
            for name, values in self.chosen.items()
            for value in values
        )

    def url(self, **changes: str | Sequence[str]) -> str:
        """Return the address of this list with `changes`; without a cursor among them it is that of the first page."""
        pairs = self._pairs(changes)
        return self.spec.path + (f"?{urlencode(pairs)}" if pairs else "")

    def but(self, *names: str) -> list[tuple[str, str]]:
        """Return what a form carries along that asks these names itself."""
        return self._pairs(dict.fromkeys(names, ""))

    @property
    def unfiltered_url(self) -> str:
        return self.url(q="", **dict.fromkeys(self.chosen, ""))

    def _pairs(self, changes: Mapping[str, str | Sequence[str]]) -> list[tuple[str, str]]:
        """What the address carries: only what differs from how the list starts."""
        asked: dict[str, str | Sequence[str]] = {"q": self.q, **self.chosen, "sort": self.sort, "column": self.names}
        asked |= self.moment
        asked |= changes
        if asked["sort"] == self.spec.sort:
            del asked["sort"]
        if asked["column"] == _initial(self.spec):
            del asked["column"]
        return [(name, each) for name, value in asked.items() for each in _several(value) if each]

    def shorter(self, request: Request) -> str | None:
        """Return the short address of what `request` asked in a longer one: a form sends its defaults too."""
        cursor = {"cursor": self.cursor} if self.cursor else {}
        if sorted(self._pairs(cursor)) == sorted(request.query_params.multi_items()):
            return None
        return self.url(**cursor)

    @property
    def csv_url(self) -> str:
        return self.url().replace(self.spec.path, f"{self.spec.path}.csv", 1)

    def sorted_by(self, column: Column) -> str:
        """Return how the list is sorted by `column`: ascending, descending, or not (empty)."""
        if not column.sort or self.sort.removeprefix("-") != column.sort:
            return ""
        return "descending" if self.sort.startswith("-") else "ascending"

    def sort_url(self, column: Column) -> str:
        return self.url(sort=f"-{column.sort}" if self.sort == column.sort else column.sort)

    @property
    def next_url(self) -> str | None:
        return self.url(cursor=self.page.next) if self.page and self.page.next else None

    @property
    def previous_url(self) -> str | None:
        return self.url(cursor=self.page.previous) if self.page and self.page.previous else None


def _several(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _initial(spec: Spec) -> tuple[str, ...]:
    return tuple(column.name for column in spec.columns if column.shown)


_MOMENTS = ("at", "known_at")


def read(spec: Spec, request: Request) -> Listing:
    """Return what `request` asks of the list."""
    asked = request.query_params
    chosen = {
        name: tuple(value for value in offered if value in asked.getlist(name))
        for name, offered in spec.filters.items()
    }
    names = tuple(column.name for column in spec.columns if column.name in asked.getlist("column"))
    sort = asked.get("sort", spec.sort)
    return Listing(
        spec,
        asked.get("q", "").strip()[:MAX_QUERY],
        chosen,
        sort if sort in spec.sorts else spec.sort,
        names or _initial(spec),
        asked.get("cursor") or None,
        moment={name: asked[name][:40] for name in _MOMENTS if spec.moments and asked.get(name)},
    )


async def everything(
    store: Store,
    fetch: Callable[[AsyncConnection, Window], Awaitable[Page[T]]],
    row: Callable[[T], R],
) -> AsyncIterator[Sequence[R]]:
    """Yield all rows of a list as of one moment, page by page, up to `MAX_ROWS`."""
    cursor, seen = None, 0
    async with store.read() as connection:
        while seen < MAX_ROWS:
            page = await fetch(connection, Window(MAX_LIMIT, cursor))
            yield [row(item) for item in page.items]
            seen += len(page.items)
            cursor = page.next
            if cursor is None:
                return
