"""Lists that are told in parts: where one goes on, and what the next part begins behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from collector.store.browse.page import decode, encode

T = TypeVar("T")


def after(cursor: str | None, width: int = 1) -> tuple[str, ...] | None:
    """Return the key of so many texts behind which a list goes on, None for its beginning; raise `BadCursor`."""
    return tuple(map(str, decode(cursor, (str,) * width)[1])) if cursor else None


def part(found: Sequence[T], limit: int, key: Callable[[T], tuple[str, ...]]) -> dict[str, Any]:
    """Return `limit` of what was found as a `Part`; one more than that says that there is a next one."""
    items = list(found[:limit])
    return {"items": items, "next_cursor": encode(False, key(items[-1])) if len(found) > limit else None}
