"""Learned quarantine: an identifier that three things show, though their serials say they are apart, names nobody.

A dock's MAC that hops between laptops, the machine id of a cloned image. It stands on the page of identifiers in
quarantine until a person lifts it; the policy in `rules/identity.yaml` is never changed by it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from collector import quarantine
from collector.clock import Clock
from collector.model import Identifier
from collector.security.audit import COLLECTOR, acting
from collector.store import cis, doubts, suspects
from collector.store.engine import Store
from collector.store.failure import StoreFailed

log = structlog.get_logger(__name__)

EVERY_S: Final = 3600.0
SPAN_MS: Final = 30 * 86_400_000
WHY: Final = "three things or more show it within 30 days"


class Suspecting:
    """`run()` until cancelled; `step()` is one look at what was shown in the last 30 days."""

    def __init__(self, store: Store, clock: Clock, decided: Callable[[], None], every_s: float = EVERY_S) -> None:
        self._store, self._clock, self._decided, self._every_s = store, clock, decided, every_s

    async def run(self) -> None:
        while True:
            try:
                await self.step()
            except StoreFailed as error:
                log.warning("identifiers are not looked at for now", error=str(error))
            await asyncio.sleep(self._every_s)

    async def step(self) -> set[Identifier]:
        """Put in quarantine what has become suspect; return what was not there before."""
        found = await self._found()
        if not found:
            return set()
        async with acting(self._store, COLLECTOR, self._clock) as act:
            made = await suspects.put(act.tx, found, act.at, act.by, WHY)
            for each in sorted(made):
                act.tell("identifier.quarantine", f"identifier/{each.kind}/{each.value}", {}, {"state": "suspect"})
            if made:
                await doubts.next_turn(act.tx)
        if made:
            log.warning("identifiers in quarantine", count=len(made))
            self._decided()
        return made

    async def _found(self) -> set[Identifier]:
        async with self._store.read() as connection:
            shared = await suspects.shared(connection, quarantine.SUSPECT_FROM, self._clock() - SPAN_MS)
            fresh = shared - await suspects.among(connection, shared)
            return set(quarantine.suspects(await cis.holders(connection, fresh))) & fresh
