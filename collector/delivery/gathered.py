"""The round of channels people read: what waits becomes one message, and messages keep their distance.

A channel is worked by one collector at a time: a message tells everything that waits, and a robot counts per group.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from collector.channel import REPORT
from collector.clock import Clock
from collector.delivery import Attaching, Gathering, Story
from collector.delivery.carrier import Carrier, Line, Outcome, tried
from collector.delivery.patience import filled
from collector.store import attachments, channels, outbox
from collector.store.engine import Store
from collector.store.failure import reading, writing
from collector.store.outbox import Waiting

LOOKED_AT: Final = 20_000
"""Rows one message may tell of."""
LEASE_MS: Final = 120_000


class GatheringCarrier(Carrier):
    """Carries for one channel, many incidents in one message."""

    def __init__(self, store: Store, line: Line, clock: Clock, chance: Callable[[], float]) -> None:
        super().__init__(store, line, clock, chance)
        self._lease = secrets.token_hex(8)

    async def _round(self) -> int:
        ids = await self._ripe()
        if not ids:
            return 0
        now, claimed = self.clock(), list[Waiting]()
        async with writing(self.store) as tx:
            if not await channels.take(tx, self.line.name, self._lease, now + LEASE_MS, now):
                return 0
            tokens = filled(await channels.health_of(tx, self.line.name), self.line.pace, now)
            if tokens >= 1000:
                claimed = await outbox.claim(tx, ids, now, early=True, lease_ms=LEASE_MS)
        if claimed:
            await self._tell(claimed, tokens)
        return len(claimed)

    async def _ripe(self) -> list[int]:
        """Return all that waits, once a message may be sent and the oldest has waited long enough."""
        now, wait_ms = self.clock(), int(self.line.pace.wait_s * 1000)
        async with reading(self.store) as connection:
            oldest = await outbox.waiting_of(connection, self.line.name, 1)
            if not oldest or oldest[0][2] > now or oldest[0][1] + wait_ms > now:
                return []
            if filled(await channels.health_of(connection, self.line.name), self.line.pace, now) < 1000:
                return []
            waiting = await outbox.waiting_of(connection, self.line.name, LOOKED_AT)
        return [row_id for row_id, _, _ in waiting]

    async def _tell(self, claimed: Sequence[Waiting], tokens: int) -> None:
        destination = self.line.destination
        assert isinstance(destination, Gathering)
        stories = await self._with_files(stories_of(claimed))
        if len(stories) <= destination.alone and len(stories) * 1000 <= tokens:
            parts = [[each] for each in stories]
        else:
            parts = [stories]
        for part in parts:
            subjects = {each.last.subject for each in part}
            rows = [row for row in claimed if row.delivery.subject in subjects]
            outcome = await tried(rows, partial(destination.send, part))
            tokens -= 1000
            await self._mark_part(outcome, {each.last.key for each in part}, tokens)

    async def _with_files(self, stories: list[Story]) -> list[Story]:
        """Return the stories with what goes with them, where the other side takes files."""
        if not isinstance(self.line.destination, Attaching):
            return stories
        async with reading(self.store) as connection:
            subjects = {each.last.subject for each in stories if each.last.event == REPORT}
            files = await attachments.of(connection, subjects, self.line.destination.files_in)
        return [replace(each, files=files.get(each.last.subject, ())) for each in stories]

    async def _mark_part(self, outcome: Outcome, last: set[str], tokens: int) -> None:
        """Mark the rows a message told; of an incident the last one is sent, those before are folded into it."""
        rows = outcome.waiting
        if outcome.failed is None:
            told = [row for row in rows if row.delivery.key in last]
            folded = [row for row in rows if row.delivery.key not in last]
            await self.mark([Outcome(told)], folded)
        else:
            await self.mark([outcome])
        async with writing(self.store) as tx:
            await channels.note(tx, self.line.name, tokens=max(0, tokens), filled_at=self.clock(), lease_until=0)


def stories_of(claimed: Sequence[Waiting]) -> list[Story]:
    """Return what there is to tell of each incident, in the order of their first rows."""
    by_subject: dict[str, list[Waiting]] = {}
    for each in claimed:
        by_subject.setdefault(each.delivery.subject, []).append(each)
    return [
        Story(rows[-1].delivery, tuple(row.delivery.event for row in rows), rows[0].created_at)
        for rows in by_subject.values()
    ]
