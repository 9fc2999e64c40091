"""What the API takes about changes."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from collector.change.expected import How
from collector.change.flow import Step
from collector.change.record import ChangeType, Window
from collector.change.verification import LineState
from collector.services.changes import expecting
from collector.services.changes.asked import MAX_CIS, MAX_LINES, Asked, AskedLine

Uid = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Text = Annotated[str, StringConstraints(max_length=20_000)]
Name = Annotated[str, StringConstraints(max_length=200)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WindowAsked(Body):
    """When it is done, both ends included; RFC 3339 with the offset."""

    start: Annotated[str, StringConstraints(max_length=40)]
    end: Annotated[str, StringConstraints(max_length=40)]


class LineAsked(Body):
    """One thing that will move on one CI, and what it will be; of section `rule`: an alert the work may raise."""

    ci: Uid
    section: Name
    key: Annotated[str, StringConstraints(max_length=1000)] = Field(
        "", description="empty: the whole section; of `rule` its id, or NET-*; of `relations` kind|id of the other CI"
    )
    field: Annotated[str, StringConstraints(max_length=1000)] = Field(
        "", description="one field of an element; of `rule` an instance"
    )
    how: How = How.DISCOVERED
    value: Any = Field(None, description="exact: null for gone; one_of: a list; range: [low, high]")

    def plain(self) -> AskedLine:
        return AskedLine(self.ci, self.section, self.key, self.field, expecting.given(self.how, self.value))


class ContentAsked(Body):
    """Request and plan; without a window there is no plan yet."""

    title: Text
    reason: Text
    implementer: Name
    cis: list[Uid] = Field(default_factory=list, max_length=MAX_CIS)
    lines: list[LineAsked] = Field(default_factory=list, max_length=MAX_LINES)
    window: WindowAsked | None = None
    text: Text = Field("", description="how it will be done, and undone")

    def plain(self, window: Window | None) -> Asked:
        lines = tuple(line.plain() for line in self.lines)
        return Asked(self.title, self.reason, self.implementer, tuple(self.cis), lines, window, self.text)


class ChangeAsked(ContentAsked):
    type: ChangeType
    origin: Name = Field("", description="another system this comes from; then `reference` is what it calls it")
    reference: Name = ""
    template: Name = Field("", description="number of an approved template of standard changes")
    finding: int | None = Field(None, ge=1, lt=2**62, description="id of a finding this is made from")


class EditAsked(ContentAsked):
    version: int | None = Field(None, description="the version that was read")


class StepAsked(Body):
    step: Step
    reason: Text = ""
    version: int | None = Field(None, description="the version that was read: nothing is approved unseen")


class TaskAsked(Body):
    text: Name
    assignee: Name


class LineDecided(Body):
    """What no observation can say of a line."""

    state: LineState
    reason: Text


class PathAsked(Body):
    section: Name
    key: Annotated[str, StringConstraints(max_length=1000)] = Field("", description="empty: the whole section")


class TemplateAsked(Body):
    title: Text
    text: Text = ""
    paths: list[PathAsked] = Field(max_length=100)
    until: Annotated[str, StringConstraints(max_length=40)]


class TemplateDecided(Body):
    decision: Annotated[str, StringConstraints(pattern="^(approved|refused|withdrawn)$")]
    reason: Text = ""


class FreezeAsked(Body):
    name: Text
    window: WindowAsked
    classes: list[Name] = Field(default_factory=list, max_length=20, description="none: all of them")
