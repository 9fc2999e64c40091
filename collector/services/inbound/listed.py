"""Alerts of other systems as pages and REST list them."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.services.inbound.binding import words_of
from collector.services.missing import NotFound
from collector.store.browse.foreign_alerts import ForeignQuery as ForeignQuery
from collector.store.browse.foreign_alerts import ForeignRow as ForeignRow
from collector.store.browse.foreign_alerts import list_foreign as list_foreign
from collector.store.browse.foreign_alerts import look
from collector.store.foreign_alerts import Kept


async def one(connection: AsyncConnection, number: int) -> ForeignRow:
    """Return one alert, also one that is over; raise `NotFound`."""
    found = await look(connection, number)
    if found is None:
        raise NotFound("alert", str(number))
    return found


def labels_of(kept: Kept) -> dict[str, str]:
    """Return what an alert may be bound by: its labels, and what it calls the thing it is about."""
    return words_of(kept.alert)
