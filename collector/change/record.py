"""A change as it is written down: what is asked for, how it will be done, what people said of it, what it hashes to.

Everything observed is a path and a value, so everything a change may touch is one too: an attribute (`os`,
`version`), an element (`packages`, `openssl|amd64`) or one field of it, a whole section (no key), a relation
(`RELATIONS`, its kind and the other CI's uid), the appearance or disappearance of a CI (`PRESENCE`: expected is
`EXACT True`, or `EXACT None` for gone). No line covers a whole CI: who approved one thing did not approve another.
A line may also name a rule (`RULE`, its id, and in `field` an instance) whose alert the work is expected to raise: it
explains nothing that moves, and is held back while the work goes on.
"""

from __future__ import annotations

import enum
import functools
import hashlib
from dataclasses import dataclass, field

from collector.change.expected import Expected
from collector.model import Path, Value
from wire.sections import canonical

RELATIONS = "relations"
PRESENCE = Path("ci", "presence")
RULE = "rule"


class ChangeType(enum.StrEnum):
    """The four types of the regulation, and a request that covers a change of data the same way."""

    STANDARD = "standard"
    NORMAL = "normal"
    MAJOR = "major"
    EMERGENCY = "emergency"
    REQUEST = "request"


class State(enum.StrEnum):
    DRAFT = "draft"
    REQUESTED = "requested"
    PLANNING = "planning"
    PLANNED = "planned"
    CONFIRMING = "confirming"
    APPROVED = "approved"
    IMPLEMENTING = "implementing"
    IMPLEMENTED = "implemented"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Stage(enum.StrEnum):
    """What a word is given on: the request, the plan (where there is only one word, on both), that it is major."""

    REQUEST = "request"
    PLAN = "plan"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True)
class Window:
    """When it is done, both ends included. Of an emergency: when it was done, as its initiator claims."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that will move on one CI: a path (an empty key: every path of the section), and what it will be."""

    ci_id: int
    path: Path
    expected: Expected = field(default_factory=Expected)
    field: str = ""
    """One field of an element; empty: the element as a whole, each of its fields included."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for, on which CIs, of whom. `written_at`: when it became what it is; an edit writes it anew."""

    title: str
    reason: str
    ci_ids: frozenset[int]
    implementer: str
    written_at: int


@dataclass(frozen=True, slots=True)
class Plan:
    """How it will be done. `written_at` as in a request."""

    lines: tuple[Line, ...]
    window: Window
    written_at: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """What one person said at one stage, in which role, of which content. A refusal has its reason."""

    stage: Stage
    role: str
    who: str
    at: int
    content_hash: str
    granted: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """Standard work a supervisor approved once: `paths` it may touch (an empty key: the section), [from, until).

    A template is never edited: another version is another template. One that was withdrawn approves nothing any more;
    what it approved before stays approved.
    """

    number: str
    paths: frozenset[Path]
    approved_by: str
    approved_at: int
    until: int
    withdrawn_at: int | None = None

    def is_live(self, at: int) -> bool:
        """Return whether it approves what is submitted at `at` (ms)."""
        return self.approved_at <= at < min(self.until, self.until if self.withdrawn_at is None else self.withdrawn_at)

    def allows(self, line: Line) -> bool:
        return not self.paths.isdisjoint({line.path, Path(line.path.section, "")})


@dataclass(frozen=True, slots=True)
class Task:
    """Work a helper has, such as the configuration administrator who updates the record."""

    text: str
    assignee: str
    done_at: int | None = None


@dataclass(frozen=True)
class Change:
    """A change as it stands at one moment. Times of people are the collector's clock, never what they claim.

    `ci_classes`: the classes of its CIs, for the supervisors and freezes that concern only some. `submitted_at`: when
    it was last put before whoever decides; it speaks of the content as it was then. Without slots, so that its hashes
    are made once.
    """

    number: str
    type: ChangeType
    initiator: str
    request: Request
    plan: Plan | None = None
    words: tuple[Word, ...] = ()
    state: State = State.DRAFT
    ci_classes: frozenset[str] = frozenset()
    template: Template | None = None
    tasks: tuple[Task, ...] = ()
    submitted_at: int | None = None
    finished_at: int | None = None
    cancelled_at: int | None = None

    @property
    def recorded_at(self) -> int:
        """When it was recorded as it stands: what an edit adds was not recorded before the edit."""
        return max(self.request.written_at, self.plan.written_at if self.plan else 0)

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines within what was asked for; a plan reaches no CI its request does not name."""
        planned = self.plan.lines if self.plan else ()
        return tuple(line for line in planned if line.ci_id in self.request.ci_ids)

    @property
    def is_over_at(self) -> int | None:
        """When the work was over: when its implementer said so, at the latest with the window. None: no window."""
        if self.plan is None:
            return None
        return min(self.plan.window.end, self.plan.window.end if self.finished_at is None else self.finished_at)

    @functools.cached_property
    def request_hash(self) -> str:
        """The SHA-256 of what is asked for, in hexadecimal: every word of it, and no time of writing."""
        asked = self.request
        return _digest({
            "type": self.type, "initiator": self.initiator, "title": asked.title, "reason": asked.reason,
            "cis": sorted(asked.ci_ids), "implementer": asked.implementer,
        })  # fmt: skip

    @functools.cached_property
    def content_hash(self) -> str:
        """The SHA-256 of request and plan, in hexadecimal."""
        return _digest({"request": self.request_hash, "plan": _plan_body(self.plan) if self.plan else None})


def _plan_body(plan: Plan) -> dict[str, Value]:
    return {
        "text": plan.text,
        "window": [plan.window.start, plan.window.end],
        "lines": [
            [line.ci_id, line.path.section, line.path.key, line.field, line.expected.how, line.expected.value]
            for line in plan.lines
        ],
    }  # fmt: skip


def _digest(body: dict[str, Value]) -> str:
    return hashlib.sha256(canonical(body)).hexdigest()
