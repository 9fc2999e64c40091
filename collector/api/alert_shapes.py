"""Alerts with what holds them back, waivers and maintenance windows, as the API takes and answers them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from collector.api.shapes import CiName, Instant, Shape, instant
from collector.services.alert_explained import AlertMove, Explained, Instance
from collector.services.maintenance_windows import WindowRow
from collector.services.waivers import WaiverRow

Time = Annotated[str, StringConstraints(max_length=40)]
Line = Annotated[str, StringConstraints(max_length=300)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
Condition = Annotated[str, StringConstraints(max_length=2048)]
Pattern = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9-]{1,64}\*?$")]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AckShape(Shape):
    """Somebody has seen an alert."""

    at: Instant = None
    who: str
    reason: str


class AckAsked(Body):
    """An alert that somebody has seen, or says no more to have seen; `reason`: why."""

    rule: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    ci: Annotated[str, StringConstraints(min_length=1, max_length=64)] = Field(description="id of the CI")
    instance: Annotated[str, StringConstraints(max_length=1000)] = ""
    reason: Reason


class AlertShape(Shape):
    """What one rule remembers of one instance of one CI; `suppressed`: what holds it back."""

    rule: str
    ci: CiName
    instance: str
    state: str = Field(description="ok, pending, firing, recovering")
    outcome: str = Field(description="PASS, PROBLEM, WAIVED, UNKNOWN, ERROR")
    since: Instant = None
    changed_at: Instant = None
    evidence: dict[str, Any]
    reason: str
    suppressed: list[str]
    held_by: list[str]
    flapping: bool
    lowered: str = Field(description="the severity a waiver lets it count for; empty: its own")
    episode: int = Field(description="how often it has begun to fire")
    ack: AckShape | None = Field(description="who has seen this episode, and why; null: nobody")


class MoveShape(Shape):
    """What an alert was from `at` on."""

    at: Instant
    state: str
    outcome: str
    severity: str
    evidence: dict[str, Any]
    reason: str
    suppressed: list[str]
    episode: int


class ReadShape(Shape):
    section: str
    status: str
    confirmed_at: Instant = None
    is_stale: bool


class InstanceShape(Shape):
    """One alert and what it waits for: `for`, `samples`, `keep_firing_for`, `suppressed`, at least until then."""

    instance: str
    state: str
    outcome: str
    reason: str
    evidence: dict[str, Any]
    severity: str
    since: Instant
    changed_at: Instant
    samples: int
    keep_until: Instant
    flapping: bool
    swing: float = Field(description="how much of its last states were changes, in percent")
    suppressed: list[str]
    held_by: list[str]
    told: bool = Field(description="there is an incident for it")
    incident: str = Field(description="number of the incident it stands in; empty: none")
    lowered: str
    episode: int
    why_not_yet: str
    until: Instant
    ack: AckShape | None
    moves: list[MoveShape]


class ExplainedShape(Shape):
    """Why a rule says what it says of a CI."""

    rule: str
    ci: str
    name: str
    expr: str
    recover: str
    limits: dict[str, Any] = Field(description="the rule's constants as they are for this CI")
    overridden: list[str]
    for_s: float
    min_samples: int
    keep_firing_for_s: float
    max_age_s: float
    shadow: bool
    reads: list[ReadShape]
    instances: list[InstanceShape]


def move(of: AlertMove) -> MoveShape:
    return MoveShape(
        at=instant(of.at), state=of.state, outcome=of.outcome, severity=of.severity, evidence=dict(of.evidence),
        reason=of.reason, suppressed=list(of.suppressed), episode=of.episode,
    )  # fmt: skip


def instance(of: Instance) -> InstanceShape:
    its = of.alert
    return InstanceShape(
        instance=its.instance, state=its.state, outcome=str(its.outcome), reason=its.reason,
        evidence=dict(its.evidence), severity=str(its.evidence.get("severity", "")), since=instant(its.since),
        changed_at=instant(its.changed_at), samples=its.samples, keep_until=_at(its.keep_until),
        flapping=its.flapping, swing=of.swing, suppressed=list(its.suppressed), held_by=list(its.held_by),
        told=its.told, incident=of.incident, lowered=its.lowered, episode=its.episode, why_not_yet=of.why_not_yet,
        until=_at(of.until), moves=[move(each) for each in of.moves],
        ack=AckShape.model_validate(of.ack) if of.ack else None,
    )  # fmt: skip


def explained(of: Explained) -> ExplainedShape:
    rule = of.rule.rule
    return ExplainedShape(
        rule=rule.id, ci=of.ci.uid, name=of.ci.name, expr=rule.expr,
        recover=of.rule.recover.source if of.rule.recover else "", limits=dict(of.limits),
        overridden=sorted(of.overridden), for_s=rule.hold_ms / 1000, min_samples=rule.min_samples,
        keep_firing_for_s=rule.keep_ms / 1000, max_age_s=rule.max_age_ms / 1000, shadow=rule.shadow,
        reads=[
            ReadShape(section=each.section, status=each.status, confirmed_at=_at(each.confirmed_at),
                      is_stale=each.is_stale) for each in of.reads
        ],
        instances=[instance(each) for each in of.instances],
    )  # fmt: skip


class WaiverAsked(Body):
    """A waiver: times RFC 3339 with the offset, at most 365 days apart."""

    rule: Pattern = Field(description="id of a rule, or a prefix with *")
    reason: Reason
    expires: Time
    starts: Time | None = Field(None, description="null: now")
    effect: Literal["accept", "lower"] = "accept"
    level: Literal["", "notice", "warning", "error", "critical"] = Field("", description="for lower")
    scope: Condition = Field("", description='a condition over the CI, as in ci.name == "db-01"; empty: every CI')
    instance: Annotated[str, StringConstraints(max_length=1000)] = ""
    risk: Literal["low", "medium", "high"] = "medium"
    ticket: Annotated[str, StringConstraints(max_length=64)] = ""


class WaiverDecided(Body):
    decision: Literal["grant", "refuse", "end"]
    reason: Annotated[str, StringConstraints(max_length=4000)] = ""


class WaiverShape(Shape):
    number: str
    rule: str
    scope: str
    instance: str
    effect: str
    level: str
    reason: str
    risk: str
    ticket: str
    starts: Instant
    expires: Instant
    stand: str = Field(description="asked, upcoming, active, expired, refused, ended")
    days_left: int
    is_dead: bool = Field(description="it has met nothing for 30 days")
    requested_by: str
    asked_at: Instant
    decided_by: str
    decided_at: Instant
    note: str
    matched_at: Instant


def waiver(row: WaiverRow) -> WaiverShape:
    its = row.waiver
    return WaiverShape(
        number=its.number, rule=its.rule, scope=its.scope, instance=its.instance, effect=its.effect, level=its.level,
        reason=its.reason, risk=its.risk, ticket=its.ticket, starts=instant(its.starts), expires=instant(its.expires),
        stand=row.stand, days_left=row.days_left, is_dead=row.is_dead, requested_by=its.requested_by,
        asked_at=instant(its.asked_at), decided_by=its.decided_by, decided_at=_at(its.decided_at), note=its.note,
        matched_at=_at(its.matched_at),
    )  # fmt: skip


class RecurrenceAsked(Body):
    """How a window comes again (RFC 5545), in an IANA time zone."""

    rrule: Annotated[str, StringConstraints(max_length=200)] = Field(description="as in FREQ=WEEKLY;BYDAY=SU")
    zone: Annotated[str, StringConstraints(max_length=64)] = Field(description="as in Asia/Shanghai")
    until: Time


class WindowAsked(Body):
    """A maintenance window or a silence; where several selectors are given a CI must meet each."""

    name: Line
    start: Time
    end: Time
    kind: Literal["maintenance", "silence"] = "maintenance"
    reason: Annotated[str, StringConstraints(max_length=4000)] = ""
    recurrence: RecurrenceAsked | None = None
    cis: list[Annotated[str, StringConstraints(max_length=64)]] = Field(default_factory=list, max_length=1000)
    classes: list[Annotated[str, StringConstraints(max_length=64)]] = Field(default_factory=list, max_length=20)
    match: Condition = ""
    children: bool = Field(True, description="also what stands on those CIs")
    rules: list[Pattern] = Field(default_factory=list, max_length=100)
    instance: Annotated[str, StringConstraints(max_length=1000)] = ""


class WindowShape(Shape):
    id: str
    name: str
    kind: str
    reason: str
    start: Instant
    end: Instant
    rrule: str
    zone: str
    until: Instant
    cis: list[str]
    classes: list[str]
    match: str
    children: bool
    rules: list[str]
    instance: str
    stand: str = Field(description="now, later, over")
    held_until: Instant
    next: Instant
    created_by: str
    created_at: Instant


def window(row: WindowRow) -> WindowShape:
    its, again = row.window, row.window.recurrence
    return WindowShape(
        id=its.uid, name=its.name, kind=its.kind, reason=its.reason, start=instant(its.start), end=instant(its.end),
        rrule=again.rule if again else "", zone=again.zone if again else "", until=_at(again.until if again else 0),
        cis=sorted(row.cis), classes=sorted(its.ci_classes), match=its.match, children=its.children,
        rules=list(its.rules), instance=its.instance, stand=row.stand, held_until=_at(row.until), next=_at(row.next),
        created_by=its.created_by, created_at=instant(its.created_at),
    )  # fmt: skip


def _at(ms: int) -> str | None:
    return instant(ms) if ms else None
