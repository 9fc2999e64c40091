"""A rule over a past period: the facts that were kept, given to it as they moved. Nothing is written.

What a section holds is known to have been fresh while it was a fact, so `max_age` and `min_samples` say nothing here.
Measurements that move all the time are no facts: what a rule reads of them is missing, and its answer is UNKNOWN.
Class, type, state, name and record of a CI have no history here; they are those of today.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.alerting import AlertKey, advance
from collector.compiled import CompiledRule
from collector.inspection import Facts, inspect
from collector.model import CI, Alert, Outcome, Value
from collector.rulebook import Rulebook
from collector.services.element import element
from collector.services.inspections import Rules
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.store import cis, own_fields, replay
from collector.store.engine import Store
from collector.store.replay import Held
from wire.sections import shape_of

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
        facts = await replay.held(connection, ci_ids, rule.sections, start, end)
        found = await cis.by_ids(connection, ci_ids)
        for ci_id, own in (await own_fields.of_cis(connection, found)).items():
            kept |= {each.path.section for each in facts.get(ci_id, ())}
            _count(tested, ci_id, _replayed(eased, own, facts.get(ci_id, ()), (start, end)))
    tested.unread = tuple(sorted(rule.sections - kept))
    most = sorted(tested.counts, key=lambda ci_id: (-tested.counts[ci_id], ci_id))[:TOP]
    named = await cis.by_ids(connection, most)
    tested.top = tuple((named[ci_id], tested.counts[ci_id]) for ci_id in most)
    return tested


def _count(tested: Replayed, ci_id: int, outcomes: _Outcomes) -> None:
    tested.cis += 1
    if outcomes.seen <= {Outcome.NOT_APPLICABLE}:
        return
    tested.applies += 1
    tested.unknown += not outcomes.seen & {Outcome.PASS, Outcome.PROBLEM}
    tested.errors += Outcome.ERROR in outcomes.seen
    tested.opened += outcomes.opened
    tested.firing += bool(outcomes.firing)
    if outcomes.opened:
        tested.counts[ci_id] = outcomes.opened


def _replayed(
    rule: CompiledRule, own: Mapping[str, Value], facts: Sequence[Held], period: tuple[int, int]
) -> _Outcomes:
    """Run the rule at each time at which a fact of it moved, or a timer of it ended."""
    alerts, seen, opened = dict[AlertKey, Alert](), set[Outcome](), 0
    bodies = _Bodies(facts)
    for now in _moments(rule, facts, *period):
        results = inspect(rule, _known(own, bodies.at(now), now), now)
        seen |= {each.outcome for each in results}
        for moved in advance(alerts, results, {rule.id: rule}, now):
            key = (moved.rule, moved.ci_id, moved.instance)
            opened += moved.fires and not (key in alerts and alerts[key].fires)
            alerts[key] = moved
    return _Outcomes(frozenset(seen), opened, sum(each.fires for each in alerts.values()))


def _moments(rule: CompiledRule, facts: Iterable[Held], start: int, end: int) -> list[int]:
    """Return the times to look at: where facts moved, where timers end after that, and each day for what reads time."""
    moved = {start} | {at for each in facts for at in (each.vf, each.vt) if start < at < end}
    timed = {at + timer for at in moved for timer in (rule.rule.hold_ms, rule.rule.keep_ms) if timer}
    daily = set(range(start, end, DAY_MS)) if rule.reads_time else set()
    return sorted(at for at in {*moved, *timed, *daily, end} if at <= end)[:MAX_MOMENTS]


def _known(own: Mapping[str, Value], bodies: Mapping[str, Any], now: int) -> Facts:
    return Facts({**own, **bodies}, dict.fromkeys(bodies, now))


class _Bodies:
    """The sections of one CI put together from its facts, at one time after the other."""

    def __init__(self, facts: Sequence[Held]) -> None:
        self._facts = facts
        self._next = 0
        self._now: dict[tuple[str, str], Held] = {}
        self._sections: set[str] = set()

    def at(self, now: int) -> dict[str, Any]:
        """Return the bodies at `now` (ms), which never goes back; a section is there from its first fact on."""
        while self._next < len(self._facts) and self._facts[self._next].vf <= now:
            one = self._facts[self._next]
            self._now[one.path.section, one.path.key] = one
            self._sections.add(one.path.section)
            self._next += 1
        self._now = {key: one for key, one in self._now.items() if one.vt > now}
        return {name: self._body(name) for name in self._sections}

    def _body(self, name: str) -> Any:
        shape, held = shape_of(name), [one for one in self._now.values() if one.path.section == name]
        if shape.is_record:
            return {one.path.key: one.value for one in held}
        return list(_rows(shape, held))


def _rows(shape: Any, held: Iterable[Held]) -> Iterator[dict[str, Any]]:
    for one in sorted(held, key=lambda each: each.path.key):
        yield element(shape, one.path.key, one.value)
