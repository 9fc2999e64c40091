"""Looking with its store: sweeps that are done and rounds over the agents → misses that count, or a quarantine.

What a run looked for is read before its transaction; that only writes down the run and its misses, so that two
collectors count a run once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import retirement
from collector.change import approval
from collector.change.covering import Margins
from collector.change.record import PRESENCE, Change, Window
from collector.model import Path
from collector.retirement import Counted, Scope, Sight
from collector.retirement_policy import AGENTS, SWEEP, Policy
from collector.services.sweeps import settings
from collector.services.sweeps.standing import is_alive
from collector.store import changes, presence, presence_runs
from collector.store.engine import Store
from collector.store.presence_runs import End, Run, SweepRun
from wire.ranges import subnet_of

RUNS: Final = 20
"""Sweeps that are counted in one pass."""
NOT_LOOKED: Final = frozenset({"excluded", "blackout", "cancelled"})
"""Causes with which an address was not looked at."""
COLLECTOR: Final = Scope(0, "")
"""Where agents are looked for: they come to the collector."""
_MARGINS = Margins()


@dataclass(frozen=True, slots=True)
class Look:
    """One run with all it looked for; `seen_at`: of those who are not there, when they were last seen (ms)."""

    run: Run
    sights: tuple[Sight, ...]
    seen_at: Mapping[int, int]


async def count_runs(store: Store, policy: Policy, now: int, up_since: int) -> None:
    """Count the runs that ended and that a person believes. `up_since`: since when agents can be heard (ms)."""
    async with store.read() as reader:
        sweeps, last = await presence_runs.uncounted(reader, RUNS), await presence_runs.last_of(reader, AGENTS)
        believed = await presence_runs.believed(reader)
    for sweep in sweeps:
        async with store.read() as reader:
            look = await _sweep(reader, sweep, policy, now)
        await _count(store, look, policy)
    if _is_round_due(last, policy, now, up_since):
        await _count_agents(store, policy, now)
    for run in believed:
        await _believe(store, run, policy, now)


async def _count_agents(store: Store, policy: Policy, now: int) -> None:
    async with store.read() as reader:
        look = await _round(reader, policy, now, now)
    if look.sights:
        await _count(store, look, policy)


async def _count(store: Store, look: Look, policy: Policy) -> None:
    counted = retirement.count(look.sights, policy.guards[look.run.kind])
    verdict, missed = str(counted.verdict), len(counted.missed)
    run = replace(look.run, verdict=verdict, looked=counted.looked, gone=counted.gone, missed=missed)
    async with store.write() as tx:
        if await presence_runs.add(tx, run):
            await _note(tx, look, counted)


async def _believe(store: Store, run: Run, policy: Policy, now: int) -> None:
    """Count what a person believes as it looks now; nothing, when its ledger has gone."""
    async with store.read() as reader:
        look = await _again(reader, run, policy, now)
    counted = retirement.count(look.sights if look else (), policy.guards[run.kind], is_believed=True)
    async with store.write() as tx:
        if await presence_runs.count_believed(tx, run.reference, len(counted.missed)) and look:
            await _note(tx, look, counted)


async def _note(tx: AsyncConnection, look: Look, counted: Counted) -> None:
    before = await presence.counting(tx)
    await presence.miss(tx, [(each.ci_id, each.at, look.seen_at.get(each.ci_id, 0)) for each in counted.missed])
    await presence.confirm(tx, [each.ci_id for each in counted.missed], look.run.ended_at)
    await presence.answered(tx, [(each.ci_id, each.at) for each in counted.there if each.ci_id in before])


# --- sweeps


async def _sweep(reader: AsyncConnection, sweep: SweepRun, policy: Policy, now: int) -> Look:
    targets = settings.stored(sweep.settings).targets
    known = [each for each in await presence_runs.swept(reader, sweep.zone) if each[1] in targets]
    ends = await presence_runs.ends(reader, sweep.id, sorted({address for _, address in known}))
    where: dict[int, list[tuple[str, End]]] = {}
    for ci_id, address in known:
        if address in ends and ends[address].cause not in NOT_LOOKED:
            where.setdefault(ci_id, []).append((address, ends[address]))
    run = Run(SWEEP, sweep.plan_uid, sweep.uid, sweep.began_at, sweep.ended_at, "")
    return await _look(reader, run, [_sight(ci_id, its) for ci_id, its in where.items()], policy, now)


def _sight(ci_id: int, ends: Sequence[tuple[str, End]]) -> Sight:
    places = {Scope(end.agent_id, subnet_of(address)): is_alive(end.stage, end.cause) for address, end in ends}
    for address, end in ends:  # of two addresses in one network, one that answers is enough
        places[Scope(end.agent_id, subnet_of(address))] |= is_alive(end.stage, end.cause)
    reached = frozenset(scope for scope, answers in places.items() if answers)
    return Sight(ci_id, max(end.at for _, end in ends), frozenset(places), reached)


# --- agents


def _is_round_due(last: Run | None, policy: Policy, now: int, up_since: int) -> bool:
    """Return whether agents are to be looked for: once a round, and not before they had time to come."""
    is_new = last is None or last.ended_at // policy.round_ms != now // policy.round_ms
    return is_new and now - up_since >= policy.fresh_ms


async def _round(reader: AsyncConnection, policy: Policy, at: int, now: int) -> Look:
    began_at = at - policy.round_ms
    here = frozenset({COLLECTOR})
    sights = [
        Sight(ci_id, at, here, here if heard_at >= began_at else frozenset())
        for ci_id, heard_at in await presence_runs.heard(reader)
    ]
    run = Run(AGENTS, AGENTS, f"{AGENTS}-{at // policy.round_ms}", began_at, at, "")
    return await _look(reader, run, sights, policy, now)


# --- both


async def _again(reader: AsyncConnection, run: Run, policy: Policy, now: int) -> Look | None:
    """Return a run as it looks now; None when its ledger has gone."""
    if run.kind == AGENTS:
        return await _round(reader, policy, run.ended_at, now)
    sweep = await presence_runs.sweep_of(reader, run.reference)
    return None if sweep is None else await _sweep(reader, sweep, policy, now)


async def _look(reader: AsyncConnection, run: Run, sights: Sequence[Sight], policy: Policy, now: int) -> Look:
    """Return the run with what is known of those who did not answer: misses, other sights, whether that is awaited."""
    absent = [each.ci_id for each in sights if not each.reached]
    misses, seen = await presence.counting(reader), await presence.seen(reader, absent)
    gone = {each.ci_id: Window(seen.get(each.ci_id, 0), each.at) for each in sights if not each.reached}
    expected = await awaited(reader, gone, now)
    known = tuple(
        replace(
            each,
            misses=misses.get(each.ci_id, 0),
            seen=seen.get(each.ci_id, 0) >= run.began_at - policy.fresh_ms,
            awaited=each.ci_id in expected,
        )
        for each in sights
    )
    return Look(run, known, seen)


async def awaited(reader: AsyncConnection, gone: Mapping[int, Window], now: int) -> set[int]:
    """Return which of those that went within a window (CI → last seen, first missed) approved changes let go."""
    if not gone:
        return set()
    first, last = min(each.start for each in gone.values()), max(each.end for each in gone.values())
    found = await changes.concerning(reader, gone, Window(first - _MARGINS.reach_ms, last + _MARGINS.reach_ms))
    granted = [each.change for each in found if approval.approved_at(each.change, now) is not None]
    return {ci_id for ci_id, window in gone.items() if any(_lets_go(each, ci_id, window) for each in granted)}


def _lets_go(change: Change, ci_id: int, gone: Window) -> bool:
    plan = change.plan
    if plan is None or not _meet(plan.window, gone):
        return False
    named = (PRESENCE, Path(PRESENCE.section, ""))
    here = (line for line in change.lines if line.ci_id == ci_id and line.path in named)
    return any(line.expected.met_by(None) is not False for line in here)


def _meet(window: Window, gone: Window) -> bool:
    return window.start - _MARGINS.pre_ms <= gone.end and window.end + _MARGINS.post_ms >= gone.start
