"""What makes an incident: firing alerts, open findings, suspended credentials …, in words for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from collector.incident.planning import TOLD
from collector.model import CI, Alert, Campaign, Cause, Drift, Finding, Path, Rule, Value, Verdict
from collector.wording import clean, fill, time_text

ALERT, UNAPPROVED_CHANGE, CREDENTIAL = "alert", "unapproved_change", "credential"
DISAPPEARANCE = "disappearance"
FIRING = "firing"
MAX_ITEMS = 50
"""Drift items an incident lists; the rest is counted, the finding has them all."""
MAX_NAMED = 3
"""Paths the title of a finding names."""
Naming = Callable[[Path], str]
"""What people call a value, in one language."""
BY_PATH: Mapping[str, Naming] = dict.fromkeys(("zh", "en"), lambda path: f"{path.section}.{path.key}")
"""As the catalogue of sections calls it, where nobody says how people do."""
FOUND: Mapping[Verdict, Mapping[str, str]] = {
    Verdict.PENDING: {"zh": "待认定变动：{}", "en": "Change not yet explained on {}"},
    Verdict.UNAPPROVED: {"zh": "非授权变更：{}", "en": "Unapproved change on {}"},
    Verdict.VARIANCE: {"zh": "变更结果与计划不符：{}", "en": "Change not as planned on {}"},
    Verdict.OUT_OF_WINDOW: {"zh": "超出变更窗口的变更：{}", "en": "Change outside its window on {}"},
    Verdict.LATE_APPROVAL: {"zh": "先实施后审批的变更：{}", "en": "Change approved after the work on {}"},
    Verdict.RETRO_LATE: {"zh": "补录超时的紧急变更：{}", "en": "Emergency change recorded too late on {}"},
}
"""What the title of a finding's incident begins with; work that is going on or done as approved has none."""
COMMA: Mapping[str, str] = {"zh": "、", "en": ", "}
SEVERAL: Mapping[str, str] = {"zh": "（原版本不一）", "en": " (from several versions)"}


def alert_cause(alert: Alert, rule: Rule, ci: CI) -> Cause | None:
    """Return why `alert` should be an incident, or None while it does not fire."""
    if not rule.raises or not (alert.fires or alert.flapping):
        return None
    severity = alert.lowered or str(alert.evidence.get("severity", rule.severity))
    cause = check_cause(rule, ci, (alert.instance, alert.evidence), severity, alert.since)
    held = {"flapping": alert.flapping, "began_under": list(alert.held_by)}
    return replace(cause, detail={**cause.detail, **held})


def check_cause(
    rule: Rule, ci: CI, found: tuple[str, Mapping[str, Value]], severity: str, since: int
) -> Cause:  # fmt: skip
    """Return the cause that a rule is which does not hold on `ci`. `found`: the instance, and the values it went by."""
    instance, evidence = found
    values = {**evidence, "ci.name": ci.name, "ci.class": ci.ci_class, "ci.type": ci.ci_type}
    detail = {
        "ci": _place(ci),
        "rule": rule.id,
        "rule_title": rule.title,
        "category": rule.category,
        "instance": instance,
        "evidence": evidence,
        "runbook": rule.runbook,
        "kb": rule.kb,
        **({"impact_from": list(rule.impact_from)} if rule.impact_from else {}),
    }
    return Cause(
        key=alert_key(rule.id, ci.uid, instance),
        ci_id=ci.id,
        kind=ALERT,
        severity=severity,
        title={language: fill(text, values) for language, text in rule.summary.items()},
        detail=detail,
        since=since,
        category=rule.category,
        urgency=rule.urgency,
        line=rule.line,
        impact_from=rule.impact_from,
        related=tuple(str(evidence[name]) for name in rule.related if evidence.get(name)),
    )


def alert_key(rule: str, uid: str, instance: str) -> str:
    """Return the key of the cause an alert is; whoever finds the same by another way shares its incident."""
    return f"rule|{rule}|{uid}|{instance}"


def alert_of(key: str) -> tuple[str, str, str] | None:
    """Return rule, uid of the CI and instance of the alert a cause is; None where it is something else."""
    kind, _, rest = key.partition("|")
    parts = rest.split("|", 2)
    return (parts[0], parts[1], parts[2]) if kind == "rule" and len(parts) == 3 else None


def finding_cause(finding: Finding, ci: CI, naming: Mapping[str, Naming]) -> Cause | None:
    """Return why `finding` should be an incident: None once it is closed, while it is waived or approved work goes on.

    While an emergency may still be recorded it is told as a notice, with the time by which. `naming`: by language.
    """
    if finding.closed_at is not None or finding.waived_until is not None or finding.verdict not in FOUND:
        return None
    named = _named(finding.items, naming)
    detail = {
        "ci": _place(ci),
        "finding": finding.id,
        "between": [time_text(finding.lo), time_text(finding.hi)],
        "items": [_item(item) for item in finding.items[:MAX_ITEMS]],
        "more": max(0, len(finding.items) - MAX_ITEMS),
        "verdict": str(finding.verdict),
        "due": "" if finding.due_at is None else time_text(finding.due_at),
        "change": finding.change,
    }
    return Cause(
        key=finding_key(finding.id),
        ci_id=ci.id,
        kind=UNAPPROVED_CHANGE,
        severity=_severity(finding.verdict),
        title={
            "zh": FOUND[finding.verdict]["zh"].format(f"{clean(ci.name)} {named['zh']}"),
            "en": FOUND[finding.verdict]["en"].format(f"{clean(ci.name)}: {named['en']}"),
        },
        detail=detail,
        since=finding.opened_at,
        group=campaign_key(finding.campaign) if finding.campaign else "",
    )


