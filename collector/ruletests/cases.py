"""A rule × one of its cases → why that does not hold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from collector.alerting import FIRING, AlertKey, advance
from collector.compiled import CompiledRule
from collector.facttypes import RECORD_FIELDS
from collector.inspection import Facts, inspect
from collector.model import Alert, Outcome, Result
from collector.rulecase import Case
from collector.samples import History
from wire.observation import Status
from wire.sections import SECTIONS

SERVER: Final = {
    **dict.fromkeys(RECORD_FIELDS, ""), "id": 1, "uid": "ci-1", "name": "srv1", "class": "server", "type": "pc_server",
    "state": "active", "environment": "production",
}  # fmt: skip
"""What a case lays its facts over."""
EXPECTED: Final = {
    "silent": Outcome.PASS, "unknown": Outcome.UNKNOWN, "not_applicable": Outcome.NOT_APPLICABLE,
}  # fmt: skip
LOOKS, MAX_LOOKS = 12, 500
"""How often the facts of a case are seen while they stand, at least and at most."""
APART_MS: Final = 1_000
"""How far looks are apart when no time has to pass but several samples are wanted."""


def failure(rule: CompiledRule, case: Case) -> str:
    """Return why `rule` does not keep what `case` expects of it, "" when it does."""
    results = inspect(rule, facts_of(case), case.now)
    outcomes = {result.outcome for result in results}
    alerts = alerts_after(rule, case, results)
    firing = [alert for alert in alerts.values() if alert.fires]
    told = f"{', '.join(sorted(outcomes))} and {'it fires' if firing else 'nothing fires'}"
    if case.expect == "fires":
        return _of_firing(case, firing, told)
    is_pending = case.expect == "silent" and case.held_ms is not None
    if not is_pending and (EXPECTED[case.expect] not in outcomes or Outcome.PROBLEM in outcomes):
        return told
    return "" if bool(firing) is _fires_on(rule, case) else told


def _of_firing(case: Case, firing: Sequence[Alert], told: str) -> str:
    levels = {str(alert.evidence.get("severity")) for alert in firing}
    if not firing or case.severity is None or case.severity in levels:
        return "" if firing else told
    return f"its severity is {', '.join(sorted(levels))}"


def _fires_on(rule: CompiledRule, case: Case) -> bool:
    """Return whether an alert fires beside an expectation other than that it does."""
    if case.expect != "unknown" or rule.rule.on_unknown == "ok":
        return False
    return case.was == FIRING or rule.rule.on_unknown == "fire"


def facts_of(case: Case) -> Facts:
    """Return what is known of the CI of `case`."""
    sections = case.ci.keys() & SECTIONS.keys()
    return Facts(
        ci={**SERVER, **case.ci},
        ages={name: case.now - case.ages_ms.get(name, 0) for name in sections},
        statuses={name: Status[status.upper()] for name, status in case.statuses.items()},
        history=History(case.history),
    )


def alerts_after(rule: CompiledRule, case: Case, results: Sequence[Result]) -> Mapping[AlertKey, Alert]:
    """Return the alerts once the facts of `case`, of which the rule said `results`, have stood for its time."""
    before: dict[AlertKey, Alert] = {}
    if case.was == FIRING:
        keys = [(each.rule, each.ci_id, each.instance) for each in results]
        before = {key: Alert(*key, FIRING, Outcome.PROBLEM, 0, 0, episode=1) for key in keys}
    for passed in _looks(rule, case):
        now = case.now + passed
        seen = [replace(each, seen_at=each.seen_at + passed) if each.seen_at else each for each in results]
        before |= {(each.rule, each.ci_id, each.instance): each for each in advance(before, seen, {rule.id: rule}, now)}
    return before


def _looks(rule: CompiledRule, case: Case) -> Sequence[int]:
    """Return how long the facts have stood at each look, ms. No two are further apart than what is known may be old."""
    spec = rule.rule
    stood = case.held_ms
    if stood is None:
        stood = max(spec.keep_ms if case.was == FIRING else spec.hold_ms, APART_MS * (spec.min_samples - 1))
    if stood == 0:
        return (0,)
    looks = math.ceil(2 * stood / spec.max_age_ms) if spec.max_age_ms else 0
    number = min(max(LOOKS, looks), MAX_LOOKS)
    return [stood * at // number for at in range(number + 1)]
