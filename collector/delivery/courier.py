"""Carries the outbox to the channels: at least once, in order per incident, with patience and an end to it.

Each channel has a round of its own: one that is slow, or broken, delays none of the others.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog

from collector.clock import Clock
from collector.delivery import Closing
from collector.delivery.carrier import Carrier, Line
from collector.delivery.gathered import GatheringCarrier
from collector.store.engine import Store
from collector.store.failure import StoreFailed

log = structlog.get_logger(__name__)

POLL_S = 1.0
LOOK_S = 5.0
"""Seconds between two looks at which channels there are."""
RETRY_S = 5.0

Directory = Callable[[], Awaitable[Sequence[Line]]]
"""Return the channels in use; one that did not change is the same line (name and version). Raise `StoreFailed`."""


class Courier:
    """Sends what is due. Killed at any point, it sends again what it had not marked, under the same key."""

    def __init__(
        self, store: Store, directory: Directory, clock: Clock, chance: Callable[[], float] = random.random
    ) -> None:
        self._store, self._directory, self._clock, self._chance = store, directory, clock, chance
        self._carriers: dict[str, Carrier] = {}
        self._bells: dict[str, asyncio.Event] = {}
        self._look = asyncio.Event()

    def wake(self) -> None:
        """Say that something was written to the outbox, or that a channel was changed."""
        self._look.set()
        for bell in self._bells.values():
            bell.set()

    async def run(self) -> None:
        """Deliver for ever; end by cancelling."""
        rounds: dict[str, asyncio.Task[None]] = {}
        try:
            while True:
                self._look.clear()
                await self._looked(rounds)
                await _within(self._look, LOOK_S)
        finally:
            for each in rounds.values():
                each.cancel()
            await asyncio.gather(*rounds.values(), return_exceptions=True)
            await self._close(list(self._carriers))

    async def step(self) -> int:
        """Let every channel try what is due now, once, and return how many that were; raise `StoreFailed`."""
        await self._settle()
        return sum(await asyncio.gather(*(each.step() for each in self._carriers.values())))

    async def _looked(self, rounds: dict[str, asyncio.Task[None]]) -> None:
        """Bring the rounds in line with the channels there are."""
        try:
            gone, new = await self._settle()
        except StoreFailed as error:
            log.warning("the channels cannot be read", error=str(error))
            return
        for name in gone:
            if task := rounds.pop(name, None):
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        for name in new:
            rounds[name] = asyncio.create_task(self._serve(self._carriers[name], self._bells[name]))

    async def _settle(self) -> tuple[list[str], list[str]]:
        """Return which channels went and which came; one that was changed did both."""
        lines: Mapping[str, Line] = {each.name: each for each in await self._directory()}
        gone = [
            name for name, each in self._carriers.items()
            if name not in lines or lines[name].version != each.line.version
        ]  # fmt: skip
        await self._close(gone)
        new = [name for name in lines if name not in self._carriers]
        for name in new:
            kind = GatheringCarrier if lines[name].pace.gathers else Carrier
            self._carriers[name] = kind(self._store, lines[name], self._clock, self._chance)
            self._bells[name] = asyncio.Event()
        return gone, new

    async def _close(self, names: Sequence[str]) -> None:
        for name in names:
            carrier = self._carriers.pop(name)
            self._bells.pop(name, None)
            if isinstance(carrier.line.destination, Closing):
                await carrier.line.destination.aclose()

    async def _serve(self, carrier: Carrier, bell: asyncio.Event) -> None:
        """Deliver for one channel, for ever."""
        while True:
            bell.clear()
            try:
                while await carrier.step():
                    pass
            except StoreFailed as error:  # what is due stays due
                log.warning("the outbox cannot be read", channel=carrier.line.name, error=str(error))
                await asyncio.sleep(RETRY_S)
            await _within(bell, POLL_S)


async def _within(event: asyncio.Event, seconds: float) -> None:
    """Wait for `event`, at most so long: a retry may be due."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
