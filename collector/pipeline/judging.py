"""Inspection and incident with their store: what moved on which CI → alerts; `settling` makes incidents of them.

A rule runs when a section it reads has moved, and by the clock when time alone can move its answer
or when a section it reads has gone stale.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import event, inspection
from collector.compiled import CompiledRule
from collector.inspection import AlertKey, Facts, Moved
from collector.model import CI, Alert
from collector.pipeline import settling
from collector.pipeline.policies import Policies
from collector.store import alerts, cis, known
from collector.store.known import Known
from wire.observation import Status


async def judge(
    tx: AsyncConnection,
    moved: Mapping[int, Mapping[str, Moved | None]],
    findings_moved: Collection[int],
    policies: Policies,
    now: int,
    judged: set[tuple[str, int]],
) -> None:
    """Run the rules that read what `moved` (CI → sections), then bring the incidents of those CIs in line.

    `judged` names (rule, CI) that were judged before; a rule that passes over what moved is not run again for those.
    """
    rules = policies.rulebook.rules.values()
    due = {
        ci_id: [rule for rule in rules if _is_due(rule, ci_id, moved[ci_id], judged, now)] for ci_id in sorted(moved)
    }
    due = {ci_id: its for ci_id, its in due.items() if its}
    if due or findings_moved:
        await _judge(tx, due, set(findings_moved), policies, now)
    judged.update((rule.id, ci_id) for ci_id, its in due.items() for rule in its if rule.where)


def _is_due(
    rule: CompiledRule, ci_id: int, moved: Mapping[str, Moved | None], judged: Collection[tuple[str, int]], now: int
) -> bool:
    if rule.sections.isdisjoint(moved):
        return False
    return (rule.id, ci_id) not in judged or not inspection.passes_over(rule, moved, now)


async def judge_by_clock(tx: AsyncConnection, ci_ids: Collection[int], policies: Policies, now: int) -> None:
    """Run the rules whose answer time alone can move for these CIs, and those whose sections went stale."""
    heads = await known.heads(tx, ci_ids)
    due = {
        ci_id: [rule for rule in policies.rulebook.rules.values() if rule.reads_time or _is_blind(rule, held, now)]
        for ci_id, held in heads.items()
    }
    await _judge(tx, due, set(), policies, now)


async def judge_whole(tx: AsyncConnection, ci_ids: Collection[int], now: int, policies: Policies) -> None:
    """Run every rule on these CIs: it is their standing that moved, not what is known of them."""
    await _judge(tx, {ci_id: list(policies.rulebook.rules.values()) for ci_id in ci_ids}, set(ci_ids), policies, now)


def _is_blind(rule: CompiledRule, held: Mapping[str, Known], now: int) -> bool:
    facts = _facts_of(held, {})
    return any(facts.unreadable(name, rule.rule.max_age_ms, now) for name in rule.sections)


async def _judge(
    tx: AsyncConnection, due: Mapping[int, list[CompiledRule]], again: set[int], policies: Policies, now: int
) -> None:
    found = await cis.by_ids(tx, sorted({*due, *again}))
    touched = again | await _alert(tx, due, found, policies, now)
    await settling.settle(tx, {ci_id: found[ci_id] for ci_id in touched}, policies, now)


async def _alert(
    tx: AsyncConnection, due: Mapping[int, list[CompiledRule]], found: Mapping[int, CI], policies: Policies, now: int
) -> set[int]:
    """Run the rules that are `due` and return the CIs with an alert whose move concerns an incident."""
    if not due:
        return set()
    wanted = {ci_id: {name for rule in rules for name in rule.sections} for ci_id, rules in due.items()}
    facts = await _facts(tx, {ci_id: found[ci_id] for ci_id in due}, wanted)
    results = [
        result
        for ci_id, rules in due.items()
        for rule in rules
        for result in inspection.inspect(rule, facts[ci_id], now)
    ]
    before = await alerts.load(tx, due)
    after = inspection.advance(before, results, policies.rulebook.rules, now)
    await alerts.save(tx, after)
    return {alert.ci_id for alert in after if _tells(alert, before)}


def _tells(alert: Alert, before: Mapping[AlertKey, Alert]) -> bool:
    """Return whether this move concerns an incident: it fires, or it fired before."""
    old = before.get((alert.rule, alert.ci_id, alert.instance))
    return inspection.FIRING in (alert.state, old.state if old else "")


# --- the facts a rule reads


async def _facts(
    tx: AsyncConnection, found: Mapping[int, CI], wanted: Mapping[int, Collection[str]]
) -> dict[int, Facts]:
    heads = await known.heads(tx, found)
    bodies = await known.bodies(tx, found, {name for names in wanted.values() for name in names})
    seen = await known.agents(tx, found)
    facts = {}
    for ci_id, ci in found.items():
        opened = {name: json.loads(bodies[ci_id, name]) for name in wanted[ci_id] if (ci_id, name) in bodies}
        agent = {"agent": seen[ci_id]} if ci_id in seen else {}
        facts[ci_id] = _facts_of(heads.get(ci_id, {}), {**_own(ci), **agent, **opened})
    return facts


def _own(ci: CI) -> dict[str, object]:
    return {
        "id": ci.id, "uid": ci.uid, "name": ci.name, "class": ci.ci_class, "type": ci.ci_type,
        "state": str(ci.state), "environment": ci.environment,
    }  # fmt: skip


def _facts_of(held: Mapping[str, Known], ci: Mapping[str, object]) -> Facts:
    ages = {name: each.last_ok for name, each in held.items()}
    unheard = {} if event.SECTION in held else {event.SECTION: Status.UNSUPPORTED}  # it never spoke by itself
    silent = unheard | {name: each.status for name, each in held.items() if each.status is not Status.OK}
    present = ci or {name: None for name, each in held.items() if each.last_ok}
    return Facts(present, ages, silent)
