"""What arrives: what sources saw, and what devices said by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wire.observation import Status, Target


@dataclass(frozen=True, slots=True)
class Reading:
    """One section as ingest opened it. `body` is None when only its hash travelled or nothing was said."""

    name: str
    status: Status
    complete: bool = True
    hash: bytes = b""
    body: Any = None
    reason: str = ""
    collected_at: int = 0
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Observation:
    """What one source saw at one time, opened and checked. `id` is its place in the ingest log.

    `target`: what a probe looked at; None when the source speaks of its own machine.
    """

    id: int
    source: str
    seq: int
    observed_at: int
    received_at: int
    state_hash: bytes
    readings: Mapping[str, Reading]
    agent_version: str = ""
    dropped: int = 0
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something a device said by itself, by a notification or a line of syslog, at `at` by the collector's clock (ms).

    `until` and `count`: the last of those like it, and how many there were. `object`: what of the device it speaks of
    (an ifName …); `actor`: who did it, `origin`: from which address; `source`: trap or syslog; `oid`: the notification.
    `authentic` when it is proven who said it (SNMPv3 with authentication): the others anyone may forge.
    """

    at: int
    kind: str
    actor: str = ""
    origin: str = ""
    object: str = ""
    severity: str = "notice"
    message: str = ""
    source: str = ""
    oid: str = ""
    until: int = 0
    count: int = 1
    authentic: bool = False
