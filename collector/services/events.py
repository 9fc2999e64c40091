"""Events: what devices said by themselves, for people and programs; kept for a season."""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store import events as kept
from collector.store.browse import events
from collector.store.browse.events import EventQuery, EventRow
from collector.store.browse.page import Page, Window

KEPT_MS: Final = 90 * 86_400_000
MOST_KEPT: Final = 2_000_000
NOTABLE: Final = (
    "cold_start", "warm_start", "reboot", "link_down", "link_up", "ups_on_battery", "ups_power_restored",
    "ups_low_battery", "config_changed", "events_dropped",
)  # fmt: skip
"""Kinds that belong into the story of a CI; logins and commands would drown it."""


async def listed(connection: AsyncConnection, query: EventQuery, window: Window) -> Page[EventRow]:
    """Return one page of events, newest first; raise `BadCursor`."""
    return await events.list_events(connection, query, window)


async def forget(tx: AsyncConnection, now: int) -> int:
    """Take away some events that are too old or too many; return how many: there may be more."""
    return await kept.forget(tx, now - KEPT_MS, MOST_KEPT)
