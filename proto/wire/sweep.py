"""The values of a sweep that cross the wire: what a probe is to do, and what became of each target. Frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_ROWS = 1_000
MAX_RANGES = 10_000
MAX_LEASES = 1_000
MAX_FOUND_BYTES = 4_096
MAX_KNOWN = 5_000
MAX_REFUSALS = 5_000
MAX_REFUSED = 10
MAX_STAMPS_BYTES = 2_048
MAX_HASHES = 200
MAX_TASK_BYTES = 3 * 1024 * 1024
SECRETS_KEY_BYTES = 32
SERVICES = ("ssh", "redfish", "nut")
"""What may stand on another port than usual (`SweepTask.ports`)."""
LEASE_ENDED, CANCELLED = "lease_ended", "cancelled"
BROKEN_OFF = frozenset({LEASE_ENDED, CANCELLED})
"""Why a sweep ends that has not failed and is not over: its leases have ended, its collector told it to stop."""
UNTIL = frozenset({"alive", "identify", "explore"})
STAGES = frozenset({"sweep", "fingerprint", "authenticate", "identify", "explore"})


@dataclass(frozen=True, slots=True)
class Lease:
    """A credential lent for one sweep; `secret` shows in no representation.

    `silent`: also for addresses without a sign of life; `unpinned`: a password also for hosts nobody vouched for.
    """

    uid: str
    kind: str
    secret: Mapping[str, str] = field(repr=False)
    ranges: tuple[str, ...]
    vendors: tuple[str, ...] = ()
    silent: bool = False
    unpinned: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one address between sweeps; a task tells what is pinned, a row what was seen.

    `host_key`, `certificate` and `engine_id` as in agent.proto. `stamps_json` is the probe's own affair. `dialect`: how
    the credential is taken. `hashes`: `protocol/section` → what the collector holds, hexadecimal; in tasks only.
    """

    address: str
    credential: str = ""
    vendor: str = ""
    engine_id: str = ""
    host_key: str = ""
    certificate: str = ""
    stamps_json: str = ""
    dialect: str = ""
    hashes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A login that an address refused, so many seconds ago."""

    credential: str
    address: str
    ago_s: int


@dataclass(frozen=True, slots=True)
class SweepTask:
    """A sweep to run; units are in agent.proto. 0 is "no limit" (`rate_pps`) or "as usual" (`timeout_ms`).

    `secrets_key`: of the hashes that stand for secrets in configurations; empty: no configurations. `ports`: of
    services that are elsewhere than usual. `watch`: it is one, and waits for no other sweep.
    """

    uid: str
    zone: str
    ranges: tuple[str, ...]
    exclusions: tuple[str, ...] = ()
    until: str = "identify"
    rate_pps: int = 0
    timeout_ms: int = 0
    snmp_port: int = 161
    seed: int = 0
    cursor: str = ""
    leases: tuple[Lease, ...] = ()
    known: tuple[Known, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    lease_s: int = 0
    secrets_key: bytes = field(default=b"", repr=False)
    ports: Mapping[str, int] = field(default_factory=dict)
    watch: bool = False


@dataclass(frozen=True, slots=True)
class TargetRow:
    """The end of one target. `cause`: one typed word, empty when all is well. `credential`: the uid of its lease.

    `learned`: what is worth keeping of it. `refused`: uids of leases it refused, so that their accounts are counted.
    """

    address: str
    stage: str
    cause: str = ""
    detail: str = ""
    credential: str = ""
    found_json: str = "{}"
    at_ms: int = 0
    took_ms: int = 0
    alive: bool = False
    learned: Known | None = None
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sweep has come. `counts` are of this probe since the task's cursor, not differences.

    `cursor`: all before it is told and safe. `failure`: why it ended before its plan did.
    """

    sweep_uid: str
    counts: Mapping[str, int] = field(default_factory=dict)
    rows: tuple[TargetRow, ...] = ()
    cursor: str = ""
    ended: bool = False
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Idle:
    """A probe that waits for tasks in `zone`; `sweep_uid`: what it is working on all the same, empty when nothing.

    `listens`: it also hears what devices say by themselves, now by the task of digest `listening` (`wire.listening`).
    `watches`: it carries out a watch, now `watch_uid`, beside another sweep.
    """

    zone: str
    sweep_uid: str = ""
    listens: bool = False
    listening: bytes = b""
    watch_uid: str = ""
    watches: bool = False


@dataclass(frozen=True, slots=True)
class Cancel:
    """The collector's word that the sweep of this uid is to end."""

    uid: str
