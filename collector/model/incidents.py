"""Why somebody must look at something, how far the desk is with it, and whom it is told to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from collector.model.estate import Value


@dataclass(frozen=True, slots=True)
class Cause:
    """Why there should be an incident: a firing alert, an open finding, a suspended credential.

    `key` is unique per cause. `ci_id` None: it is about no CI. `group`: the key of the incident it goes to, "" for one
    of its own; `role`: cause, or victim of the cause that opened the incident, which opens none itself. `category`,
    `urgency` (low, medium, high, critical) and `line` (1 to 3) are "" and 0 where the tables of the desk decide;
    `impact_from`: along what those who depend on the CI are counted, none: along all relations. `related`: what other
    CIs are called that it has to do with.
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
    impact_from: tuple[str, ...] = ()
    related: tuple[str, ...] = ()


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
    `source`: user, monitoring, maintenance. `resolved_at` None: it is open. `due_at` (ms): until when it is planned to
    be done, None where its priority says that. `also_reported`: whose reports were merged into it. `score`:
    1 to 5, None: nobody has said.
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
    due_at: int | None = None
    also_reported: tuple[str, ...] = ()
    closed_at: int | None = None
    score: int | None = None

    @property
    def reporters(self) -> frozenset[str]:
        """Everybody who has reported it; nobody, where only what watches told of it."""
        return frozenset({self.reporter, *self.also_reported} - {""})


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


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message by the channels that take files, such as a report as it is printed."""

    name: str
    media_type: str
    content: bytes = field(repr=False)
