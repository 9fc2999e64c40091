"""One channel's round: what is due is claimed, sent and marked; a channel that fails again and again rests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.clock import Clock
from collector.delivery import DeliveryFailed, Destination, Fate, Reminded, folding
from collector.delivery.patience import EACH, Breaker, Pace, retry_at
from collector.model import Delivery
from collector.store import channels, correspondence, outbox
from collector.store.engine import Store
from collector.store.failure import reading, writing
from collector.store.outbox import DEAD, SENT, WAITING, Mark, Waiting

log = structlog.get_logger(__name__)

BATCH: Final = 512
"""Rows looked for in one go."""
WHOLE_S: Final = 25.0
"""For one delivery, however many requests it takes; less than the lease."""
MAX_REMINDED: Final = 20_000


@dataclass(frozen=True, slots=True)
class Line:
    """One channel as it is used: where it leads, and its pace. `version`: another one is another line."""

    name: str
    destination: Destination
    pace: Pace = EACH
    version: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one try: the rows it was about, and the failure, if any."""

    waiting: Sequence[Waiting]
    failed: DeliveryFailed | None = None
    reference: str = ""


class Carrier:
    """Carries for one channel. Killed at any point, it sends again what it had not marked, under the same key."""

    def __init__(self, store: Store, line: Line, clock: Clock, chance: Callable[[], float]) -> None:
        self.store, self.line, self.clock, self._chance = store, line, clock, chance
        self._breaker = Breaker()

    async def step(self) -> int:
        """Try what is due now, once, and return how many that were; raise `StoreFailed`."""
        if self._breaker.rests(self.clock()):
            return 0
        await self._remind()
        return await self._round()

    async def _round(self) -> int:
        async with reading(self.store) as connection:
            ids = await outbox.due(connection, self.clock(), BATCH, self.line.name)
        tried, at_once = 0, self.line.pace.at_once
        while ids and not self._breaker.rests(self.clock()):
            some = ids[: 1 if self._breaker.is_broken else at_once]
            ids = ids[len(some) :]
            async with writing(self.store) as tx:
                claimed = await self._folded(tx, await outbox.claim(tx, some, self.clock()))
            outcomes = await asyncio.gather(*(self._carried(each) for each in claimed))
            await self.mark(outcomes)
            tried += len(claimed)
        return tried

    async def _folded(self, tx: AsyncConnection, claimed: Sequence[Waiting]) -> list[Waiting]:
        """Return what is to be told in the place of `claimed`: kept before it is sent, so that every try is the same.

        Where what waits behind a row makes it old news, the row that tells both.
        """
        told = []
        for line in await outbox.behind(tx, claimed):
            some = line[: folding.together([each.delivery.event for each in line])]
            told.append(await outbox.pass_on(tx, some[:-1], folding.folded(some)) if len(some) > 1 else line[0])
        return told

    async def _carried(self, waiting: Waiting) -> Outcome:
        return await tried((waiting,), lambda: self.line.destination(waiting.delivery))

    async def mark(self, outcomes: Sequence[Outcome], folded: Sequence[Waiting] = ()) -> None:
        """Write what became of the tries. `folded`: rows that were told within others of theirs."""
        if not outcomes:
            return
        now = self.clock()
        for each in outcomes:
            self._breaker = self._breaker.after(_speaks_well(each.failed), now, _after_s(each.failed))
        marks = [mark for each in outcomes for mark in self._marks(each, now)]
        if all(each.failed is None for each in outcomes):
            marks += [Mark(each.id, each.lease, outbox.FOLDED) for each in folded]
        sent = [
            (row.id, row.delivery.subject, row.delivery.event, each.reference)
            for each in outcomes if each.failed is None for row in each.waiting
        ]  # fmt: skip
        async with writing(self.store) as tx:
            mine = await outbox.mark(tx, marks, now)
            await correspondence.note(tx, self.line.name, (each for each in sent if each[0] in mine), now)
            await self._note(outcomes, now, tx)

    def _marks(self, outcome: Outcome, now: int) -> list[Mark]:
        failed = outcome.failed
        if failed is None:
            return [Mark(each.id, each.lease, SENT) for each in outcome.waiting]
        return [self._failed(each, failed, now) for each in outcome.waiting]

    def _failed(self, waiting: Waiting, failed: DeliveryFailed, now: int) -> Mark:
        again = retry_at(waiting.attempts + 1, waiting.created_at, now, self._chance(), failed.after_s)
        if failed.fate is Fate.REJECTED:
            again = None
        log.warning(
            "delivery failed", key=waiting.delivery.key, channel=self.line.name, why=str(failed), given_up=again is None
        )
        unsure = failed.fate is Fate.UNKNOWN or waiting.delivery.unsure
        return Mark(waiting.id, waiting.lease, DEAD if again is None else WAITING, str(failed), again or now, unsure)

    async def _note(self, outcomes: Sequence[Outcome], now: int, tx: AsyncConnection) -> None:
        last, breaker = outcomes[-1].failed, self._breaker
        moved: dict[str, int | str] = {
            "failures": breaker.failures, "open_until": breaker.open_until, "broken_at": breaker.broken_at,
        }  # fmt: skip
        if any(each.failed is None for each in outcomes):
            moved["last_ok"] = now
        if last is not None:
            moved |= {"last_error": str(last), "failed_at": now}
        await channels.note(tx, self.line.name, **moved)

    async def _remind(self) -> None:
        """Tell again what is open, where the other side forgets; a failure is left to the next time."""
        destination = self.line.destination
        if not isinstance(destination, Reminded):
            return
        async with reading(self.store) as connection:
            health = await channels.health_of(connection, self.line.name)
        every_ms = int(destination.remind_s * 1000)
        if self.clock() - health.refreshed_at < every_ms:
            return
        async with writing(self.store) as tx:
            if not await channels.turn(tx, self.line.name, "refreshed_at", every_ms, self.clock()):
                return
            letters = await correspondence.open_ones(tx, self.line.name, MAX_REMINDED)
        told = [Delivery(f"{each.subject}|{each.event}", self.line.name, each.payload) for each in letters]
        try:
            if told:
                await destination.remind(told)
        except DeliveryFailed as error:
            log.warning("what is open cannot be told again", channel=self.line.name, why=str(error))


async def tried(waiting: Sequence[Waiting], send: Callable[[], Awaitable[object]]) -> Outcome:
    """Return what became of one try; a destination's own bug is a failure of that try."""
    try:
        async with asyncio.timeout(WHOLE_S):
            said = await send()
    except DeliveryFailed as failed:
        return Outcome(waiting, failed)
    except TimeoutError:
        return Outcome(waiting, DeliveryFailed(f"not done within {WHOLE_S:g} s", Fate.UNKNOWN))
    except Exception as error:
        # Its text may hold anything.
        log.warning("a destination failed", kind=type(error).__name__, exc_info=True)
        return Outcome(waiting, DeliveryFailed(type(error).__name__, Fate.UNKNOWN))
    return Outcome(waiting, None, said if isinstance(said, str) else "")


def _speaks_well(failed: DeliveryFailed | None) -> bool:
    """Return whether a try says that the channel works: one that refuses a message does."""
    return failed is None or failed.fate is Fate.REJECTED


def _after_s(failed: DeliveryFailed | None) -> float:
    return failed.after_s if failed and failed.fate is Fate.RETRY else 0.0
