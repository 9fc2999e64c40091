"""Pages of the database as parts of a table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from collector.report.value import Fetch, Part, Row
from collector.store.browse.page import Page, Window

T = TypeVar("T")


def paged(
    limit: int, read: Callable[[Window], Awaitable[Page[T]]], rows: Callable[[tuple[T, ...]], Awaitable[list[Row]]]
) -> Fetch:
    """Return how to fetch a part: `read` gives a page, `rows` what the table says of its items."""

    async def fetch(cursor: str | None) -> Part:
        page = await read(Window(limit, cursor))
        return Part(tuple(await rows(page.items)), page.next, page.previous, None if cursor else page.count)

    return fetch
