"""The nouns. Frozen values without behaviour; every one stands in ARCHITECTURE.md's glossary.

Times are milliseconds since 1970-01-01 UTC and end in `_at`. Intervals are half-open, an open one
ends at `FOREVER`. Paths name one value of a CI: `section` and `key` (a field of a record, or the
key of an element such as a package).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wire.observation import Status, Target

FOREVER = 253_402_300_799_999
"""9999-12-31T23:59:59.999Z: the open end of an interval."""

Value = Any
"""A JSON value: what a record's field or an element holds. None means absent."""


# --- what is kept


class CiState(enum.StrEnum):
    PROPOSED = "proposed"
    ACTIVE = "active"
    UNREACHABLE = "unreachable"
    MISSING = "missing"
    RETIRED = "retired"
    ARCHIVED = "archived"


class Govern(enum.IntEnum):
    """How much a value matters: never a fact, history only, or held against approvals."""

    VOLATILE = 0
    INFORMATIONAL = 1
    CONTROLLED = 2


@dataclass(frozen=True, slots=True)
class CI:
    """A configuration item. `ci_class` and `ci_type` are the regulation's words."""

    id: int
    uid: str
    ci_class: str
    ci_type: str
    name: str
    state: CiState
    environment: str = "production"
    label: str | None = None
    created_at: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """Who says something: `agent/<uid>`, later `probe/<uid>`, `import/<name>`, `hand/<account>`."""

    id: int
    code: str
    kind: str


@dataclass(frozen=True, slots=True, order=True)
class Path:
    """One value of a CI: `os.version` is Path("os", "version"), a package Path("packages", "openssl|amd64")."""

    section: str
    key: str


# --- observation


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


# --- events


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


# --- identity


@dataclass(frozen=True, slots=True, order=True)
class Identifier:
    """Something that names a CI.

    Kinds: serial, uuid, mac, virtual_mac, agent, machine_id, hostname, address, product, instance …
    """

    kind: str
    value: str


CONTAINS = "contains"
PARENT_TO_SUBJECT = frozenset({CONTAINS})
"""Relations that point from the parent to the subject; all others point from the subject to its parent."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing an observation speaks of, before we know which CI it is.

    `role` tells the subjects of one observation apart: `host`, `os`, `software:<product>|<instance>`,
    `vm:<uuid>`, `member:<serial>`. `parent` is the role this one depends on, looked up inside that CI.
    """

    role: str
    ci_class: str
    ci_type: str
    name: str
    identifiers: frozenset[Identifier]
    readings: Mapping[str, Reading]
    parent: str | None = None
    relation: str | None = None


@dataclass(frozen=True, slots=True)
class Holder:
    """A CI that holds identifiers, as identity needs to see it."""

    ci_id: int
    ci_class: str
    ci_type: str
    state: CiState
    identifiers: frozenset[Identifier]


class CaseKind(enum.StrEnum):
    DUPLICATE = "duplicate"
    CLONE = "clone"
    REPLACEMENT = "replacement"
    SPLIT = "split"
    CLASS_CONFLICT = "class_conflict"


@dataclass(frozen=True, slots=True)
class DuplicateCase:
    """A doubt about identity for a person to decide, with the evidence per CI."""

    kind: CaseKind
    why: str
    evidence: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Identified:
    """Identity's answer.

    `outcome` is match, new, conflict or ambiguous. `ci_id` is set for a match only. `matched_by`
    names set and identifier. A conflict or an ambiguity parks the observation; a new CI may bring a case.
    """

    outcome: str
    ci_id: int | None = None
    matched_by: str = ""
    case: DuplicateCase | None = None
    resurrected: bool = False


# --- the lanes


@dataclass(frozen=True, slots=True)
class Interval:
    """A value that held over [valid_from, valid_to) in one lane."""

    path: Path
    value: Value
    valid_from: int
    valid_to: int = FOREVER


@dataclass(frozen=True, slots=True)
class Step:
    """One value that moved in one source's lane: last confirmed old at `lo`, first seen new at `hi`.

    `old` or `new` None means absent. `cause` is `world`, or `revision` when the collector's own code moved.
    """

    path: Path
    old: Value
    new: Value
    lo: int
    hi: int
    cause: str = "world"