def finding_key(number: int) -> str:
    """Return the key of the cause a finding is."""
    return f"finding|{number}"


def campaign_key(number: int) -> str:
    """Return the key of the incident that the findings of a campaign share."""
    return f"campaign|{number}"


def campaign_cause(campaign: Campaign, ci: CI, naming: Mapping[str, Naming]) -> Cause | None:
    """Return the words by which the incident of a campaign is told, None when none of its findings is a cause.

    It is no cause itself: the incident lasts as long as its findings do. `ci`: one of its CIs, whose administrator is
    the one to ask.
    """
    if campaign.verdict not in FOUND:
        return None
    moved = Drift(campaign.path, None, campaign.old, campaign.new, campaign.lo, campaign.hi, campaign.field)
    named = {language: each + (SEVERAL[language] if campaign.several else "")
             for language, each in _named([moved], naming).items()}  # fmt: skip
    return Cause(
        key=campaign_key(campaign.number),
        ci_id=ci.id,
        kind=UNAPPROVED_CHANGE,
        severity=_severity(campaign.verdict),
        title={
            "zh": FOUND[campaign.verdict]["zh"].format(f"{campaign.cis} 个配置项发生相同变动 {named['zh']}"),
            "en": FOUND[campaign.verdict]["en"].format(f"{campaign.cis} CIs alike: {named['en']}"),
        },
        detail={
            "ci": _place(ci), "campaign": campaign.number, "cis": campaign.cis, "finding": campaign.first,
            "between": [time_text(campaign.lo), time_text(campaign.hi)], "items": [_item(moved)], "more": 0,
            "verdict": str(campaign.verdict), "due": "" if campaign.due_at is None else time_text(campaign.due_at),
            "several": campaign.several,
        },
        since=campaign.since,
        role=TOLD,
    )  # fmt: skip


def _severity(verdict: Verdict) -> str:
    return "notice" if verdict is Verdict.PENDING else "warning"


def credential_cause(uid: str, name: str, count: int, refused_by: Sequence[str], now: int) -> Cause:
    """Return why a suspended credential is an incident: `count` addresses have refused it, some are in `refused_by`."""
    named = clean(name)
    where = ", ".join(refused_by[:MAX_NAMED]) + (" …" if count > MAX_NAMED else "")
    return Cause(
        key=f"credential|{uid}",
        ci_id=None,
        kind=CREDENTIAL,
        severity="warning",
        title={
            "zh": f"凭据“{named}”已暂停使用" + (f"：{count} 台设备拒绝登录（{where}）" if where else ""),
            "en": f"Credential {named} suspended" + (f" after {count} failures at {where}" if where else ""),
        },
        detail={"credential": {"uid": uid, "name": named}, "refused_by": list(refused_by), "role": "network_admin"},
        since=now,
    )


def disappearance_cause(kind: str, scope: str, reference: str, numbers: tuple[int, int], now: int) -> Cause:
    """Return why a run in quarantine is an incident: of so many it looked for, so many are gone at once.

    `kind`: sweep or agents; `scope`: the uid of the plan, or agents; `reference`: the uid of the sweep.
    """
    gone, looked = numbers
    return Cause(
        key=f"disappearance|{scope}",
        ci_id=None,
        kind=DISAPPEARANCE,
        severity="warning",
        title={
            "zh": f"{looked} 个配置项中有 {gone} 个同时失去响应，本轮结果未采信",
            "en": f"{gone} of {looked} CIs stopped answering at once: none of it is believed",
        },
        detail={"run": {"kind": kind, "reference": reference, "gone": gone, "looked": looked}, "role": "network_admin"},
        since=now,
    )


def _named(items: Sequence[Drift], naming: Mapping[str, Naming]) -> Mapping[str, str]:
    more = f" … +{len(items) - MAX_NAMED}" if len(items) > MAX_NAMED else ""
    paths = [item.path for item in items[:MAX_NAMED]]
    return {tongue: COMMA[tongue].join(clean(call(path)) for path in paths) + more for tongue, call in naming.items()}


def _place(ci: CI) -> Mapping[str, Value]:
    return {"uid": ci.uid, "name": ci.name, "class": ci.ci_class, "type": ci.ci_type}


def _item(item: Drift) -> Mapping[str, Value]:
    return {
        "section": item.path.section,
        "key": item.path.key,
        "field": item.field,
        "authorised": item.authorised,
        "old": item.old,
        "new": item.new,
        "between": [time_text(item.lo), time_text(item.hi)],
    }
