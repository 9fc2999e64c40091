"""Counting with its store: what people found, or did not find, in a stock-take moves the value `ci.presence`.

Nobody found it is said of a CI at once, where none of those who look at it has seen it lately; it is held against
changes from then on, retired when one lets it go, and is back when somebody finds it or it answers. What was seen by
those who look, shortly before or since, is there, wherever that is: nothing is said of it here.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import CiState
from collector.pipeline import aging
from collector.pipeline.aging import Moving
from collector.pipeline.policies import Policies
from collector.record import PRODUCTION
from collector.retirement import Move, Phase
from collector.store import cis, presence, stocktakes

COUNTED = frozenset({CiState.ACTIVE, CiState.UNREACHABLE, CiState.MISSING})
"""The states of what is to be found where its record says."""

Times = Mapping[int, int]
"""CI → when (ms)."""


async def say(tx: AsyncConnection, missing: Times, there: Times, now: int, policies: Policies) -> frozenset[int]:
    """Say what people found `missing` and what is `there`; return those missing that are seen nevertheless."""
    seen = await presence.seen(tx, missing)
    visible = {ci_id for ci_id, at in missing.items() if seen.get(ci_id, 0) > at - policies.presence.fresh_ms}
    gone = {ci_id: at for ci_id, at in missing.items() if ci_id not in visible}
    await _lose(tx, await _counting(tx, gone), seen, now, policies)
    await _return(tx, there, now, policies)
    return frozenset(visible)


async def _counting(tx: AsyncConnection, gone: Times) -> dict[int, int]:
    """Return those that are ours to say gone: in production still, and not said to be gone already."""
    known, absent = await cis.by_ids(tx, gone), await presence.of_cis(tx, gone)
    return {
        ci_id: at
        for ci_id, at in gone.items()
        if known[ci_id].environment == PRODUCTION
        and known[ci_id].state in COUNTED
        and (ci_id not in absent or absent[ci_id].phase is Phase.MISSED)
    }


async def _lose(tx: AsyncConnection, gone: Times, seen: Times, now: int, policies: Policies) -> None:
    found = await stocktakes.last_found(tx, gone)
    last = {ci_id: max(seen.get(ci_id, 0), found.get(ci_id, 0)) for ci_id in gone}
    await presence.miss(tx, [(ci_id, at, min(last[ci_id], at)) for ci_id, at in gone.items()])
    its = await presence.of_cis(tx, gone)
    await aging.lose(tx, [Moving(each, each.seen_at, Move.LOSE) for each in its.values()], now, policies)


async def _return(tx: AsyncConnection, there: Times, now: int, policies: Policies) -> None:
    """What was said to be gone, or is retired, and was found after that is there again."""
    absent = await presence.of_cis(tx, there)
    its = [
        Moving(each, there[ci_id], Move.RETURN)
        for ci_id, each in absent.items()
        if each.phase in (Phase.GONE, Phase.RETIRED) and there[ci_id] > each.last_at
    ]
    await aging.come_back(tx, its, now, policies)
