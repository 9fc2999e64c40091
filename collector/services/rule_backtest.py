"""A rule over a past period: the facts and samples that were kept, given to it as they moved. Nothing is written.

What a section holds is known to have been fresh while it was a fact, so `max_age` and `min_samples` say nothing here.
Measurements are no facts: of those rules look back on there are samples for as long as they look back, of all others
nothing. What a rule reads of that is missing, and its answer is UNKNOWN.
Class, type, state, name and record of a CI are those of today.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.alerting import AlertKey, advance
from collector.compiled import CompiledRule
from collector.inspection import Facts, inspect, next_turn
from collector.model import CI, Alert, Outcome, Value
from collector.rulebook import Rulebook
from collector.samples import History
from collector.services.inspections import Rules
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.services.rule_past import Past
from collector.store import cis, own_fields, replay, samples
from collector.store.engine import Store

DAY_MS: Final = 86_400_000
LONGEST_MS: Final = 400 * DAY_MS
AT_ONCE: Final = 50
"""CIs that are read together."""
MAX_RULES: Final = 20
"""Rules of one pack that are tested together."""
MAX_MOMENTS: Final = 5_000
"""Times at which one CI is looked at; of more the first."""
TOP: Final = 20
"""CIs that are named."""
_ANSWERS: Final = frozenset({Outcome.PASS, Outcome.PROBLEM})


@dataclass(slots=True)
class Replayed:
    """What a rule would have come to within [start, end) (ms). `top`: CI → how many incidents, the most first."""

    rule: str
    start: int
    end: int
    cis: int = 0
    applies: int = 0
    unknown: int = 0
    errors: int = 0
    opened: int = 0
    firing: int = 0
    unread: tuple[str, ...] = ()
    """Sections the rule reads of which nothing was kept."""
    counts: dict[int, int] = field(default_factory=dict)
    top: tuple[tuple[CI, int], ...] = ()


@dataclass(frozen=True, slots=True)
class _Outcomes:
    seen: frozenset[Outcome]
    opened: int
    firing: int


def chosen(rules: Rules, rule_id: str | None, pack: Rulebook | None) -> tuple[CompiledRule, ...]:
    """Return the rules that are asked for: those of `pack`, or the one that runs; raise `NotFound`, `Refused`."""
    known = pack.rules if pack else rules
    if rule_id is None and pack is None:
        raise Refused("a rule, or a pack of them, is expected", "rule")
    if rule_id is None:
        return tuple(known.values())[:MAX_RULES]
    if rule_id not in known:
        raise NotFound("rule", rule_id)
    return (known[rule_id],)


@dataclass(frozen=True, slots=True)
class RuleBacktests:
    """Runs one at a time: each reads a period from end to end."""

    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self, store: Store, rules: Iterable[CompiledRule], period: tuple[int, int]) -> list[Replayed]:
        """Return what these rules would have come to in a period (ms); raise `Refused` while another one is running."""
        if self._turn.locked():
            raise Refused("another period is being judged; try again when it is done")
        async with self._turn, store.read() as connection:
            return [await backtest(connection, rule, *period) for rule in rules]


async def backtest(connection: AsyncConnection, rule: CompiledRule, start: int, end: int) -> Replayed:
    """Return what `rule` would have come to; raise `Refused` for a period that is none."""
    if not 0 <= start < end or end - start > LONGEST_MS:
        raise Refused(f"a period of at most {LONGEST_MS // DAY_MS} days is expected", "since")
    tested, beyond, kept = Replayed(rule.id, start, end), 0, set[str]()
    eased = replace(rule, rule=replace(rule.rule, max_age_ms=0, min_samples=1, flap=None))
    while ci_ids := await replay.next_of_kind(connection, rule.rule.kinds, beyond, AT_ONCE):
        beyond = ci_ids[-1]
        facts = await replay.held(connection, ci_ids, rule.sections, start - _looks_back(rule), end)
        told = await samples.of_cis(connection, ci_ids, sorted({each.section for each in rule.windows}))
        found = await cis.by_ids(connection, ci_ids)
        for ci_id, own in (await own_fields.of_cis(connection, found)).items():
            past = Past(facts.get(ci_id, ()), told.get(ci_id, ()), rule.windows)
            kept |= past.sections
            _count(tested, ci_id, _replayed(eased, own, past, (start, end)))
    tested.unread = tuple(sorted(rule.sections - kept))
    most = sorted(tested.counts, key=lambda ci_id: (-tested.counts[ci_id], ci_id))[:TOP]
    named = await cis.by_ids(connection, most)
    tested.top = tuple((named[ci_id], tested.counts[ci_id]) for ci_id in most)
    return tested


def _looks_back(rule: CompiledRule) -> int:
    return max((each.span_ms for each in rule.windows), default=0)


def _count(tested: Replayed, ci_id: int, outcomes: _Outcomes) -> None:
    tested.cis += 1
    if outcomes.seen <= {Outcome.NOT_APPLICABLE}:
        return
    tested.applies += 1
    tested.unknown += not outcomes.seen & _ANSWERS
    tested.errors += Outcome.ERROR in outcomes.seen
    tested.opened += outcomes.opened
    tested.firing += bool(outcomes.firing)
    if outcomes.opened:
        tested.counts[ci_id] = outcomes.opened


def _replayed(rule: CompiledRule, own: Mapping[str, Value], past: Past, period: tuple[int, int]) -> _Outcomes:
    """Run the rule at each time at which something it reads moved, a timer of it ended, or time changed its answer."""
    alerts, seen, opened = dict[AlertKey, Alert](), set[Outcome](), 0
    for now in (moments := _Moments(rule, past.moves, *period)):
        facts = _known(own, *past.at(now), now)
        results = inspect(rule, facts, now)
        said = {each.outcome for each in results}
        if said & _ANSWERS and not rule.reads_agent:  # of agents nothing is kept
            moments.add(next_turn(rule, facts, results, now))
        seen |= said
        for moved in advance(alerts, results, {rule.id: rule}, now):
            key = (moved.rule, moved.ci_id, moved.instance)
            opened += moved.fires and not (key in alerts and alerts[key].fires)
            alerts[key] = moved
    return _Outcomes(frozenset(seen), opened, sum(each.fires for each in alerts.values()))


class _Moments:
    """The times to look at, in order: what moved, where timers end after that, and what is added on the way."""

    def __init__(self, rule: CompiledRule, moves: Iterable[int], start: int, end: int) -> None:
        self._timers = (0, rule.rule.hold_ms, rule.rule.keep_ms)
        self._end, self._last = end, start - 1
        self._waiting = [start, end]
        for at in moves:
            if start < at < end:
                self._waiting += {at + timer for timer in self._timers}
        heapq.heapify(self._waiting)

    def add(self, at: int | None) -> None:
        """Look also at this time (ms), and where timers end after it, if that lies ahead."""
        if at is not None and at > self._last:
            for each in {at + timer for timer in self._timers}:
                heapq.heappush(self._waiting, each)

    def __iter__(self) -> Iterator[int]:
        looked = 0
        while self._waiting and looked < MAX_MOMENTS:
            at = heapq.heappop(self._waiting)
            if self._last < at <= self._end:
                self._last, looked = at, looked + 1
                yield at


def _known(own: Mapping[str, Value], bodies: Mapping[str, Any], history: History, now: int) -> Facts:
    return Facts({**own, **bodies}, dict.fromkeys(bodies, now), history=history)
