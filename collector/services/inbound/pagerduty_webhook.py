"""PagerDuty's webhooks, version 3: what people said there of incidents we told it of. Signed, then read.

Header: `X-PagerDuty-Signature: v1=<hex HMAC-SHA-256 of the body>`, several with commas while a secret is exchanged.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from collector.services.inbound.reading import BadAlert, mapping, moment, word

HEADER: Final = "X-PagerDuty-Signature"
ACKNOWLEDGED, RESOLVED = "incident.acknowledged", "incident.resolved"
MAX_SIGNATURES: Final = 10


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody (`who`, as PagerDuty calls them) acknowledged or resolved the incident of a `dedup_key`, `at` (ms)."""

    what: str
    key: str
    who: str
    at: int


def is_signed(body: bytes, header: str, secret: str) -> bool:
    """Return whether one of the signatures is that of the body."""
    right = b"v1=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode()
    given = [each.strip().encode("utf-8", "replace") for each in header.split(",", MAX_SIGNATURES)[:MAX_SIGNATURES]]
    return any(hmac.compare_digest(each, right) for each in given)


def said_of(body: Any) -> Said | None:
    """Return what a message says; None where it tells of anything else; raise `BadAlert`."""
    event = mapping(mapping(body, "body").get("event"), "event")
    what = event.get("event_type")
    if what not in (ACKNOWLEDGED, RESOLVED):
        return None
    at = moment(event.get("occurred_at"), "occurred_at")
    if at is None:
        raise BadAlert("occurred_at: a time is expected", "occurred_at")
    data, agent = mapping(event.get("data"), "data"), event.get("agent")
    # What a rule or an integration did has no agent.
    who = word(agent.get("summary")) if isinstance(agent, Mapping) else ""
    return Said(str(what), word(data.get("incident_key")), who, at)
