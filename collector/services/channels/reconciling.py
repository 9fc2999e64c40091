"""Tickets of other systems held against our incidents, every five minutes.

What was resolved there by hand is resolved here. What ended here and stands open there was lost on the way, or opened
again by somebody there: it is told once more, and then left to them.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.channel import ENDS
from collector.clock import Clock
from collector.delivery import BadDestination, DeliveryFailed
from collector.delivery.kinds import KINDS
from collector.delivery.ticket import OPEN, Ticket, Tickets
from collector.model import Delivery
from collector.security.vault import Vault
from collector.services.channels import setup
from collector.store import channels, correspondence, outbox
from collector.store.channels import ChannelRow
from collector.store.correspondence import Letter
from collector.store.engine import Store
from collector.store.failure import reading, writing

log = structlog.get_logger(__name__)

EVERY_MS: Final = 5 * 60_000
ENDED_MS: Final = 24 * 3_600_000
"""How long the end of a ticket is looked after."""
SETTLED_MS: Final = 60_000
"""How old a word of ours must be before their answer counts against it."""
MAX_ASKED: Final = 300
"""Tickets asked for in one round; of more, some by chance."""
AGAIN: Final = "again"

Resolve = Callable[[AsyncConnection, str, str, int], Awaitable[bool]]
"""Resolve the incident with a number, with a sentence about it, at a time (ms); return whether it was open."""


def resolved_in(channel: str, who: str, ticket: str = "") -> str:
    """Return the solution of an incident that was resolved in another system: where, by whom, and which ticket."""
    zh = f"已在 {channel} 中{f'由 {who} ' if who else ''}解决" + (f"（{ticket}）" if ticket else "")
    return f"{zh} / resolved in {channel}{f' by {who}' if who else ''}" + (f" ({ticket})" if ticket else "")


@dataclass(slots=True)
class Found:
    """What one round came to: tickets asked for, resolved here, told again, and those that are no longer there."""

    asked: int = 0
    resolved: int = 0
    told_again: int = 0
    gone: int = 0


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Holds the ticket systems against us. `chance` picks where there is too much for one round."""

    store: Store
    vault: Vault
    clock: Clock
    resolve: Resolve
    chance: random.Random

    async def step(self) -> dict[str, Found]:
        """Look at every system whose time has come; raise `StoreFailed`. One that does not answer is left for later."""
        async with reading(self.store) as connection:
            rows = [row for row in await channels.everyone(connection) if row.channel.is_enabled]
        found = {}
        for row in rows:
            if row.kind in KINDS and KINDS[row.kind].is_ticket and await self._turn(row):
                found[row.channel.name] = await self.look(row)
        return found

    async def look(self, row: ChannelRow) -> Found:
        """Hold one system against us; raise `StoreFailed`."""
        found = Found()
        try:
            destination = setup.opened(self.vault, row, self.clock)
        except BadDestination as error:
            log.warning("a ticket system cannot be asked", channel=row.channel.name, why=str(error))
            return found
        assert isinstance(destination, Tickets)
        try:
            for letter in await self._letters(row.channel.name):
                await self._compare(row, destination, letter, found)
        except DeliveryFailed as error:
            log.warning("a ticket system does not answer", channel=row.channel.name, why=str(error))
        finally:
            await destination.aclose()
        return found

    async def _turn(self, row: ChannelRow) -> bool:
        async with writing(self.store) as tx:
            return await channels.turn(tx, row.channel.name, "reconciled_at", EVERY_MS, self.clock())

    async def _letters(self, name: str) -> Sequence[Letter]:
        """Return what to ask about: all that is open, what ended lately, nothing that was told a moment ago."""
        now = self.clock()
        async with reading(self.store) as connection:
            letters = await correspondence.open_ones(connection, name, 10_000)
            letters += await correspondence.ended_since(connection, name, now - ENDED_MS, 10_000)
        settled = [each for each in letters if now - each.at >= SETTLED_MS]
        return settled if len(settled) <= MAX_ASKED else self.chance.sample(settled, MAX_ASKED)

    async def _compare(self, row: ChannelRow, destination: Tickets, letter: Letter, found: Found) -> None:
        number = letter.subject.rpartition("|")[2]
        ticket = await destination.standing(number, letter.reference)
        found.asked += 1
        if ticket is None:
            found.gone += 1
        elif letter.is_open and ticket.stand != OPEN:
            found.resolved += await self._resolved_there(row, letter, number, ticket)
        elif letter.event in ENDS and ticket.stand == OPEN and not letter.payload.get(AGAIN):
            found.told_again += await self._tell_again(row.channel.name, letter)

    async def _resolved_there(self, row: ChannelRow, letter: Letter, number: str, ticket: Ticket) -> bool:
        said = resolved_in(row.channel.name, ticket.by, ticket.number)
        async with writing(self.store) as tx:
            await correspondence.close(tx, letter.destination, letter.subject)
            return await self.resolve(tx, number, said, self.clock())

    async def _tell_again(self, name: str, letter: Letter) -> bool:
        """Write the end of an incident once more, unless something about it waits anyhow."""
        now = self.clock()
        async with writing(self.store) as tx:
            if await outbox.waits(tx, name, letter.subject):
                return False
            key = f"{letter.subject}|{letter.event}@{now}"
            await outbox.write(tx, [Delivery(key, name, {**letter.payload, AGAIN: True})], now)
        return True