@dataclass(frozen=True, slots=True)
class Claim:
    """What one source says now of one path, and when it last said so."""

    path: Path
    source: str
    value: Value
    since: int
    confirmed_at: int


@dataclass(frozen=True, slots=True)
class Fact:
    """The value that won, which source gave it and why: rank, takeover, rule change or lock."""

    path: Path
    value: Value
    source: str
    why: str
    since: int


# --- drift and findings


@dataclass(frozen=True, slots=True)
class Drift:
    """A controlled value, or one field of an element, that left what was authorised, inside its bracket [lo, hi]."""

    path: Path
    authorised: Value
    old: Value
    new: Value
    lo: int
    hi: int
    field: str = ""


class Verdict(enum.StrEnum):
    """What is held of one thing that moved: how approved work explains it, or how it does not."""

    VERIFIED = "verified"
    """Approved, done in its window, and the value is the planned one."""
    AUTHORISED = "authorised"
    """Approved and done in its window; no value was planned."""
    IN_PROGRESS = "in_progress"
    """Approved, and its window is still open."""
    PENDING = "pending"
    """Nothing explains it, but an emergency may still be recorded."""
    VARIANCE = "variance"
    OUT_OF_WINDOW = "out_of_window"
    LATE_APPROVAL = "late_approval"
    RETRO_LATE = "retro_late"
    """Explained by an emergency that was recorded later than the regulation allows."""
    UNAPPROVED = "unapproved"
    ACCEPTED = "accepted"
    REVERTED = "reverted"


@dataclass(frozen=True, slots=True)
class Finding:
    """Drift items of one CI with one cause, for a person to answer. `change`: which one comes nearest to them."""

    id: int
    ci_id: int
    verdict: Verdict
    lo: int
    hi: int
    opened_at: int
    items: tuple[Drift, ...]
    closed_at: int | None = None
    due_at: int | None = None
    waived_until: int | None = None
    change: str = ""


# --- rules, alerts, incidents


class Outcome(enum.StrEnum):
    PASS = "PASS"  # noqa: S105  a verdict
    PROBLEM = "PROBLEM"
    UNKNOWN = "UNKNOWN"
    ERROR = "ERROR"
    NOT_APPLICABLE = "N/A"


@dataclass(frozen=True, slots=True)
class Rule:
    """What should hold, as data; rules/README.md has every key. Texts are zh and en, spans ms.

    `flap`: window (evaluated states), high and low (%), or None. `overrides`: param → (condition over the CI, value),
    the first that holds wins. `urgency` "" and `line` 0: the tables of the desk decide.
    """

    id: str
    kinds: frozenset[str]
    expr: str
    title: Mapping[str, str]
    summary: Mapping[str, str]
    severity: str = "warning"
    match: str = 'ci.state == "active"'
    each: tuple[str, str, str] | None = None
    where: str | None = None
    hold_ms: int = 0
    max_age_ms: int = 0
    params: Mapping[str, Value] = field(default_factory=dict)
    category: str = ""
    runbook: Mapping[str, str] = field(default_factory=dict)
    pack: str = ""
    min_samples: int = 1
    keep_ms: int = 0
    on_unknown: str = "keep"
    flap: tuple[int, int, int] | None = (20, 30, 25)
    depends: tuple[str, ...] = ("reachability",)
    modes: frozenset[str] = frozenset({"monitor", "inspect"})
    cadence: str = "daily"
    shadow: bool = False
    overrides: Mapping[str, Sequence[tuple[str, Value]]] = field(default_factory=dict)
    urgency: str = ""
    line: int = 0
    group_by: tuple[str, ...] = ()
    create: str = "incident"
    kb: str = ""

    @property
    def raises(self) -> bool:
        """Whether an alert of it may open an incident: it is not tried out, and not for inspections or records only."""
        return not self.shadow and "monitor" in self.modes and self.create != "record_only"


