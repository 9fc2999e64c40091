"""The values of a receiver that cross the wire: what a probe may hear, and from whom. Frozen."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from wire.sweep import Lease

MAX_EVENTS = 1_000
"""Rows of events in one observation."""
PROTOCOL = "event"
"""The protocol of a target that spoke by itself."""
CREDENTIAL_KINDS = frozenset({"snmp_community", "snmp_user"})
"""Kinds of credentials by which notifications are heard."""
EVENT_KINDS = frozenset({
    "cold_start", "warm_start", "reboot", "link_down", "link_up", "authentication_failure", "ups_on_battery",
    "ups_power_restored", "ups_low_battery", "config_changed", "login", "login_failed", "command", "events_dropped",
    "other",
})  # fmt: skip
"""All that a row of `events` may say. `command`: an order that is not known to change the configuration;
`events_dropped`: so many were not read, because they came too fast or were too different."""
SEVERITIES = ("critical", "error", "warning", "notice", "info")


@dataclass(frozen=True, slots=True)
class ListenTask:
    """Who may speak in `zone`: addresses in `ranges`; notifications only by what is lent.

    `digest` tells one task from another; an empty task, whose digest is empty, says that nothing is to be heard.
    """

    zone: str
    ranges: tuple[str, ...] = ()
    leases: tuple[Lease, ...] = ()
    digest: bytes = b""


def digest_of(*parts: str) -> bytes:
    """Return the digest of what a task is made of; 16 bytes."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(4, "big") + part.encode("utf-8", "surrogatepass"))
    return whole.digest()[:16]
