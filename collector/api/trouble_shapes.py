"""What the API answers about that which needs a person: doubts, findings, incidents, results, rules."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, Field, model_validator

from collector.api.change_shapes import ChangeName
from collector.api.knowledge_shapes import ArticleShape
from collector.api.problem_shapes import ProblemShape
from collector.api.shapes import Agent, Ci, CiName, Instant, Shape
from collector.api.wiring_shapes import Whereabouts


class Member(Shape):
    """One CI of a case."""

    ci: CiName
    evidence: str


class Case(Shape):
    """One doubt about identity."""

    id: int
    kind: str
    why: str
    state: str
    opened_at: Instant = None
    decided_by: str | None = None
    decided_at: Instant = None
    decision: str = ""
    reason: str = ""
    members: list[Member]


class Refused(Shape):
    """A change that does not explain a value, why, what it lacks (stage.flaw), and how late it was."""

    change: str
    reason: str
    lacks: str = ""
    late_ms: int = 0

    @model_validator(mode="before")
    @classmethod
    def _of_row(cls, row: Any) -> Any:
        return dict(zip(("change", "reason", "lacks", "late_ms"), row, strict=True)) if isinstance(row, tuple) else row


class Session(Shape):
    """Somebody who was logged in on a host while something moved there: no proof that they did it.

    `origin`: where from, as the host wrote it down; no `until`: still on.
    """

    user: str
    line: str
    origin: str
    since: Instant
    until: Instant = None


class Item(Shape):
    """One value that drifted inside [last_before_at, first_after_at]; `field`: of an element only this field moved.

    `change` explains it or comes nearest; `refused` says of other changes on its CI why they do not.
    """

    section: str
    key: str
    field: str = ""
    authorised: Any = None
    before: Any = Field(None, validation_alias="old")
    after: Any = Field(None, validation_alias="new")
    last_before_at: Instant = Field(None, validation_alias="lo")
    first_after_at: Instant = Field(None, validation_alias="hi")
    verdict: str
    is_open: bool
    change: str = ""
    flags: list[str] = Field(default_factory=list)
    refused: list[Refused] = Field(default_factory=list)
    late_ms: int = 0
    due_at: Instant = None
    closed_at: Instant = None
    actor: str = ""
    actor_is_claimed: bool = Field(False, validation_alias="claimed")
    source: str = ""


class Revert(Shape):
    """What is to be put back, by whom and until when; `state`: open, or done (they say so, and it waits to be seen).

    `incident`: the one it is done under; `again`: how often it was said to be done and was seen not to be.
    """

    assignee: str
    asked_by: str
    asked_at: Instant = None
    due_at: Instant = None
    reason: str
    state: str
    note: str
    incident: str
    again: int


class Finding(Shape):
    """Values of one CI that moved with one cause, and what is held of them.

    `revert`: what somebody is to do about it, null: nobody was asked to put it back.
    """

    id: int
    ci: CiName
    verdict: str
    is_open: bool
    last_before_at: Instant = Field(None, validation_alias="lo")
    first_after_at: Instant = Field(None, validation_alias="hi")
    opened_at: Instant = None
    closed_at: Instant = None
    source: str
    due_at: Instant = None
    waived_until: Instant = None
    revert: Revert | None = None
    items: list[Item]


class Answer(Shape):
    """Why a finding is answered as it is."""

    reason: str = Field(max_length=4000)


class Waiver(Answer):
    """Until when a finding stands without an incident, and why."""

    until: AwareDatetime


class Undoing(Answer):
    """Who is asked to put it back until when, and why.

    Nobody named: who has the finding's incident, or administers its class. No time: three days.
    """

    assignee: str = Field("", max_length=200)
    due_at: AwareDatetime | None = None


class PutBack(Shape):
    """What was done to put it back."""

    note: str = Field(max_length=4000)


class AnswerAlike(Answer):
    """Findings that are accepted as one decision."""

    ids: list[int] = Field(min_length=1, max_length=500)


class LeftFinding(Shape):
    """A finding that was left as it is, and why."""

    id: int
    why: str


class AnsweredShape(Shape):
    """How many findings were accepted, and which were not."""

    accepted: int
    left: list[LeftFinding]


class Incident(Shape):
    """Something a person must look at; `title` by language (zh, en). `ci` null: it is about none."""

    id: str = Field(validation_alias="number")
    number: str
    ci: CiName | None
    kind: str
    severity: str
    state: str
    source: str
    priority: str
    category: str
    line: int
    assignee: str
    causes: int
    victims: int
    title: dict[str, str]
    detail: dict[str, Any]
    opened_at: Instant = None
    resolved_at: Instant = None
    due_at: Instant = Field(None, description="when the next of its clocks runs out; null: none is running")
    version: int


class Result(Shape):
    """What one rule says of one instance of one CI."""

    rule: str
    ci: CiName
    instance: str
    outcome: str
    state: str
    since: Instant = None
    evidence: dict[str, Any]
    reason: str


class Rule(Shape):
    """One rule, and how many results it has of each outcome."""

    id: str
    pack: str
    title: dict[str, str]
    summary: dict[str, str]
    runbook: dict[str, str]
    severity: str
    category: str
    kinds: list[str]
    match: str
    expr: str
    sections: list[str]
    params: dict[str, Any]
    outcomes: dict[str, int]


class Found(Shape):
    """What a search found: the first few of each kind, and how many there are."""

    cis: list[Ci]
    cis_count: int
    incidents: list[Incident]
    incidents_count: int
    problems: list[ProblemShape]
    problems_count: int
    changes: list[ChangeName]
    changes_count: int
    articles: list[ArticleShape] = Field(description="published ones, the best answer first")
    articles_count: int
    agents: list[Agent]
    agents_count: int
    finding: int | None = None
    places: list[Whereabouts] = Field(default_factory=list, description="where the MAC or address is plugged in")
