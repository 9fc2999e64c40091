"""Inspection with its store: what moved on which CI → results → alerts; `settling` makes incidents of them.

A rule runs when a section it reads has moved, and by the clock (`ticking`) when time alone can move its answer or one
of its alerts, or when a section it reads has gone stale. The state of an alert always moves on; what holds it back is
laid over it afterwards (`suppressing`).
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
from collector.pipeline.judged import Judged
from collector.pipeline.policies import Policies
from collector.record import SECTION
from collector.store import alerts, cis, foreign_alerts


async def judge(
    tx: AsyncConnection,
    moved: Mapping[int, Mapping[str, Moved | None]],
    findings_moved: Collection[int],
    policies: Policies,
    now: int,
    judged: Judged,
) -> None:
    """Run the rules that read what `moved` (CI → sections), then bring the incidents of those CIs in line.

    `judged`: which have run on which CI before; a rule that passes over what moved is not run again there.
    """
    due: dict[int, list[CompiledRule]] = {}
    for ci_id in sorted(moved):
        reading = policies.rulebook.reading(moved[ci_id])
        if its := [rule for rule in reading if _is_due(rule, ci_id, moved[ci_id], judged, now)]:
            due[ci_id] = its
    if due or findings_moved:
        await _judge(tx, due, set(), policies, now, findings_moved)
    for ci_id, its in due.items():
        judged.add(ci_id, (rule.id for rule in its if rule.sights))


def _is_due(rule: CompiledRule, ci_id: int, moved: Mapping[str, Moved | None], judged: Judged, now: int) -> bool:
    """Return whether a rule that reads what `moved` is to run on it."""
    if rule.reads_record and SECTION in moved:
        return True
    return not judged.has(ci_id, rule.id) or not inspection.passes_over(rule, moved, now)


async def run(tx: AsyncConnection, due: Mapping[int, list[CompiledRule]], policies: Policies, now: int) -> None:
    """Run the rules that are `due` on each CI, and settle the incidents of those where that concerns one."""
    await _judge(tx, due, set(), policies, now)


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
    ci_ids = sorted({
        *await alerts.to_look_at(tx, now, limit), *await foreign_alerts.to_look_at(tx, now, limit)
    })  # fmt: skip
    await decide_again(tx, ci_ids, policies, now)
    return len(ci_ids)


async def _judge(
    tx: AsyncConnection, due: Mapping[int, list[CompiledRule]], again: set[int], policies: Policies, now: int,
    unsettled: Collection[int] = (),
) -> None:  # fmt: skip
    """Run the rules that are `due`, decide `again` what holds alerts back, and settle the incidents of all these CIs.

    `unsettled`: those whose incidents are to be settled although no alert of theirs need have moved.
    """
    if not due and not again and not unsettled:
        return
    found = await cis.by_ids(tx, sorted({*due, *again, *unsettled}))
    touched = again | {*unsettled} | await _alert(tx, due, found, policies, now)
    await suppressing.look_again(tx, again, policies, now)
    await settling.settle(tx, {ci_id: found[ci_id] for ci_id in touched}, policies, now)


async def _alert(
    tx: AsyncConnection, due: Mapping[int, list[CompiledRule]], found: Mapping[int, CI], policies: Policies, now: int
) -> set[int]:
    """Run the rules that are `due` and return the CIs with an alert whose move concerns an incident."""
    if not due:
        return set()
    rules = policies.rulebook.rules
    known_of = await facts.read(tx, {ci_id: found[ci_id] for ci_id in due}, due, rules)
    results = list(_results(due, known_of, policies, now))
    before = await alerts.standing(tx, {ci_id: [rule.id for rule in its] for ci_id, its in due.items()})
    after = await suppressing.weigh(tx, alerting.advance(before, results, rules, now), before, policies, now)
    await alerts.save(tx, after, before, now)
    waiting = await suppressing.look_again(tx, suppressing.is_founded_on(rules, after), policies, now)
    return waiting | {alert.ci_id for alert in after if _tells(alert, before)}


def _results(
    due: Mapping[int, list[CompiledRule]], known_of: Mapping[int, Facts], policies: Policies, now: int
) -> Iterator[Result]:
    """Yield what the rules say; note what each run of one took, and when time can change what it said."""
    for ci_id, its in due.items():
        for rule in its:
            began = perf_counter()
            said = inspection.inspect(rule, known_of[ci_id], now)
            if rule.is_paced:
                at = inspection.next_turn(rule, known_of[ci_id], said, now)
                policies.agenda.next_for(ci_id, rule.id, at, now)
            errors = sum(each.outcome is Outcome.ERROR for each in said)
            policies.meter.note(rule.id, perf_counter() - began, errors)
            yield from said


def _tells(alert: Alert, before: Mapping[AlertKey, Alert]) -> bool:
    """Return whether this move concerns an incident: it fires, or it fired before."""
    old = before.get(alerting.key_of(alert))
    return any(each is not None and (each.fires or each.told) for each in (alert, old))
