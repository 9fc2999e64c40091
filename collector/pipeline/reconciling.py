"""Reconcile by the clock: a silent source is passed over and resumes, rules begin and end, locks end.

Only the fact lane moves, so none of it is ever a finding: what each source claims is as it was. Where nobody fell
silent and nothing ends, this costs a look at three indexes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import chain

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Claim, Path
from collector.pipeline import winning
from collector.pipeline.policies import Policies
from collector.pipeline.winning import Won
from collector.precedence import Precedences
from collector.security.audit import COLLECTOR, recorded
from collector.services.locks import told
from collector.store import contenders, contest, interning, lanes, locks
from collector.store.contenders import Contender, Pair
from collector.store.contest import Place
from collector.store.lanes import Ids

PORTION = 100
"""Sections of CIs, and locks, that are looked at in one transaction."""


async def elapsed(tx: AsyncConnection, policies: Policies, now: int) -> int:
    """Look at some of what time has moved by `now` (ms); return how much: less than `PORTION` when it was all."""
    precedence = policies.precedence
    ended = await _end_locks(tx, precedence, now)
    await contenders.by_table(tx, precedence.fingerprint, precedence.advisers)
    pairs = await contenders.due(tx, now, PORTION)
    if pairs:
        await _look(tx, pairs, precedence, now)
    return max(ended, len(pairs))


async def settle(tx: AsyncConnection, places: Collection[Place], now: int, policies: Policies) -> None:
    """Let the facts at `places` be what wins there at `now` (ms): a lock begins or ends."""
    await contenders.hold(tx, {ci_id for ci_id, _ in places})
    await _write(tx, await winning.settle(tx, places, policies.precedence, now))


async def _end_locks(tx: AsyncConnection, precedence: Precedences, now: int) -> int:
    ended = await locks.over(tx, now, PORTION)
    if not ended:
        return 0
    await contenders.hold(tx, {held.ci_id for held in ended})
    for why in {held.over for held in ended}:
        await locks.end(tx, [held.id for held in ended if held.over == why], now, COLLECTOR.name, why)
    await _write(tx, await winning.settle(tx, [held.place for held in ended], precedence, now))
    async with recorded(tx, COLLECTOR, now) as act:
        for held in ended:
            act.tell("ci.unlock", f"ci/{held.ci_uid}", told(held.lock), {"why": held.over})
    return len(ended)


async def _look(tx: AsyncConnection, pairs: Sequence[Pair], precedence: Precedences, now: int) -> None:
    await contenders.hold(tx, {ci_id for ci_id, _ in pairs})
    claims, ids = await contest.claims_in(tx, pairs)
    paths = await interning.path_ids(tx, {path for _, path in claims})
    known = await winning.known_of(tx, claims, (claims, ids), paths)
    await _write(tx, winning.settled(claims, known, precedence, now))
    await contenders.rewrite(tx, pairs, _contenders(claims, ids, precedence, now))


async def _write(tx: AsyncConnection, won: Won) -> None:
    steps = list(chain.from_iterable(its for _, its in won))
    paths = await interning.path_ids(tx, {step.path for step in steps})
    ids = Ids(paths, await interning.value_ids(tx, (step.value for step in steps)))
    await lanes.write_facts(tx, won, ids)


def _contenders(
    claims: Mapping[tuple[int, Path], Sequence[Claim]], ids: Mapping[str, int], precedence: Precedences, now: int
) -> list[Contender]:
    """Return who still has a say beside others."""
    heard: dict[tuple[int, str, str], int] = {}
    for (ci_id, path), its in claims.items():
        if winning.contend(its, precedence):
            heard |= {(ci_id, path.section, each.source): each.confirmed_at for each in its}
    return [
        winning.contender(ci_id, section, source, ids[source], at, now, precedence)
        for (ci_id, section, source), at in heard.items()
    ]
