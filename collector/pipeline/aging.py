"""Aging with its store, by the clock: what was missed long enough is missing, what is let go is retired, what is back.

Those that were missed are looked at some at a time, so that a pass is short however many there are.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import incident, retirement
from collector.change.record import Window
from collector.clock import Clock
from collector.model import CiState
from collector.pipeline import judging, looking, vanishing
from collector.pipeline.policies import Policies
from collector.pipeline.vanishing import Word
from collector.retirement import AT_ONCE, Move, Phase, Standing, Tally
from collector.retirement_policy import Policy, Terms
from collector.store import cis, incidents, presence, presence_runs
from collector.store.engine import Store
from collector.store.presence import Missed

PORTION: Final = 200
"""CIs that are looked at in one pass."""


@dataclass(frozen=True, slots=True)
class Moving:
    """A CI that was missed, when it was last seen (ms), and what is to be done with it."""

    missed: Missed
    seen_at: int
    move: Move

    @property
    def ci_id(self) -> int:
        return self.missed.ci_id

    @property
    def went(self) -> Word:
        missed = self.missed
        return Word(missed.ci_id, False, missed.seen_at, missed.first_at, missed.created_at)

    @property
    def came(self) -> Word:
        return Word(self.missed.ci_id, True, self.missed.last_at, self.seen_at, self.missed.created_at)


class Aging:
    """Counts runs and moves what was missed; `tick()` now and then."""

    def __init__(self, store: Store, policies: Policies, clock: Clock) -> None:
        self._store, self._policies, self._clock = store, policies, clock
        self._up_since = self._ticked_at = clock()
        self._after = 0

    async def tick(self) -> None:
        """Count what ended since, then look at some of those that were missed."""
        await looking.count_runs(self._store, self._policies.presence, self._clock(), self._heard_since())
        await self._alarm()
        async with self._store.read() as reader:
            some = await presence.some(reader, self._after, PORTION)
            moves = await weighed(reader, some, self._policies.presence, self._clock())
        if moves:
            async with self._store.write() as tx:
                await self._move(tx)
        self._after = some[-1].ci_id if len(some) == PORTION else 0

    def _heard_since(self) -> int:
        """Return since when agents can come: since the start, or since the machine slept and woke."""
        now, before = self._clock(), self._ticked_at
        self._ticked_at = now
        if now - before > self._policies.presence.fresh_ms:
            self._up_since = now
        return self._up_since

    async def _move(self, tx: AsyncConnection) -> None:
        now = self._clock()
        some = await presence.some(tx, self._after, PORTION)
        by_move: dict[Move, list[Moving]] = {}
        for each in await weighed(tx, some, self._policies.presence, now):
            by_move.setdefault(each.move, []).append(each)
        for move, its in by_move.items():
            await _DO[move](tx, its, now, self._policies)

    async def _alarm(self) -> None:
        """Keep one incident for each scope whose last run is in quarantine."""
        async with self._store.read() as reader:
            runs = await presence_runs.quarantined(reader)
            causes = [
                incident.disappearance_cause(run.kind, run.scope, run.reference, (run.gone, run.looked), run.ended_at)
                for run in runs
            ]
            held = await incidents.held_of_kind(reader, incident.DISAPPEARANCE, causes, self._clock())
        if incident.plan(held, causes, self._clock()).is_empty:
            return
        async with self._store.write() as tx:
            held = await incidents.held_of_kind(tx, incident.DISAPPEARANCE, causes, self._clock())
            plan = incident.plan(held, causes, self._clock())
            await incidents.apply(tx, plan, self._clock())


async def weighed(connection: AsyncConnection, some: Sequence[Missed], policy: Policy, now: int) -> list[Moving]:
    """Return those of `some` something is to be done with."""
    ci_ids = [each.ci_id for each in some]
    seen, kinds = await presence.seen(connection, ci_ids), await presence.looked_by(connection, ci_ids)
    let_go = await presence.let_go(connection, ci_ids)
    counting = {
        each.ci_id: Window(each.seen_at, each.first_at) for each in some if each.phase is Phase.MISSED and each.misses
    }
    awaited = await looking.awaited(connection, counting, now)
    found = []
    for each in some:
        terms = AT_ONCE if each.ci_id in awaited else policy.terms(kinds.get(each.ci_id, ()), each.ci_class)
        seen_at = _seen_at(each, seen)
        move = retirement.step(_standing(each, terms, seen_at, each.ci_id in let_go), now, policy.archive_ms)
        found.append(Moving(each, seen_at, move))
    return [each for each in found if each.move is not Move.NOTHING]


def _seen_at(each: Missed, seen: Mapping[int, int]) -> int:
    """Return when it was seen. Who only answers is there as before; to be there again takes to be recognised."""
    answered_at = each.again_at if each.phase in (Phase.MISSED, Phase.BACK) else 0
    return max(seen.get(each.ci_id, 0), answered_at)


def _standing(each: Missed, terms: Terms, seen_at: int, is_let_go: bool) -> Standing:
    tally = Tally(each.misses, each.first_at, each.last_at)
    return Standing(CiState(each.state), each.phase, tally, terms, seen_at, is_let_go, each.retired_at)


# --- what is done


async def _doubt(tx: AsyncConnection, its: Sequence[Moving], now: int, _policies: Policies) -> None:
    await cis.set_state(tx, _ids(its), CiState.UNREACHABLE, cis.When.said(now))


async def lose(tx: AsyncConnection, its: Sequence[Moving], now: int, policies: Policies) -> None:
    """Say that these are gone; what went again after it was retired stays retired."""
    again = [each.ci_id for each in its if each.missed.phase is Phase.BACK]
    first = [each.ci_id for each in its if each.missed.phase is not Phase.BACK]
    await presence.advance(tx, again, Phase.RETIRED)
    await presence.advance(tx, first, Phase.GONE)
    await cis.set_state(tx, first, CiState.MISSING, cis.When.said(now))
    await vanishing.say(tx, [each.went for each in its], now, policies)


async def _retire(tx: AsyncConnection, its: Sequence[Moving], now: int, policies: Policies) -> None:
    await presence.advance(tx, _ids(its), Phase.RETIRED, retired_at=now)
    await cis.set_state(tx, _ids(its), CiState.RETIRED, cis.When.said(now))
    await judging.judge_whole(tx, _ids(its), now, policies)


async def _archive(tx: AsyncConnection, its: Sequence[Moving], now: int, _policies: Policies) -> None:
    await cis.set_state(tx, _ids(its), CiState.ARCHIVED, cis.When.said(now))


async def come_back(tx: AsyncConnection, its: Sequence[Moving], now: int, policies: Policies) -> None:
    """Say that these are there again; what was retired stays so until that is approved."""
    lost = [each.ci_id for each in its if each.missed.phase is Phase.GONE]
    retired = [each.ci_id for each in its if each.missed.phase is not Phase.GONE]
    await cis.set_state(tx, lost, CiState.ACTIVE, cis.When.said(now))
    await presence.forget(tx, lost)
    await presence.advance(tx, retired, Phase.BACK, misses=0, first_at=0, last_at=0)
    await vanishing.say(tx, [each.came for each in its], now, policies)


async def _recover(tx: AsyncConnection, its: Sequence[Moving], now: int, _policies: Policies) -> None:
    await cis.set_state(tx, _ids(its), CiState.ACTIVE, cis.When.said(now))
    await presence.forget(tx, _ids(its))


async def _reinstate(tx: AsyncConnection, its: Sequence[Moving], now: int, policies: Policies) -> None:
    await _recover(tx, its, now, policies)
    await judging.judge_whole(tx, _ids(its), now, policies)


def _ids(its: Sequence[Moving]) -> list[int]:
    return [each.ci_id for each in its]


Doing = Callable[[AsyncConnection, Sequence[Moving], int, Policies], Awaitable[None]]
_DO: Mapping[Move, Doing] = {
    Move.DOUBT: _doubt, Move.LOSE: lose, Move.RETIRE: _retire, Move.ARCHIVE: _archive, Move.RETURN: come_back,
    Move.RECOVER: _recover, Move.REINSTATE: _reinstate,
}  # fmt: skip
