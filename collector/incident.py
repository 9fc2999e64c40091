"""Incidents: causes (firing alerts, open findings) → what to open, to update, to resolve. One incident a cause."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from collector.model import CI, Alert, Cause, Drift, Finding, Incident, Rule, Value
from collector.wording import clean, fill, time_text

ALERT, UNAPPROVED_CHANGE = "alert", "unapproved_change"
OPEN, RESOLVED = "open", "resolved"
FIRING = "firing"
MAX_ITEMS = 50
"""Drift items an incident lists; the rest is counted, the finding has them all."""
MAX_NAMED = 3
"""Paths the title of a finding names."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done. `update` and `resolve` are the incidents as they will be."""

    open: tuple[Cause, ...] = ()
    update: tuple[Incident, ...] = ()
    resolve: tuple[Incident, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.open or self.update or self.resolve)


def plan(open_incidents: Sequence[Incident], causes: Iterable[Cause], now: int) -> Plan:
    """Return the plan at `now` (ms).

    `causes` are all present causes of every CI whose open incidents are given: one that is not there is gone. An
    incident is updated when its severity moved; its title and detail are then told anew.
    """
    present = {cause.key: cause for cause in causes}
    known = {incident.cause_key for incident in open_incidents}
    update = []
    for incident in open_incidents:
        cause = present.get(incident.cause_key)
        if cause is not None and cause.severity != incident.severity:
            update.append(replace(incident, severity=cause.severity, title=cause.title, detail=cause.detail))
    gone = (incident for incident in open_incidents if incident.cause_key not in present)
    return Plan(
        tuple(cause for key, cause in present.items() if key not in known),
        tuple(update),
        tuple(replace(incident, state=RESOLVED, resolved_at=now) for incident in gone),
    )


def alert_cause(alert: Alert, rule: Rule, ci: CI) -> Cause | None:
    """Return why `alert` should be an incident, or None while it does not fire."""
    if alert.state != FIRING:
        return None
    values = {**alert.evidence, "ci.name": ci.name, "ci.class": ci.ci_class, "ci.type": ci.ci_type}
    detail = {
        "ci": _place(ci),
        "rule": rule.id,
        "rule_title": rule.title,
        "category": rule.category,
        "instance": alert.instance,
        "evidence": alert.evidence,
        "runbook": rule.runbook,
    }
    return Cause(
        key=f"rule|{rule.id}|{ci.uid}|{alert.instance}",
        ci_id=ci.id,
        kind=ALERT,
        severity=str(alert.evidence.get("severity", rule.severity)),
        title={language: fill(text, values) for language, text in rule.summary.items()},
        detail=detail,
        since=alert.since,
    )


def finding_cause(finding: Finding, ci: CI) -> Cause | None:
    """Return why `finding` should be an incident, or None once it is closed."""
    if finding.closed_at is not None:
        return None
    named = _named(finding.items)
    detail = {
        "ci": _place(ci),
        "finding": finding.id,
        "between": [time_text(finding.lo), time_text(finding.hi)],
        "items": [_item(item) for item in finding.items[:MAX_ITEMS]],
        "more": max(0, len(finding.items) - MAX_ITEMS),
    }
    return Cause(
        key=f"finding|{finding.id}",
        ci_id=ci.id,
        kind=UNAPPROVED_CHANGE,
        severity="warning",
        title={
            "zh": f"非授权变更：{clean(ci.name)} {named}",
            "en": f"Unapproved change on {clean(ci.name)}: {named}",
        },
        detail=detail,
        since=finding.opened_at,
    )


def _named(items: Sequence[Drift]) -> str:
    names = [clean(f"{item.path.section}.{item.path.key}") for item in items[:MAX_NAMED]]
    return ", ".join(names) + (f" … +{len(items) - MAX_NAMED}" if len(items) > MAX_NAMED else "")


def _place(ci: CI) -> Mapping[str, Value]:
    return {"uid": ci.uid, "name": ci.name, "class": ci.ci_class, "type": ci.ci_type}


def _item(item: Drift) -> Mapping[str, Value]:
    return {
        "section": item.path.section,
        "key": item.path.key,
        "authorised": item.authorised,
        "old": item.old,
        "new": item.new,
        "between": [time_text(item.lo), time_text(item.hi)],
    }