@dataclass(frozen=True, slots=True)
class Result:
    """What a rule says of one CI, or of one instance of it (a mount point, a certificate).

    `seen_at`: when the oldest of the sections it was read from was confirmed (ms); 0: just now. `is_back`: what fires
    may end, as far as the rule's `recover` goes.
    """

    rule: str
    ci_id: int
    instance: str
    outcome: Outcome
    evidence: Mapping[str, Value]
    reason: str = ""
    seen_at: int = 0
    is_back: bool = True


@dataclass(frozen=True, slots=True)
class Alert:
    """The remembered state of one (rule, CI, instance): ok, pending, firing, recovering. UNKNOWN never resolves it.

    All that its timers need is in it (ms): `since` the problem is there, or all is well; `samples` fresh samples seen
    while pending, the last at `seen_at`; `keep_until` it goes on recovering; `bits`, whether it fired at each of the
    last evaluated states, the oldest first, "" while they are all alike. `episode`: how often it has begun to fire.

    Above it lies what holds it back: `suppressed` by these reasons, those of them with a name in `held_by` (kept while
    it lasts, to tell what it began under), to be looked at again at `look_at` (0: not by the clock).
    `told`: it is a cause of an incident; `lowered`: what a waiver lets it count for, "" for what it is.
    """

    rule: str
    ci_id: int
    instance: str
    state: str
    outcome: Outcome
    since: int
    changed_at: int
    evidence: Mapping[str, Value] = field(default_factory=dict)
    reason: str = ""
    episode: int = 0
    samples: int = 0
    seen_at: int = 0
    keep_until: int = 0
    bits: str = ""
    flapping: bool = False
    suppressed: tuple[str, ...] = ()
    held_by: tuple[str, ...] = ()
    look_at: int = 0
    told: bool = False
    lowered: str = ""

    @property
    def fires(self) -> bool:
        return self.state in ("firing", "recovering")

    @property
    def is_timed(self) -> bool:
        """Whether time, or the same facts seen again, can move it while no fact does."""
        return self.state in ("pending", "recovering") or bool(self.bits)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why there should be an incident: a firing alert, an open finding, a suspended credential.

    `key` is unique per cause. `ci_id` None: it is about no CI. `group`: the key of the incident it goes to, "" for one
    of its own; `role`: cause, or victim of the cause that opened the incident, which opens none itself. `category`,
    `urgency` (low, medium, high, critical) and `line` (1 to 3) are "" and 0 where the tables of the desk decide.
    """

    key: str
    ci_id: int | None
    kind: str
    severity: str
    title: Mapping[str, str]
    detail: Mapping[str, Value]
    since: int
    group: str = ""
    role: str = "cause"
    category: str = ""
    urgency: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    """One cause as an incident holds it, from `since` until it is gone. `role`: cause or victim."""

    id: int
    incident_id: int
    cause_key: str
    ci_id: int | None
    role: str
    severity: str


@dataclass(frozen=True, slots=True)
class Incident:
    """Something a person must look at, and how far the desk is with it; `cause_key` is what opened it.

    `state`: new, assigned, in_progress, pending, resolved, closed, cancelled, merged. `causes`: how many of its causes
    are there still. `recovered_at`: the last of them went while somebody was at work. `reopened`: how often.
    `source`: user, monitoring, maintenance. `resolved_at` None: it is open.
    """

    id: int
    number: str
    cause_key: str
    ci_id: int | None
    kind: str
    severity: str
    state: str
    title: Mapping[str, str]
    detail: Mapping[str, Value]
    opened_at: int
    resolved_at: int | None = None
    causes: int = 1
    recovered_at: int | None = None
    reopened: int = 0
    source: str = "monitoring"
    priority: str = "P3"
    category: str = ""
    line: int = 1
    assignee: str = ""
    reporter: str = ""
    resolution_code: str = ""
    version: int = 1


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one destination, written to the outbox with what it tells of.

    `reference`: what the other side calls its subject, once known; `unsure`: it was sent before and may have arrived.
    """

    key: str
    destination: str
    payload: Mapping[str, Value]
    reference: str = ""
    unsure: bool = False

    @property
    def subject(self) -> str:
        """What it is about: the key up to its last `|`."""
        return self.key.rpartition("|")[0]

    @property
    def event(self) -> str:
        """What happened to it: the rest of the key, without the moment."""
        return self.key.rpartition("|")[2].partition("@")[0]
