"""What happens to incidents, told by every channel that wants it: rows of the outbox, in the same transaction.

A channel that was told of an incident hears the rest of it, even where the incident is no longer of those it asks for:
whoever was told that something broke is told that it is over.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.channel import BEGINS, Channel
from collector.model import Delivery, Incident
from collector.store import channels, outbox
from collector.wording import time_text

ALARM = "channel"
"""The kind of an incident about a channel: it does not go by the channel it is about."""
MAX_DETAIL = 4_000
Told = tuple[Incident, str] | tuple[Incident, str, str]
"""An incident, what happened to it (`opened`, `updated`, `commented`, `acknowledged`, `warned`, `escalated`,
`resolved`, `reopened`, `closed`), and a sentence about it where there is one."""


async def tell(connection: AsyncConnection, told: Sequence[Told], now: int) -> None:
    """Write one message a channel for each of `told`; telling the same again changes nothing."""
    if not told:
        return
    listening = await channels.enabled(connection)
    if not listening:
        return
    known = await _known(connection, told)
    deliveries = [
        delivery
        for incident, event, *rest in told
        for delivery in _deliveries(_message(incident, event, now, *rest), listening, known)
    ]
    await outbox.write(connection, deliveries, now)


async def _known(connection: AsyncConnection, told: Sequence[Told]) -> set[tuple[str, str]]:
    """Return which channel was told of which of the incidents that did not begin just now."""
    going_on = {_subject(incident) for incident, event, *_ in told if event not in BEGINS or incident.reopened}
    return await outbox.told(connection, going_on)


def _deliveries(message: Delivery, listening: Sequence[Channel], known: Collection[tuple[str, str]]) -> list[Delivery]:
    incident: Mapping[str, Any] = message.payload["incident"]
    about = incident["detail"].get("channel") if incident["kind"] == ALARM else None
    wanting = [
        each.name
        for each in listening
        if each.wants.hears(message.event) and (each.wants.takes(incident) or (each.name, message.subject) in known)
    ]
    return [Delivery(message.key, name, message.payload) for name in wanting if name != about]


def _subject(incident: Incident) -> str:
    return f"incident|{incident.number}"


def _message(each: Incident, event: str, now: int, detail: str = "") -> Delivery:
    """Return the message, the same for every channel. Times are RFC 3339; the first of an incident needs no moment."""
    key = f"{_subject(each)}|{event}" + ("" if event == "opened" else f"@{now}")
    return Delivery(key, "", {
        "version": 1,
        "event": event,
        "at": time_text(now),
        "said": detail[:MAX_DETAIL],
        "incident": {
            "number": each.number,
            "state": each.state,
            "severity": each.severity,
            "priority": each.priority,
            "kind": each.kind,
            "source": each.source,
            "category": each.category,
            "site": _site(each),
            "line": each.line,
            "assignee": each.assignee,
            "causes": each.causes,
            "title": each.title,
            "detail": each.detail,
            "opened_at": time_text(each.opened_at),
            "resolved_at": None if each.resolved_at is None else time_text(each.resolved_at),
        },
    })  # fmt: skip


def _site(each: Incident) -> str:
    place = each.detail.get("ci")
    site = place.get("site") if isinstance(place, Mapping) else None
    return site if isinstance(site, str) else ""
