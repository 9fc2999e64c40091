"""The values that cross the wire between an agent and the collector. Frozen, no behaviour but their hash."""

from __future__ import annotations

import enum
import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

MAX_OBSERVATION_BYTES = 8 * 1024 * 1024
MAX_REPORT_BYTES = 8 * 1024 * 1024
MAX_REPORT_ENVELOPES = 500
MAX_SECTIONS = 200
MAX_REASON = 300
MAX_HEARD = 40
"""Counts a probe tells of its receiver."""


class Status(enum.IntEnum):
    """How a section came about; only OK and EMPTY may change anything."""

    UNSPECIFIED = 0
    OK = 1
    EMPTY = 2
    FAILED = 3
    DENIED = 4
    UNSUPPORTED = 5

    @property
    def speaks(self) -> bool:
        """True when the section says something about the world."""
        return self in (Status.OK, Status.EMPTY)


@dataclass(frozen=True, slots=True)
class Section:
    """One fact family of an observation. `body` is canonical JSON, or None when only its hash travels."""

    name: str
    status: Status
    complete: bool = True
    hash: bytes = b""
    body: bytes | None = None
    reason: str = ""
    collected_at_ms: int = 0
    revision: int = 1
    took_ms: int = 0


@dataclass(frozen=True, slots=True)
class Drop:
    """A range of sequence numbers the spool had to give up, and why."""

    first_seq: int
    last_seq: int
    count: int
    reason: str


PROTOCOLS = frozenset({"snmp", "ssh", "redfish", "nut", "event"})
"""How a target is reached; `event`: it was not asked, it spoke by itself."""
PART = re.compile(r"[A-Za-z0-9._@:-]{0,255}")
ZONE = re.compile(r"[A-Za-z0-9._-]{0,64}")


@dataclass(frozen=True, slots=True)
class Target:
    """What a probe looked at: by `protocol` snmp, ssh, redfish or nut, in `zone` (empty where there is one), where.

    `part`: what of it, where an address speaks for several devices, as a UPS server does.
    """

    protocol: str
    zone: str
    address: str
    part: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """What one agent saw at one time. `state_hash` covers every section the agent holds."""

    observed_at_ms: int
    agent_version: str = ""
    boot_id: str = ""
    state_hash: bytes = b""
    sections: tuple[Section, ...] = ()
    drops: tuple[Drop, ...] = ()
    hashes_only: bool = False
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Glance:
    """An observation from outside: of what, when, its state hash, whether it is a whole inventory by hashes alone."""

    observed_at_ms: int
    state_hash: bytes
    hashes_only: bool
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """An observation as the spool keeps it: its sequence number, its bytes, their CRC-32."""

    seq: int
    observation: bytes
    crc: int


@dataclass(frozen=True, slots=True)
class Report:
    """Observations of one spool epoch, oldest first."""

    spool_epoch: bytes
    envelopes: tuple[Envelope, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An envelope the collector will never take."""

    seq: int
    reason: str


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Every envelope of the report that is not refused is on the collector's disk."""

    acked_seq: int
    refused: tuple[Refusal, ...] = ()
    want_sections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckIn:
    """An agent's heartbeat; units are in agent.proto."""

    agent_version: str = ""
    sent_at_ms: int = 0
    spool_depth: int = 0
    spool_bytes: int = 0
    dropped_total: int = 0
    rss_bytes: int = 0
    cpu_ms: int = 0
    hostname: str = ""
    failing_sections: tuple[str, ...] = ()
    heard: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Instructions:
    """The collector's answer to a heartbeat."""

    server_time_ms: int
    next_check_in_s: int
    inventory_interval_s: int
    want_sections: tuple[str, ...] = ()
    inventory_now: bool = False


def is_hashes_only(sections: Collection[Section], drops: Collection[Drop], held: Iterable[str]) -> bool:
    """Return whether these name all sections that are `held`, bring no body and tell no drop."""
    return (
        not drops and all(each.body is None for each in sections) and {each.name for each in sections}.issuperset(held)
    )


def state_hash(sections: Iterable[Section]) -> bytes:
    """Return the SHA-256 over (name, status, complete, revision, hash) of all `sections`, in name order.

    Volatile sections (`health`) are left to the caller to leave out.
    """
    whole = hashlib.sha256()
    for section in sorted(sections, key=lambda each: each.name):
        head = f"{section.name}\0{int(section.status)}\0{int(section.complete)}\0{section.revision}\0"
        whole.update(head.encode())
        whole.update(hashlib.sha256(section.hash).digest())
    return whole.digest()
