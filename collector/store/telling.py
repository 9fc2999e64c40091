"""What happens to incidents, told to everybody who asked for it: rows of the outbox, in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Delivery, Incident
from collector.store import outbox
from collector.wording import time_text


async def tell(
    connection: AsyncConnection, told: Sequence[tuple[Incident, str]], now: int, destinations: Sequence[str]
) -> None:
    """Write one message a destination for each (incident, event); telling the same again changes nothing."""
    deliveries = [_delivery(each, what, where) for each, what in told for where in destinations]
    await outbox.write(connection, deliveries, now)


def _delivery(each: Incident, what: str, destination: str) -> Delivery:
    """Return the message, the same for every destination. Times are RFC 3339."""
    payload = {
        "version": 1,
        "event": what,
        "incident": {
            "number": each.number,
            "state": each.state,
            "severity": each.severity,
            "kind": each.kind,
            "title": each.title,
            "detail": each.detail,
            "opened_at": time_text(each.opened_at),
            "resolved_at": None if each.resolved_at is None else time_text(each.resolved_at),
        },
    }
    return Delivery(f"incident|{each.number}|{what}", destination, payload)
