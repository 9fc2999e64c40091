"""Findings: drift of one CI → one row a cause.

Items whose brackets overlap come from one cause (a package brings a service, an account and a
port, each seen by another collector), so they join the finding that is open for it.
"""

from __future__ import annotations

from collections.abc import Sequence

from collector.model import Drift, FindingPlan, OpenFinding, Path


def plan(findings: Sequence[OpenFinding], drifts: Sequence[Drift], settled: frozenset[Path]) -> FindingPlan:
    """Return the plan. A path that drifts again stays in its finding; a finding without open items closes."""
    joined: dict[int, list[Drift]] = {}
    new = []
    for drift in drifts:
        home = _home(findings, drift)
        if home is None:
            new.append(drift)
        else:
            joined.setdefault(home.id, []).append(drift)
    gone = {each.id: each.paths & settled for each in findings if each.paths & settled}
    closed = {each.id for each in findings if each.id in gone and gone[each.id] == each.paths and each.id not in joined}
    return FindingPlan(tuple(new), {key: tuple(items) for key, items in joined.items()}, gone, frozenset(closed))


def _home(findings: Sequence[OpenFinding], drift: Drift) -> OpenFinding | None:
    same_path = next((each for each in findings if drift.path in each.paths), None)
    return same_path or next((each for each in findings if each.lo < drift.hi and drift.lo < each.hi), None)
