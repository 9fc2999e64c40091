"""What the API answers about one incident, and what it takes."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from collector.api import change_shapes
from collector.api.shapes import CiName, Instant, Shape
from collector.api.trouble_shapes import Incident
from collector.desk.flow import Deed

Text = Annotated[str, StringConstraints(max_length=20_000)]
Name = Annotated[str, StringConstraints(max_length=200)]


class Clock(Shape):
    """One clock: what it may count, in ms of its calendar, and when it passes its thresholds; null: it stands still."""

    clock: str
    allowed_ms: int = Field(validation_alias="allowed")
    state: str
    warn_at: Instant = None
    due_at: Instant = None


class Interval(Shape):
    state: str
    reason: str
    line: int
    assignee: str
    since: Instant = None
    until: Instant = None


class Mark(Shape):
    """One step of the trail."""

    at: Instant = None
    who: str
    act: str
    comment: str
    detail: dict[str, Any]


class LinkShape(Shape):
    kind: str
    reference: str
    at: Instant = None
    who: str


class Offer(Shape):
    """An act that exists in this state, and why whoever asks may not do it (none: they may)."""

    act: str
    denied: list[str]


class Member(Shape):
    """One cause of an incident, or a victim of it; `ended_at` null: it is there still."""

    ci: CiName | None
    cause_key: str
    role: str
    title: dict[str, str]
    severity: str
    since: Instant = None
    ended_at: Instant = None


class IncidentWhole(Incident):
    """One incident with what the desk holds of it."""

    impact: str
    urgency: str
    reckoning: dict[str, Any] = Field(description="what depends on it (cis, applications); who overruled it, and why")
    major: bool
    description: str
    contact: str
    affected: str
    place: str
    reporter: str
    also_reported: list[str] = Field(description="whose reports were merged into it")
    pending_reason: str
    resolution: str
    vendor_resolution: str
    resolution_code: str
    score: int | None
    score_comment: str
    recovered_at: Instant = Field(None, description="its last cause went while somebody was at work on it")
    reopened: int
    recurs: str
    problem: str = Field("", description="number of the problem it belongs to")
    stays: str = Field("", description="why it stayed open when the one it stands under was resolved")
    closed_at: Instant = None
    parent: str
    merged_into: str
    escalated: bool
    clocks: list[Clock]
    intervals: list[Interval]
    trail: list[Mark]
    links: list[LinkShape]
    children: list[str]
    members: list[Member]
    changes: list[change_shapes.ChangeName] = Field(description="the last approved changes on its CI")
    offers: list[Offer]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ActAsked(Body):
    """One act; `version`: the one that was read, so that nothing is done to what nobody saw."""

    act: Deed
    text: Text = Field("", description="the reason, the solution or the comment")
    to: Name = Field("", description="an account to assign it to, or the number of the incident to merge it into")
    line: int = Field(0, ge=0, le=3, description="the line it is handed to; 0: the next")
    code: Name = Field("", description="why it waits, how it was resolved, or its priority")
    vendor: Text = Field("", description="what the vendor did")
    score: int | None = Field(None, ge=1, le=5)
    version: int | None = None


class EditAsked(Body):
    contact: Name | None = None
    affected: Name | None = None
    place: Name | None = None
    category: Name | None = None
    major: bool | None = None
    version: int | None = None


class LinkAsked(Body):
    kind: Name = Field(description="ci, change, finding, request, knowledge or incident")
    reference: Name


class ParentAsked(Body):
    parent: Name = Field(description="number of the incident it stands under; empty: none")


class ReportAsked(Body):
    """What is broken, in the words of whom it troubles."""

    title: Name
    text: Text = ""
    ci: Name = Field("", description="id of the CI that is broken, where it is known")
    urgency: Name = Field("medium", description="low, medium, high or critical")
    contact: Name = ""
    affected: Name = ""
    place: Name = ""
    category: Name = ""
