"""What the API answers about changes."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from collector.api.shapes import CiName, Instant, Shape
from collector.change.record import Change as Record
from collector.services.changes.seen import Seen


class OwedShape(Shape):
    """What nobody saw of a change in time after its work; each line: `/api/v1/findings/unverified?change=`."""

    count: int = Field(description="lines of its plan")
    since: Instant = Field(None, validation_alias="over_at", description="when the work was over")


class ChangeName(Shape):
    """A change of a list."""

    number: str
    type: str
    state: str
    title: str
    initiator: str
    implementer: str
    window_start: Instant = None
    window_end: Instant = None
    created_at: Instant = None
    moved_at: Instant = None
    origin: str
    reference: str
    ci_count: int = Field(validation_alias="cis")
    unverified: OwedShape | None = None


class WordShape(Shape):
    """Who approved or refused what, of which content; `flaw` says why it does not count."""

    stage: str
    role: str
    who: str
    at: Instant = None
    content_hash: str
    granted: bool
    reason: str
    flaw: str | None = None


class LineShape(Shape):
    """A line of the plan; `state` once the work is done, `seen` the newest observation that says so."""

    ci: CiName
    section: str
    key: str
    field: str
    how: str
    value: Any = None
    state: str | None = None
    seen: Any = None
    seen_at: Instant = None
    decided_by: str = ""
    reason: str = ""


class OfferShape(Shape):
    """A step of this state; `denied`: why you may not do it."""

    step: str
    part: str
    denied: list[str]


class TaskShape(Shape):
    text: str
    assignee: str
    done_at: Instant = None


class MarkShape(Shape):
    at: Instant = None
    who: str
    act: str
    state: str
    detail: str


class AffectedShape(Shape):
    """A CI that depends on what is changed."""

    ci: CiName
    kind: str
    on: CiName
    steps: int


class CollisionShape(Shape):
    number: str
    title: str


class ChangeShape(Shape):
    """A change with all a person needs to judge it."""

    number: str
    version: int
    type: str
    state: str
    initiator: str
    title: str
    reason: str
    implementer: str
    cis: list[CiName]
    window_start: Instant = None
    window_end: Instant = None
    text: str
    template: str | None
    finding: int | None
    origin: str
    reference: str
    recorded_at: Instant = None
    finished_at: Instant = None
    request_hash: str
    content_hash: str
    lacks: dict[str, str] | None = Field(description="the first word it lacks: stage and why")
    unverified: OwedShape | None = None
    late_seconds: int = Field(description="how long beyond the eight hours an emergency was recorded")
    words: list[WordShape]
    lines: list[LineShape]
    tasks: list[TaskShape]
    steps: list[OfferShape]
    collisions: list[CollisionShape]
    freezes: list[str]
    affected: list[AffectedShape] = Field(description="the nearest of those that depend on its CIs")
    affected_count: int = Field(description="how many depend on its CIs, up to four steps away")
    affected_is_more: bool = Field(description="not all were followed: it is at least so many")
    trail: list[MarkShape]


def change_shape(seen: Seen) -> ChangeShape:
    change, origin = seen.change, seen.kept.origin
    return ChangeShape.model_validate(
        _head(change)
        | {
            "version": seen.kept.version, "cis": [seen.cis[each] for each in sorted(change.request.ci_ids)],
            "finding": origin.finding_id, "origin": origin.system, "reference": origin.reference,
            "lacks": {"stage": str(seen.gap.stage), "why": str(seen.gap.flaw)} if seen.gap else None,
            "unverified": seen.unverified, "late_seconds": seen.late_ms // 1000,
            "words": _words(seen), "lines": _lines(seen), "tasks": change.tasks,
            "steps": [{"step": each.step, "part": each.part, "denied": each.denied} for each in seen.offers],
            "collisions": [{"number": each.number, "title": each.request.title} for each in seen.collisions],
            "freezes": [each.name for each in seen.freezes], "trail": seen.trail,
            "affected": seen.impact.nearest, "affected_count": seen.impact.count,
            "affected_is_more": seen.impact.is_more,
        }
    )  # fmt: skip


def _head(change: Record) -> dict[str, Any]:
    asked, plan = change.request, change.plan
    return {
        "number": change.number, "type": change.type, "state": change.state, "initiator": change.initiator,
        "title": asked.title, "reason": asked.reason, "implementer": asked.implementer,
        "window_start": plan.window.start if plan else None, "window_end": plan.window.end if plan else None,
        "text": plan.text if plan else "", "template": change.template.number if change.template else None,
        "recorded_at": change.recorded_at, "finished_at": change.finished_at, "request_hash": change.request_hash,
        "content_hash": change.content_hash,
    }  # fmt: skip


def _words(seen: Seen) -> list[dict[str, Any]]:
    names = ("stage", "role", "who", "at", "content_hash", "granted", "reason")
    return [{name: getattr(each.word, name) for name in names} | {"flaw": each.flaw} for each in seen.said]


def _lines(seen: Seen) -> list[dict[str, Any]]:
    return [
        {
            "ci": seen.cis[line.ci_id], "section": line.path.section, "key": line.path.key, "field": line.field,
            "how": line.expected.how, "value": line.expected.value, "state": check.state if check else None,
            "seen": check.seen.value if check and check.seen else None,
            "seen_at": check.seen.began_at if check and check.seen else None,
            "decided_by": decision.who if decision else "", "reason": decision.reason if decision else "",
        }
        for line, check, decision in seen.lines
    ]  # fmt: skip


class TemplateShape(Shape):
    number: str
    title: str
    text: str
    paths: list[Any] = Field(description="pairs of section and key")
    state: str
    proposed_by: str
    proposed_at: Instant = None
    until: Instant = None
    decided_by: str
    decided_at: Instant = None
    withdrawn_by: str
    withdrawn_at: Instant = None
    reason: str


class FreezeShape(Shape):
    id: str
    name: str
    start: Instant = None
    end: Instant = None
    classes: list[str]
    created_by: str
    created_at: Instant = None


class Made(Shape):
    number: str


class WrongRowShape(Shape):
    row: int
    field: str
    why: str


class TakenShape(Shape):
    """What came of a list: with one wrong row nothing was written."""

    made: list[str]
    known: list[str]
    wrong: list[WrongRowShape]
