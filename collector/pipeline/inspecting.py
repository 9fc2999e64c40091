"""Looks at the scope of a plan with the rules and the facts monitoring goes by: what it fails shares its incident.

Nothing is written here, and no state is kept: a rule with a `for` says in a report what it finds at that moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import inspection
from collector.alerting import AlertKey
from collector.compiled import CompiledRule
from collector.incident import alert_key
from collector.inspecting import scope
from collector.inspecting.line import Line, State, lines_of
from collector.inspecting.looked import Looked
from collector.inspecting.plan import BadPlan, Plan
from collector.model import Alert, Value
from collector.pipeline import facts
from collector.pipeline.policies import Policies
from collector.stocktake import Thing
from collector.store import alerts, cis, inspection_incidents, known, own_fields, waivers
from collector.store.browse import things
from collector.waiver import ACCEPT, Waiver, effective_waiver

PART: Final = 250_000
"""Checks of one report: a scope that needs more of them is looked at in parts, each with its own."""
MAX_LINES: Final = 2 * PART
"""Rows of one report: a check that fails on many instances is as many rows."""
AT_ONCE: Final = 100
"""CIs whose facts are in memory at once."""


async def divide(
    connection: AsyncConnection, plan: Plan, policies: Policies, most: int = PART
) -> list[tuple[int, ...]]:
    """Return the CIs of each report that the scope of `plan` needs now; raise `BadPlan`."""
    rules = scope.chosen(plan, policies.rulebook.rules.values())
    return scope.divided((await _in_scope(connection, plan)).values(), rules, most)


async def look(
    connection: AsyncConnection, plan: Plan, now: int, only: Collection[int] | None, policies: Policies
) -> Looked:
    """Return what the checks of `plan` say of every CI in its scope at `now` (ms); raise `BadPlan`.

    `only`: of these, where the report is of a part of it.
    """
    rules = scope.chosen(plan, policies.rulebook.rules.values())
    found = await _in_scope(connection, plan)
    if only is not None:
        wanted = frozenset(only)
        found = {ci_id: each for ci_id, each in found.items() if ci_id in wanted}
    lines: list[Line] = []
    ids = sorted(found)
    for start in range(0, len(ids), AT_ONCE):
        lines += await _lines(connection, ids[start : start + AT_ONCE], rules, now)
        if len(lines) > MAX_LINES:
            raise BadPlan(f"one report takes {MAX_LINES} rows: make several plans of it", "scope")
        await asyncio.sleep(0)  # others are let in between
    return Looked(found, tuple(lines), len(rules))


async def _in_scope(connection: AsyncConnection, plan: Plan) -> dict[int, Thing]:
    expression = scope.compiled(plan.scope)
    standing = await things.standing(connection, plan.scope.classes)
    near = [each for each in standing if scope.holds(plan.scope, None, each, {})]
    if expression is None:
        return {each.ci_id: each for each in near}
    own = await own_fields.of_cis(connection, await cis.by_ids(connection, [each.ci_id for each in near]))
    return {each.ci_id: each for each in near if scope.holds(plan.scope, expression, each, own[each.ci_id])}


async def _lines(
    connection: AsyncConnection, ci_ids: Sequence[int], rules: Sequence[CompiledRule], now: int
) -> list[Line]:
    """Return the rows of some CIs, each with where its values are from and what stands beside it."""
    if not rules:
        return []
    found = await cis.by_ids(connection, ci_ids)
    known_of = await facts.read(connection, found, dict.fromkeys(found, rules))
    results = [
        result for ci_id in ci_ids for rule in rules for result in inspection.inspect(rule, known_of[ci_id], now)
    ]  # fmt: skip
    called = {rule.id: rule for rule in rules}
    seen = _Sources(await known.looks(connection, ci_ids), called)
    beside = _Beside(
        await alerts.load(connection, ci_ids), await inspection_incidents.open_causes(connection, ci_ids),
        [each.waiver for each in await waivers.granted(connection, now)],
        await own_fields.of_cis(connection, found), called, now,
    )  # fmt: skip
    return [beside.told(seen.told(line)) for line in lines_of(results)]


class _Sources:
    """Says from which source the values behind a row are, and when they were observed: the oldest of them counts."""

    def __init__(self, looks: Mapping[tuple[int, str], Mapping[str, int]], rules: Mapping[str, CompiledRule]) -> None:
        self._newest = {at: max(said.items(), key=lambda each: each[1]) for at, said in looks.items() if said}
        self._rules = rules

    def told(self, line: Line) -> Line:
        places = ((line.ci_id, name) for name in self._rules[line.rule].sections)
        said = [self._newest[place] for place in places if place in self._newest]
        if not said:
            return line
        source, at = min(said, key=lambda each: each[1])
        return replace(line, source=source, observed_at=at)


@dataclass(frozen=True, slots=True)
class _Beside:
    """Says since when it is so, by which incident somebody knows already, and whether somebody accepts it.

    `incidents`: key of a cause → number; `own`: CI → its fields.
    """

    alerts: Mapping[AlertKey, Alert]
    incidents: Mapping[str, str]
    waivers: Sequence[Waiver]
    own: Mapping[int, Mapping[str, Value]]
    rules: Mapping[str, CompiledRule]
    now: int

    def told(self, line: Line) -> Line:
        if line.state not in (State.PROBLEM, State.UNKNOWN, State.ERROR):
            return line
        alert = self.alerts.get((line.rule, line.ci_id, line.instance))
        incident = self.incidents.get(alert_key(line.rule, str(self.own[line.ci_id]["uid"]), line.instance), "")
        state = State.WAIVED if line.state is State.PROBLEM and self._is_accepted(line) else line.state
        return replace(line, state=state, since=alert.since if alert else 0, incident=incident)

    def _is_accepted(self, line: Line) -> bool:
        if not self.rules[line.rule].rule.waivable:
            return False
        waiver = effective_waiver(self.waivers, line.rule, self.own[line.ci_id], line.instance, self.now)
        return waiver is not None and waiver.effect == ACCEPT
