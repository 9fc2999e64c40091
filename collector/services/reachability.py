"""How CIs can be reached, for pages and REST: how each stands, what explains it, and how that moved."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store import availability, reach
from collector.store.availability import Availability
from collector.store.browse import reach as browse
from collector.store.browse.reach import ReachRow
from collector.store.browse.ref import CiRef
from collector.store.reach import Move

MOVES: Final = 20
VICTIMS: Final = 20
MONTH_MS: Final = 30 * 86_400_000


@dataclass(frozen=True, slots=True)
class Reached:
    """How one CI can be reached. `victims`: how many are unreachable because it is, `some` of them by name.

    `moves`: the newest first. `month`: for how long it was in each state in the last 30 days (ms).
    """

    row: ReachRow
    victims: int
    some: Sequence[CiRef]
    moves: Sequence[Move]
    month: Availability


async def of_ci(connection: AsyncConnection, ci_id: int, now: int) -> Reached | None:
    """Return how a CI can be reached; None when nobody watches it."""
    row = await browse.one(connection, ci_id)
    if row is None:
        return None
    count, some = await browse.behind(connection, ci_id, VICTIMS)
    month = await availability.of_cis(connection, [ci_id], now - MONTH_MS, now)
    return Reached(row, count, some, await reach.moves(connection, ci_id, MOVES), month.get(ci_id, Availability()))


async def listed(connection: AsyncConnection, states: Collection[str], after: str, limit: int) -> list[ReachRow]:
    """Return what is watched, by uid, those behind the uid `after`; in these states, or in any."""
    return await browse.listed(connection, states, after, limit)


async def counts(connection: AsyncConnection) -> dict[str, int]:
    """Return state → how many CIs are in it."""
    return await reach.counts(connection)
