"""PagerDuty's Events API v2, for what can speak that: trigger, acknowledge, resolve, by `dedup_key`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from collector.incident.foreign import FIRING, RESOLVED, ForeignAlert
from collector.services.inbound.reading import (
    BadAlert,
    fingerprint,
    is_address,
    labels,
    mapping,
    moment,
    severity,
    text,
    word,
)

SOURCE: Final = "pagerduty"
ACTIONS: Final = ("trigger", "acknowledge", "resolve")


@dataclass(frozen=True, slots=True)
class Event:
    """An event: its key, and the alert it tells of, None where it only acknowledges."""

    key: str
    alert: ForeignAlert | None


def of_event(body: Any, source: str, now: int) -> Event:
    """Return what an event says; raise `BadAlert`. An event that ends an alert need say nothing else of it."""
    told = mapping(body, "body")
    action = word(told.get("event_action"))
    if action not in ACTIONS:
        raise BadAlert(f"one of {', '.join(ACTIONS)} is expected", "event_action")
    payload = mapping(told.get("payload") or {}, "payload")
    key = word(told.get("dedup_key"))[:255]
    if not key and action != "trigger":
        raise BadAlert("a dedup_key is expected", "dedup_key")
    summary, thing = word(payload.get("summary")), word(payload.get("source"))
    if action == "trigger" and not (summary and thing):
        raise BadAlert("summary and source are expected", "payload")
    key = key or fingerprint([summary, thing, now])
    if action == "acknowledge":
        return Event(key, None)
    is_over = action == "resolve"
    return Event(key, ForeignAlert(
        source, key, RESOLVED if is_over else FIRING, severity(payload.get("severity")),
        word(payload.get("class")) or "event", summary or key, moment(payload.get("timestamp"), "timestamp") or now,
        text(payload.get("component")), word(told.get("client_url")), labels(payload.get("custom_details")),
        {"ip" if is_address(thing) else "name": thing} if thing else {}, now if is_over else None,
    ))  # fmt: skip
