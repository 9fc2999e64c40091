"""Relations out of what devices say of others, written as they move: what a UPS feeds, who stands in for whom.

A name on a label may come to lead somewhere because another CI appears, so it is the whole estate that is looked at.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Mapping
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from collector import relations
from collector.clock import Clock
from collector.relations import Tied
from collector.services.relations import Weigh
from collector.services.wiring import Wiring
from collector.store import relations as stored
from collector.store.browse import wiring
from collector.store.engine import Store
from collector.store.failure import StoreFailed
from collector.store.relations import Row, Tie

log = structlog.get_logger(__name__)

EVERY_S: Final = 60.0
OF_LATE_MS: Final = 600_000
"""What was recorded before was looked at: looks follow each other within a minute, and soon after a start."""
CONFIGURED: Final = ("outlets", "redundancy")
"""Sections in which people say of others; who is logged in to a UPS is not again while it restarts."""
KINDS: Final = (relations.POWERED_BY, relations.HA_PEER)


class Relating:
    """`run()` until cancelled; `step()` is one look. `cables`: who keeps what devices are called."""

    def __init__(
        self, store: Store, clock: Clock, weigh: Weigh, cables: Wiring | None = None, every_s: float = EVERY_S
    ) -> None:
        self._store, self._clock, self._weigh, self._every_s = store, clock, weigh, every_s
        self._cables = cables or Wiring()

    async def run(self) -> None:
        while True:
            try:
                await self.step()
            except StoreFailed as error:
                log.warning("relations are not looked at for now", error=str(error))
            await asyncio.sleep(self._every_s)

    async def step(self) -> int:
        """Let the relations stand as devices tell them now; return how many moved."""
        async with self._store.read() as reader:
            wanted = await self._wanted(reader)
            moved = len(wanted ^ await stored.observed(reader, KINDS))
        if moved:
            now = self._clock()
            async with self._store.write() as tx:
                held = await stored.observed(tx, KINDS)
                before = set(await stored.held(tx, {row[:3] for row in wanted ^ held}))
                await stored.end(tx, held - wanted, now)
                await stored.begin(tx, wanted - held, now)
                await self._weigh(tx, await _tied(tx, wanted ^ held, before, now), now)
        return moved

    async def _wanted(self, reader: AsyncConnection) -> set[Row]:
        heads = await wiring.heads(reader, relations.SECTIONS)
        if not heads:
            return set()
        first = {(each.place[0], each.place[2]): each.place[1] for each in reversed(heads)}
        bodies = await wiring.bodies(reader, sorted({ci_id for ci_id, _ in first}), relations.SECTIONS)
        told: dict[int, dict[str, list[Mapping[str, Any]]]] = {}
        for (ci_id, name), source_id in first.items():
            if (ci_id, source_id, name) in bodies:
                told.setdefault(ci_id, {})[name] = json.loads(bodies[ci_id, source_id, name][1])
        estate = (await self._cables.links(reader)).cables.estate
        found = await asyncio.to_thread(relations.related, estate, told)
        return {(each.a, each.kind, each.b, _teller(first, each)) for each in found}


async def _tied(tx: AsyncConnection, moved: set[Row], before: Collection[Tie], now: int) -> list[Tied]:
    """Return what moved, with the bracket of what its teller said otherwise of late; else our view of it moved.

    A name may come to lead to a CI, or no longer, because another one appeared or was renamed.
    """
    ends = {end for a, _, b, _ in moved for end in (a, b)}
    late = await stored.moved_of_late(tx, ends, CONFIGURED, now - OF_LATE_MS)
    found = []
    for a, kind, b, source_id in sorted(moved):
        bracket = late.get((b, source_id)) or late.get((a, source_id))
        lo, hi = bracket or (now, now)
        found.append(Tied(a, kind, b, lo, hi, (a, kind, b) in before, is_world=bracket is not None))
    return found


def _teller(first: Mapping[tuple[int, str], int], each: relations.Related) -> int:
    """Return the source by whose word it is one: of the sections such relations come from, the first that it tells."""
    names = ("redundancy",) if each.kind == relations.HA_PEER else ("attached", "outlets")
    return next(first[each.teller, name] for name in names if (each.teller, name) in first)
