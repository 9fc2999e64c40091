"""What the API is asked and answers about plans of periodic maintenance and their runs."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from collector.api.asking import Asked, Search
from collector.api.photos import Drawing
from collector.api.shapes import Instant, Shape
from collector.inspecting.answer import Filled
from collector.inspecting.line import Line
from collector.inspecting.plan import values_of
from collector.services.inspecting.finding import Foreseen
from collector.services.inspecting.plans import Kept, Preview
from collector.services.inspecting.reporting import answer_of, limits_text
from collector.services.inspecting.seen import Run, Seen
from collector.services.inspecting.signing import MAX_NOTE


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class RunsAsked(Asked):
    """Filters of the list of inspections."""

    states: list[Literal["open", "signed", "done", "cancelled"]] = Field(
        default_factory=list, alias="state", max_length=4
    )
    who: str = Field("", max_length=100, description="name of an account it is given to, or who is deputy")
    overdue: bool = Field(False, description="only those that wait longer than they may")
    q: Search = ""


class PlanAsked(Body):
    """A plan: all of it (`plan`), or a template and who does it."""

    plan: dict[str, Any] = Field(default_factory=dict, description="as `GET /plans/{number}` answers it")
    template: str = Field("", max_length=100)
    assignee: str = Field("", max_length=100)
    deputy: str = Field("", max_length=100)


class PauseAsked(Body):
    paused: bool


class SignAsked(Body):
    drawing: Drawing = b""


class NoteAsked(Body):
    text: str = Field(min_length=1, max_length=MAX_NOTE)


class ReasonAsked(Body):
    reason: str = Field(min_length=1, max_length=MAX_NOTE)


class PeopleAsked(Body):
    assignee: str = Field(max_length=100)
    deputy: str = Field("", max_length=100)


class PlannedShape(Shape):
    """A plan of any sort in its newest version. `upcoming`: when it comes due next."""

    number: str
    version: int
    state: str
    made_by: str
    made_at: Instant = None
    next_for: Instant = None
    plan: dict[str, Any]
    upcoming: list[Instant] = Field(default_factory=list)


class PlanShape(PlannedShape):
    """A plan of inspections. `rules`: what it asks now."""

    rules: list[str] = Field(default_factory=list)
    lost: list[str] = Field(default_factory=list, description="checks no rule has the name of")


class TemplateShape(Shape):
    name: str
    plan: dict[str, Any]


class RunShape(Shape):
    """An inspection of a list; `coverage` from 0 to 1, null where nothing is checked by itself."""

    number: str
    plan: str = ""
    title: dict[str, str]
    state: str
    scheduled_for: Instant = None
    made_at: Instant = None
    due_at: Instant = None
    missed: int
    assignee: str
    deputy: str
    incident: str
    expected: int
    covered: int
    coverage: float | None = None
    states: dict[str, int]
    unchecked: int
    signed_by: str
    signed_at: Instant = None
    reviewed_by: str
    reviewed_at: Instant = None
    cancelled_by: str
    cancelled_at: Instant = None
    cancel_reason: str
    digest: str


class LineShape(Shape):
    """What a rule said of a CI, or of one instance of it."""

    ci: str
    name: str
    rule: str
    instance: str
    state: str
    reason: str
    severity: str
    evidence: dict[str, Any]
    limits: dict[str, Any]
    since: Instant = None
    observed_at: Instant = None
    source: str
    incident: str
    standing: str


class ItemShape(Shape):
    """What a person fills in; `said`: the answer in words by language, a reading with its unit, or a text."""

    id: str
    text: dict[str, str]
    answer: str
    limits: str | None = None
    photo: str
    state: str
    value: str = ""
    said: Any = None
    note: str = ""
    who: str = ""
    at: Instant = None
    photos: list[int]
    is_done: bool
    incident: str = ""


class ForeseenShape(Shape):
    """One incident of what was found. `fate`: it opens, reopens or stands; `incident`: its number, "" if it opens."""

    fate: str
    incident: str
    title: dict[str, str]
    causes: list[str] = Field(description="keys of what is told in it")


class NoteShape(Shape):
    text: str
    who: str
    at: Instant = None


class WholeShape(RunShape):
    """An inspection with everything in it."""

    before: str
    version: int
    is_intact: bool | None = None
    lines: list[LineShape]
    items: list[ItemShape]
    notes: list[NoteShape]


class DigestShape(Shape):
    digest: str


def plan_shape(kept: Kept, preview: Preview | None = None) -> dict[str, Any]:
    """Return a plan for `PlanShape`."""
    return {
        "number": kept.number, "version": kept.version, "state": kept.state, "made_by": kept.made_by,
        "made_at": kept.made_at, "next_for": kept.next_for or None, "plan": values_of(kept.plan),
        "upcoming": preview.times if preview else (), "rules": [rule.id for rule in preview.rules] if preview else (),
        "lost": preview.lost if preview else (),
    }  # fmt: skip


def run_shape(run: Run) -> dict[str, Any]:
    """Return an inspection for `RunShape`."""
    new, seen = run.new, run.coverage
    return {
        "number": run.number, "title": new.title, "state": run.state, "scheduled_for": new.scheduled_for,
        "made_at": new.made_at, "due_at": new.due_at, "missed": new.missed, "assignee": new.assignee,
        "deputy": new.deputy, "incident": run.incident, "expected": seen.expected, "covered": seen.covered,
        "coverage": seen.ratio, "states": seen.states, "unchecked": seen.unchecked, "signed_by": run.signed_by,
        "signed_at": run.signed_at, "reviewed_by": run.reviewed_by, "reviewed_at": run.reviewed_at,
        "cancelled_by": run.cancelled_by, "cancelled_at": run.cancelled_at, "cancel_reason": run.cancel_reason,
        "digest": run.digest,
    }  # fmt: skip


def whole_shape(seen: Seen) -> dict[str, Any]:
    """Return an inspection for `WholeShape`."""
    return {
        **run_shape(seen.run), "plan": seen.plan_number, "version": seen.run.new.version, "before": seen.before,
        "is_intact": seen.is_intact, "lines": [_line(line, seen) for line in seen.lines],
        "items": [item_shape(each) | {"incident": _of_item(each, seen)} for each in seen.items], "notes": seen.notes,
    }  # fmt: skip


def foreseen_shape(each: Foreseen) -> dict[str, Any]:
    """Return what a signature makes of something, for `ForeseenShape`."""
    return {"fate": str(each.fate), "incident": each.incident, "title": each.title, "causes": each.keys}


def _of_item(filled: Filled, seen: Seen) -> str:
    return seen.found.get(seen.item_key(filled.item.id), "")


def _line(line: Line, seen: Seen) -> dict[str, Any]:
    thing = seen.things[line.ci_id]
    return {
        "ci": thing.uid, "name": thing.name, "rule": line.rule, "instance": line.instance, "state": str(line.state),
        "reason": line.reason, "severity": line.severity, "evidence": line.evidence, "limits": line.limits,
        "since": line.since or None, "observed_at": line.observed_at or None, "source": line.source,
        "incident": seen.incident_of(line), "standing": line.standing,
    }  # fmt: skip


def item_shape(filled: Filled) -> dict[str, Any]:
    """Return an item for `ItemShape`."""
    item, said = filled.item, filled.answer
    answer = {"value": said.value, "note": said.note, "who": said.who, "at": said.at} if said else {}
    return {
        "id": item.id, "text": item.text, "answer": item.answer, "limits": limits_text(filled), "photo": item.photo,
        "state": filled.state, "said": answer_of(filled), "photos": [photo.id for photo in filled.photos],
        "is_done": filled.is_done, **answer,
    }  # fmt: skip
