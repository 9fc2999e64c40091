"""Inspection with its store: what moved on which CI → results → alerts; `settling` makes incidents of them.

A rule runs when a section it reads has moved, and by the clock when time alone can move its answer or one of its
alerts, or when a section it reads has gone stale. The state of an alert always moves on; what holds it back is laid
over it afterwards (`suppressing`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from time import perf_counter

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import alerting, inspection
from collector.alerting import AlertKey
from collector.compiled import CompiledRule
from collector.inspection import Facts, Moved
from collector.model import CI, Alert, Outcome, Result
from collector.pipeline import facts, settling, suppressing
from collector.pipeline.policies import Policies
from collector.record import SECTION
from collector.rule_meter import RuleMeter
from collector.store import alerts, cis, known


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
    if rule.reads_record and SECTION in moved:
        return True
    if rule.sections.isdisjoint(moved):
        return False
    return (rule.id, ci_id) not in judged or not inspection.passes_over(rule, moved, now)


async def judge_by_clock(tx: AsyncConnection, ci_ids: Collection[int], policies: Policies, now: int) -> None:
    """Run the rules whose answer, or alert, time alone can move for these CIs, and those whose sections went stale."""
    heads, found = await known.heads(tx, ci_ids), await cis.by_ids(tx, ci_ids)
    timed, unread = await alerts.by_clock(tx, ci_ids)
    due: dict[int, list[CompiledRule]] = {}
    for ci_id in sorted(found):
        held, kinds = facts.of_heads(heads[ci_id], {}), {found[ci_id].ci_class, found[ci_id].ci_type}
        its = [each for each in policies.rulebook.rules.values() if not each.rule.kinds.isdisjoint(kinds)]
        rules = [each for each in its if _is_timely(each, ci_id, timed) or _turns(each, ci_id, unread, held, now)]
        if rules:
            due[ci_id] = rules
    await _judge(tx, due, set(), policies, now)


def _is_timely(rule: CompiledRule, ci_id: int, timed: Collection[tuple[str, int]]) -> bool:
    return rule.reads_time or (rule.id, ci_id) in timed


def _turns(rule: CompiledRule, ci_id: int, unread: Collection[tuple[str, int]], held: Facts, now: int) -> bool:
    """Return whether what it reads cannot be read any more, or can again, and it has not said so yet."""
    doubts = {why.reason for name in rule.sections if (why := held.unreadable(name, rule.rule.max_age_ms, now))}
    is_blind = bool(doubts) and "unsupported" not in doubts
    return is_blind is not ((rule.id, ci_id) in unread)


async def judge_whole(tx: AsyncConnection, ci_ids: Collection[int], now: int, policies: Policies) -> None:
    """Run every rule on these CIs: it is their standing that moved, not what is known of them."""
    await _judge(tx, {ci_id: list(policies.rulebook.rules.values()) for ci_id in ci_ids}, set(ci_ids), policies, now)


async def judge_reach(tx: AsyncConnection, ci_ids: Collection[int], policies: Policies, now: int) -> None:
    """Run the rules that go by how these CIs can be reached, and settle their incidents: one of these has moved."""
    rules = [rule for rule in policies.rulebook.rules.values() if rule.reads_reach]
    await _judge(tx, dict.fromkeys(ci_ids, rules), set(ci_ids), policies, now)


async def decide_again(tx: AsyncConnection, ci_ids: Collection[int], policies: Policies, now: int) -> None:
    """Look again at what holds the alerts of these CIs back: it has ended, or begun."""
    await _judge(tx, {}, set(ci_ids), policies, now)


async def decide_due(tx: AsyncConnection, policies: Policies, now: int, limit: int) -> int:
    """Do so for CIs with an alert whose time to be looked at has come by `now` (ms); return of how many."""
    ci_ids = await alerts.to_look_at(tx, now, limit)
    await decide_again(tx, ci_ids, policies, now)
    return len(ci_ids)


async def _judge(
    tx: AsyncConnection, due: Mapping[int, list[CompiledRule]], again: set[int], policies: Policies, now: int
) -> None:
    if not due and not again:
        return
    found = await cis.by_ids(tx, sorted({*due, *again}))
    touched = again | await _alert(tx, due, found, policies, now)
    await suppressing.look_again(tx, again, policies, now)
    await settling.settle(tx, {ci_id: found[ci_id] for ci_id in touched}, policies, now)


async def _alert(
    tx: AsyncConnection, due: Mapping[int, list[CompiledRule]], found: Mapping[int, CI], policies: Policies, now: int
) -> set[int]:
    """Run the rules that are `due` and return the CIs with an alert whose move concerns an incident."""
    if not due:
        return set()
    rules = policies.rulebook.rules
    known_of = await facts.read(tx, {ci_id: found[ci_id] for ci_id in due}, due)
    results = list(_results(due, known_of, policies.meter, now))
    before = await _remembered(tx, due)
    after = await suppressing.weigh(tx, alerting.advance(before, results, rules, now), before, policies, now)
    await alerts.save(tx, after, before, now)
    waiting = await suppressing.look_again(tx, suppressing.is_founded_on(rules, after), policies, now)
    return waiting | {alert.ci_id for alert in after if _tells(alert, before)}


async def _remembered(tx: AsyncConnection, due: Mapping[int, list[CompiledRule]]) -> dict[AlertKey, Alert]:
    """Return the alerts of the rules that are due on each CI, and what else of theirs is not simply ok."""
    alike: dict[frozenset[str], list[int]] = {}
    for ci_id, its in due.items():
        alike.setdefault(frozenset(rule.id for rule in its), []).append(ci_id)
    before: dict[AlertKey, Alert] = {}
    for rules, ci_ids in alike.items():
        before |= await alerts.standing(tx, ci_ids, rules)
    return before


def _results(
    due: Mapping[int, list[CompiledRule]], known_of: Mapping[int, Facts], meter: RuleMeter, now: int
) -> Iterator[Result]:
    """Yield what the rules say, and note what each run of one took."""
    for ci_id, its in due.items():
        for rule in its:
            began = perf_counter()
            said = inspection.inspect(rule, known_of[ci_id], now)
            errors = sum(each.outcome is Outcome.ERROR for each in said)
            meter.note(rule.id, perf_counter() - began, errors)
            yield from said


def _tells(alert: Alert, before: Mapping[AlertKey, Alert]) -> bool:
    """Return whether this move concerns an incident: it fires, or it fired before."""
    old = before.get(alerting.key_of(alert))
    return any(each is not None and (each.fires or each.told) for each in (alert, old))
