"""Carries the outbox to the destinations: at least once, in order per incident, with patience and an end to it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping

import structlog

from collector.clock import Clock
from collector.delivery import DeliveryFailed, Destination
from collector.store import outbox
from collector.store.engine import Store
from collector.store.failure import StoreFailed, reading, writing
from collector.store.outbox import Waiting

log = structlog.get_logger(__name__)

AT_ONCE = 16
"""Deliveries under way together; each of another incident or to another destination."""
BATCH = 512
"""Rows looked for in one go."""
POLL_S = 1.0
RETRY_S = 5.0
MAX_ATTEMPTS = 8
FIRST_S, FACTOR, LONGEST_S = 2.0, 4.0, 3600.0


def retry_at(attempts: int, now: int, chance: float) -> int | None:
    """Return when to try again after `attempts` in vain (ms), None when it is time to give up.

    2 s, 8 s, 32 s … up to an hour, a quarter more or less by `chance` in [0, 1), so that a receiver that comes back
    is not met by everyone at once; about two hours in all.
    """
    if attempts >= MAX_ATTEMPTS:
        return None
    seconds = min(FIRST_S * FACTOR ** (attempts - 1), LONGEST_S)
    return now + int(seconds * (0.75 + chance / 2) * 1000)


class Courier:
    """Sends what is due. Killed at any point, it sends again what it had not marked, under the same key."""

    def __init__(
        self, store: Store, destinations: Mapping[str, Destination], clock: Clock,
        chance: Callable[[], float] = random.random,
    ) -> None:  # fmt: skip
        self._store, self._destinations, self._clock, self._chance = store, destinations, clock, chance
        self._awake = asyncio.Event()

    def wake(self) -> None:
        """Say that something was written to the outbox."""
        self._awake.set()

    async def run(self) -> None:
        """Deliver for ever; end by cancelling."""
        while True:
            self._awake.clear()
            try:
                while await self.step():
                    pass
            except StoreFailed as error:  # what is due stays due
                log.warning("the outbox cannot be read", error=str(error))
                await asyncio.sleep(RETRY_S)
            try:
                await asyncio.wait_for(self._awake.wait(), POLL_S)
            except TimeoutError:
                continue  # a retry may be due

    async def step(self) -> int:
        """Try what is due now, once, and return how many that were; raise `StoreFailed`."""
        async with reading(self._store) as connection:
            ids = await outbox.due(connection, self._clock(), BATCH)
        tried = 0
        for at in range(0, len(ids), AT_ONCE):
            async with writing(self._store) as connection:
                claimed = await outbox.claim(connection, ids[at : at + AT_ONCE], self._clock())
            async with asyncio.TaskGroup() as group:
                for waiting in claimed:
                    group.create_task(self._carry_and_mark(waiting))
            tried += len(claimed)
        return tried

    async def _carry_and_mark(self, waiting: Waiting) -> None:
        try:
            await self._carry(waiting)
        except StoreFailed as error:  # its lease runs out, and it is sent again under the same key
            log.warning("a delivery cannot be marked", key=waiting.delivery.key, error=str(error))

    async def _carry(self, waiting: Waiting) -> None:
        delivery = waiting.delivery
        try:
            if delivery.destination not in self._destinations:
                raise DeliveryFailed(f"there is no destination {delivery.destination}")
            await self._destinations[delivery.destination](delivery)
        except DeliveryFailed as failed:
            await self._failed(waiting, str(failed))
        except Exception as error:  # noqa: BLE001 - a destination's own bug must not stop the other deliveries
            await self._failed(waiting, f"{type(error).__name__}: {error}")
        else:
            async with writing(self._store) as connection:
                await outbox.mark_sent(connection, waiting.id, self._clock())

    async def _failed(self, waiting: Waiting, why: str) -> None:
        again = retry_at(waiting.attempts + 1, self._clock(), self._chance())
        log.warning("delivery failed", key=waiting.delivery.key, why=why, given_up=again is None)
        async with writing(self._store) as connection:
            await outbox.mark_failed(connection, waiting.id, why, again)
