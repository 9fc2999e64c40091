"""Inspection by the clock: the rules whose answer, or alert, time alone can move, and those whose sections grow stale.

The agenda says which CIs are due; their rules are run as `judging` runs what moved.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.compiled import CompiledRule
from collector.inspection import Facts
from collector.model import CI
from collector.pipeline import facts, judging
from collector.pipeline.agenda import LOOK_MS, READING, RULES
from collector.pipeline.policies import Policies
from collector.store import alerts, cis, known
from collector.store.alerts import Pairs


async def due(connection: AsyncConnection, policies: Policies, now: int) -> list[int]:
    """Return the CIs that are to be looked at by `now` (ms)."""
    timely = policies.agenda.due(await known.hosts(connection), now)
    return sorted({*timely, *await alerts.timed(connection)})


async def judge(tx: AsyncConnection, ci_ids: Collection[int], policies: Policies, now: int) -> None:
    """Run the rules that are due on these CIs, and those that cannot read any more what they read, or can again."""
    asked = policies.agenda.due(ci_ids, now)
    looked = [ci_id for ci_id, names in asked.items() if READING in names]
    heads, found = await known.heads(tx, looked), await cis.by_ids(tx, ci_ids)
    timed, unread = await alerts.by_clock(tx, ci_ids)
    due: dict[int, list[CompiledRule]] = {}
    for ci_id, ci in sorted(found.items()):
        rules, names = _rules_of(policies, ci), asked.get(ci_id, ())
        its = [each for each in rules if (each.id, ci_id) in timed or _is_due(each, names)]
        if ci_id in heads:
            held = facts.of_heads(heads[ci_id], {})
            its += [each for each in rules if each not in its and _is_read(each, ci_id, unread, held, now)]
            policies.agenda.looked(ci_id, _stale_at(rules, held, now), now)
        if RULES in names:
            policies.agenda.asked(ci_id, now)
        if its:
            due[ci_id] = its
    await judging.run(tx, due, policies, now)


def _rules_of(policies: Policies, ci: CI) -> list[CompiledRule]:
    kinds = {ci.ci_class, ci.ci_type}
    return [each for each in policies.rulebook.rules.values() if not each.rule.kinds.isdisjoint(kinds)]


def _is_due(rule: CompiledRule, names: Collection[str]) -> bool:
    return rule.id in names or (RULES in names and rule.is_paced)


def _is_read(rule: CompiledRule, ci_id: int, unread: Pairs, held: Facts, now: int) -> bool:
    return rule.reads_blind or _turns(rule, ci_id, unread, held, now)


def _turns(rule: CompiledRule, ci_id: int, unread: Pairs, held: Facts, now: int) -> bool:
    """Return whether what it reads cannot be read any more, or can again, and it has not said so yet."""
    doubts = {why.reason for name in rule.sections if (why := held.unreadable(name, rule.rule.max_age_ms, now))}
    is_blind = bool(doubts) and "unsupported" not in doubts
    return is_blind is not ((rule.id, ci_id) in unread)


def _stale_at(rules: Iterable[CompiledRule], held: Facts, now: int) -> int:
    """Return when a section is next too old for some rule (ms); `now` while one is."""
    spans: dict[str, set[int]] = {}
    for rule in rules:
        for name in rule.sections if rule.rule.max_age_ms else ():
            spans.setdefault(name, set()).add(rule.rule.max_age_ms)
    ends = [
        held.ages[name] + span for name, its in spans.items() if held.unreadable(name, 0, now) is None for span in its
    ]
    return min((max(now, at + 1) for at in ends), default=now + LOOK_MS)
