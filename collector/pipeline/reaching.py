"""Reachability with its store: what was asked and answered → how each CI stands, and what its incidents are told by.

Looked at every few seconds, whoever asks. Each look reads what probes and agents have told, works out how CIs stand and
what explains it, and writes what moved; rules that read it are run in the same transaction, the roots first.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from collector import incident, reachability, rootcause
from collector.clock import Clock
from collector.model import Cause
from collector.pipeline import footing, judging, settling, storming
from collector.pipeline.policies import Policies
from collector.reachability import AGENT, TERMS, Graph, Method, Methods, Reach, Standing, Terms
from collector.services.estate_graph import EstateGraph
from collector.store import cis, incidents, reach
from collector.store.engine import Store
from collector.store.failure import is_passing

log = structlog.get_logger(__name__)

EVERY_S: Final = 5.0
REST: Final = 20
"""So many times as long as a look took nothing is looked at: a large estate costs a twentieth of a core at most."""
PORTION: Final = 200
"""CIs whose rules are run in one transaction."""
SILENT_MS: Final = 5 * 60_000
"""An agent checks in once a minute; after this long it is not there."""
KEPT_MS: Final = 800 * 86_400_000
FORGET_MS: Final = 6 * 3_600_000
AGENTS: Final = 0
"""Who watches those that are heard of by their agents alone: the collector itself."""
ALONE: Final = replace(TERMS, alone=TERMS.least)
"""Agents come by themselves: that a few machines are switched off together says nothing of the collector."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known by now: CI → its methods and who watches it (id of the probe's agent); and how each stood before.

    `hosts`: agent → its CI, uid and name; `busy`: agents that carry out another sweep, and no watch meanwhile.
    `watched`: every CI that is watched at all; `up_since`: since when this collector can be told anything (ms).
    `graces`: CI → how long it waits for its parents to be asked again (ms), where rules say that.
    """

    methods: Mapping[int, Methods] = field(default_factory=dict)
    watchers: Mapping[int, int] = field(default_factory=dict)
    before: Mapping[int, Standing] = field(default_factory=dict)
    hosts: Mapping[int, tuple[int | None, str, str]] = field(default_factory=dict)
    busy: frozenset[int] = frozenset()
    watched: frozenset[int] = frozenset()
    up_since: int = 0
    graces: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stand:
    """How all that is watched stands now. `blind`: watcher → the CIs it does not see, and how many it watches.

    `cut_by`: CI → the failed CI that leaves no way to it.
    """

    standings: Mapping[int, Standing]
    blind: Mapping[int, tuple[int, int]]
    cut_by: Mapping[int, int]


class Reaching:
    """`run()` until cancelled; `step()` is one look. `graph`: who tells what depends on what."""

    def __init__(
        self, store: Store, policies: Policies, clock: Clock, graph: EstateGraph | None = None, every_s: float = EVERY_S
    ) -> None:
        self._store, self._policies, self._clock, self._every_s = store, policies, clock, every_s
        self._graph = graph or EstateGraph()
        self._up_since = clock()
        self._forgot_at = 0

    async def run(self) -> None:
        while True:
            began = time.monotonic()
            try:
                await self.step()
            except Exception as error:  # noqa: BLE001  what moved is still moved with the next look
                log.warning("reachability waits", passing=is_passing(error), error=str(error)[:300])
            await asyncio.sleep(max(self._every_s, REST * (time.monotonic() - began)))

    async def step(self) -> int:
        """Look once; return how many CIs moved."""
        now = self._clock()
        async with self._store.read() as reader:
            known = await gathered(reader, now, self._up_since)
            known = replace(known, graces=await self._graces(reader, known))
            cuts = await reach.cuts(reader)
            graph = await self._graph.now(reader, [host for host, _, _ in known.hosts.values() if host], now)
        stand = await asyncio.to_thread(weighed, known, graph, now)
        moved = [each for each in stand.standings.values() if _moved(each, known.before.get(each.ci_id))]
        if stand.cut_by != cuts:  # first, so that roots weigh it
            async with self._store.write() as tx:
                await reach.put_cuts(tx, cuts, stand.cut_by)
        for portion in _portions(moved):
            async with self._store.write() as tx:
                await self._note(tx, portion, known.before, now)
        await self._quietly(known, stand, now)
        return len(moved)

    async def _graces(self, reader: AsyncConnection, known: Known) -> dict[int, int]:
        """Return CI → the longest time a rule that tells of it gives its parents (ms), where one says so."""
        rules = footing.patient_rules(self._policies.rulebook)
        if not rules:
            return {}
        found = await cis.kinds(reader, known.methods)
        graces = {ci_id: [ms for kinds, ms in rules if not kinds.isdisjoint(its)] for ci_id, its in found.items()}
        return {ci_id: max(its) for ci_id, its in graces.items() if its}

    async def _note(
        self, tx: AsyncConnection, moved: Sequence[Standing], before: Mapping[int, Standing], now: int
    ) -> None:
        """Write how some CIs stand, unless another collector did, and run the rules that read it."""
        present = await reach.standings(tx, [each.ci_id for each in moved])
        fresh = [each for each in moved if present.get(each.ci_id) == before.get(each.ci_id)]
        await reach.put(tx, fresh)
        told = [each for each in fresh if _is_told(each, before.get(each.ci_id))]
        await reach.note(tx, [replace(each, since=now) for each in told])
        again = [each.ci_id for each in fresh if _concerns_alerts(each, before.get(each.ci_id))]
        await judging.judge_reach(tx, again, self._policies, now)

    async def _quietly(self, known: Known, stand: Stand, now: int) -> None:
        """Write what concerns no incident of a CI: answers of late, who is blind, storms that are over."""
        causes = _blind_causes(known, stand, now)
        async with self._store.read() as reader:
            held = await incidents.held_of_kind(reader, rootcause.COLLECTOR_BLIND, causes, now)
            calm = await storming.calm(reader, now)
        if not incident.plan(held, causes, now).is_empty or calm:
            async with self._store.write() as tx:
                held = await incidents.held_of_kind(tx, rootcause.COLLECTOR_BLIND, causes, now)
                plan = incident.plan(held, causes, now)
                await incidents.apply(tx, plan, now)
                for storm in calm:
                    await settling.settle(
                        tx, await cis.by_ids(tx, sorted(await storming.cis_in(tx, storm))), self._policies, now
                    )
                    await storming.close(tx, storm, self._policies, now)
        if gone := sorted(known.before.keys() - known.watched):
            async with self._store.write() as tx:
                await reach.drop(tx, gone)
                await judging.judge_reach(tx, gone, self._policies, now)
        if now - self._forgot_at > FORGET_MS:
            self._forgot_at = now
            async with self._store.write() as tx:
                await reach.forget(tx, now - KEPT_MS)


def _portions(moved: Sequence[Standing]) -> Iterator[Sequence[Standing]]:
    """Yield what moved, some at a time: the roots before those that are told in their incidents, the others last."""
    ranks: tuple[list[Standing], ...] = ([], [], [])
    for each in moved:
        ranks[2 if not each.is_down else bool(each.behind)].append(each)
    for some in ranks:
        for at in range(0, len(some), PORTION):
            yield some[at : at + PORTION]


def _moved(each: Standing, was: Standing | None) -> bool:
    """Return whether it is worth a write: that it goes on answering is not, more than once in a while."""
    if was is None:
        return True
    still = replace(each, answered_at=was.answered_at)
    return still != was or each.answered_at - was.answered_at >= SILENT_MS


def _is_told(each: Standing, was: Standing | None) -> bool:
    """Return whether it stands otherwise than before: rules read that, and its log tells it."""
    old = (None, "", 0, False) if was is None else (was.state, was.why, was.behind, was.held)
    return (each.state, each.why, each.behind, each.held) != old


def _concerns_alerts(each: Standing, was: Standing | None) -> bool:
    """Return whether rules read what moved, or alerts wait for it: a CI that begins to miss looks, or answers again."""
    return _is_told(each, was) or bool(each.missed_at) != bool(was and was.missed_at)


# --- what is known


async def gathered(reader: AsyncConnection, now: int, up_since: int) -> Known:
    """Return what is known at `now` (ms). `up_since`: since when agents could be heard."""
    looks, methods, watchers = await reach.looks(reader), dict[int, dict[str, Method]](), dict[int, int]()
    for ci_id, address in await reach.addresses(reader):
        if look := looks.get(address):
            methods[ci_id] = _joined(methods.get(ci_id, {}), look.methods)
            watchers[ci_id] = look.agent_id or AGENTS
    could_come = now - up_since >= SILENT_MS
    heartbeats = await reach.heartbeats(reader)
    for ci_id, last_seen in heartbeats.items():
        if could_come or now - last_seen < SILENT_MS:
            its = methods.setdefault(ci_id, {})
            its[AGENT] = reachability.heartbeat(last_seen, now, SILENT_MS)
            watchers.setdefault(ci_id, AGENTS)
    before = await reach.standings(reader)
    watched = frozenset(methods) | frozenset(heartbeats)
    return Known(methods, watchers, before, await reach.watchers(reader), await reach.busy(reader), watched, up_since)


def _joined(held: Methods, more: Methods) -> dict[str, Method]:
    """Return the methods of a CI with several addresses: any that answers will do."""
    if not held:
        return dict(more)
    return {**more, **{name: _better(each, more[name]) if name in more else each for name, each in held.items()}}


def _better(a: Method, b: Method) -> Method:
    return max(a, b, key=lambda each: (bool(each.asked_at), bool(each.answered_at), -each.misses, each.answered_at))


# --- how it stands


def weighed(known: Known, graph: Graph, now: int, terms: Terms = TERMS) -> Stand:
    """Return how all that is watched stands at `now` (ms)."""
    plain = {ci_id: _plain(ci_id, known, now, terms) for ci_id in known.methods}
    silent = {ci_id: each for ci_id, each in plain.items() if each.missed_at}
    found = reachability.roots(graph, silent)
    explained = reachability.explained(graph, found, silent, plain)
    unseen: set[int] = set()
    blind: dict[int, tuple[int, int]] = {}
    for watcher, watched in _by_watcher(known.watchers, plain).items():
        lost = _lost(watcher, watched, explained, now, terms)
        if lost:
            unseen |= lost
            blind[watcher] = (len(lost), len(watched))
    seen = {
        ci_id: reachability.unseen(each, known.before.get(ci_id), now) if ci_id in unseen else each
        for ci_id, each in plain.items()
    }
    standings, failed = reachability.decided(graph, seen, now, terms, known.graces)
    return Stand(standings, blind, failed.cut_by)


def _plain(ci_id: int, known: Known, now: int, terms: Terms) -> Standing:
    """Return how a CI stands by what was told; as before while nobody had time to tell anything yet."""
    was = known.before.get(ci_id)
    each = reachability.standing(ci_id, known.methods[ci_id], was, now, terms)
    is_early = now - known.up_since < terms.fresh_ms
    return was if was and is_early and each.why == reachability.NOT_ASKED else each


def _by_watcher(watchers: Mapping[int, int], plain: Mapping[int, Standing]) -> dict[int, list[Standing]]:
    found: dict[int, list[Standing]] = {}
    for ci_id, watcher in watchers.items():
        found.setdefault(watcher, []).append(plain[ci_id])
    return found


def _lost(
    watcher: int, watched: Sequence[Standing], explained: Collection[int], now: int, terms: Terms
) -> frozenset[int]:
    """Return the CIs nobody can speak of because who watches them says nothing, or misses too many at once."""
    unasked = [each.ci_id for each in watched if each.why == reachability.NOT_ASKED]
    if watcher != AGENTS and len(unasked) > terms.share * len(watched):
        return frozenset(unasked)
    return reachability.blinded(watched, explained, now, ALONE if watcher == AGENTS else terms)


def _blind_causes(known: Known, stand: Stand, now: int) -> list[Cause]:
    found = []
    for watcher, (lost, watched) in sorted(stand.blind.items()):
        if watcher in known.busy:
            continue  # it is about something else, and told of there
        _, uid, name = known.hosts.get(watcher, (None, "agents", ""))
        why = "agents" if watcher == AGENTS else _why(watcher, known.watchers, stand.standings)
        found.append(rootcause.blind_cause(uid, name, (lost, watched), why, now))
    return found


def _why(watcher: int, watchers: Mapping[int, int], standings: Mapping[int, Standing]) -> str:
    its: Iterable[Standing] = (standings[ci_id] for ci_id, each in watchers.items() if each == watcher)
    answers = any(each.state in (Reach.UP, Reach.DEGRADED) or each.missed_at for each in its)
    return "lost" if answers else "silent"
