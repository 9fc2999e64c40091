"""What the API answers about that which needs a person: doubts, findings, incidents, results, rules."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from collector.api.shapes import Agent, Ci, CiName, Instant, Shape


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
    members: list[Member]


class Item(Shape):
    """One value that drifted inside [last_before_at, first_after_at]."""

    section: str
    key: str
    authorised: Any = None
    before: Any = Field(None, validation_alias="old")
    after: Any = Field(None, validation_alias="new")
    last_before_at: Instant = Field(None, validation_alias="lo")
    first_after_at: Instant = Field(None, validation_alias="hi")
    state: str


class Finding(Shape):
    """Values of one CI that moved with one cause and no cover."""

    id: int
    ci: CiName
    verdict: str
    is_open: bool
    last_before_at: Instant = Field(None, validation_alias="lo")
    first_after_at: Instant = Field(None, validation_alias="hi")
    opened_at: Instant = None
    closed_at: Instant = None
    resolved_by: str | None = None
    reason: str
    source: str
    items: list[Item]


class Incident(Shape):
    """Something a person must look at; `title` by language (zh, en)."""

    id: str = Field(validation_alias="number")
    number: str
    ci: CiName
    kind: str
    severity: str
    state: str
    title: dict[str, str]
    detail: dict[str, Any]
    opened_at: Instant = None
    resolved_at: Instant = None


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
    agents: list[Agent]
    agents_count: int
    finding: int | None = None
