"""Storms with their store: incidents beyond what a site may open at once go into one, and out of it when it is calm.

What is counted is in the incidents themselves, so a restart forgets nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import incident, rootcause
from collector.incident.planning import Held, key_of
from collector.model import Cause
from collector.pipeline import footing
from collector.pipeline.policies import Policies
from collector.rootcause import ALARMS, BUDGET, CAUSE, STORM, Footing
from collector.store import incidents, members, places, storms
from collector.store.storms import Storm

PREFIX: Final = f"{STORM}|"


async def absorb(tx: AsyncConnection, causes: Sequence[Cause], stand: Mapping[int, Footing], now: int) -> list[Cause]:
    """Return the causes, those beyond the budget of their site going into its storm; who is in one stays there.

    Alarms come in storms. What moved without approval is one incident each however much there is: somebody answers it.
    """
    others = [each for each in causes if each.kind not in ALARMS]
    return [*await _absorbed(tx, [each for each in causes if each.kind in ALARMS], stand, now), *others]


async def _absorbed(
    tx: AsyncConnection, causes: Sequence[Cause], stand: Mapping[int, Footing], now: int
) -> list[Cause]:
    its = await _kept(tx, causes, stand, now)
    keys = {key_of(each): each for each in its if each.role == CAUSE}
    known = await storms.known(tx, keys)
    fresh = len(keys.keys() - known)
    if not fresh:
        return its
    began = await storms.opened_since(tx, now - BUDGET.span_ms, ALARMS)
    if len(began) + fresh > BUDGET.incidents:
        site_of = {key: _site(each, stand) for key, each in keys.items()}
        spent = Counter(await _sites(tx, began))
        its = rootcause.absorbed(its, known, site_of, spent)
    return [*its, *await _begun(tx, its, now)]


async def _kept(tx: AsyncConnection, causes: Sequence[Cause], stand: Mapping[int, Footing], now: int) -> list[Cause]:
    """Return the causes; who is in a storm stays there until it is calm, then those of a category stay together."""
    if not await storms.is_stormy(tx, PREFIX):
        return list(causes)
    home = await storms.homes(tx, stand, PREFIX)
    over = {each.key: each for each in (await storms.storms(tx, STORM)).values() if is_calm(each, now)}
    return [_stays(each, home.get(each.key, ""), over) for each in causes]


def _stays(cause: Cause, home: str, over: Mapping[str, Storm]) -> Cause:
    if not home or cause.role != CAUSE:
        return cause
    if home not in over:
        return replace(cause, group=home)
    if over[home].size <= BUDGET.incidents:
        return cause
    return replace(cause, group=f"{home}|{cause.category or cause.detail.get('category', '')}")


async def _begun(tx: AsyncConnection, causes: Sequence[Cause], now: int) -> list[Cause]:
    """Return the causes by which storms that begin now are told."""
    keys = {each.group for each in causes if each.group.startswith(PREFIX) and each.group.count("|") == 1}
    return [rootcause.storm_cause(key.removeprefix(PREFIX), now) for key in sorted(keys - await storms.known(tx, keys))]


def _site(cause: Cause, stand: Mapping[int, Footing]) -> str:
    each = stand.get(cause.ci_id or 0)
    return each.labels.get("site", "") if each else ""


async def _sites(tx: AsyncConnection, ci_ids: Collection[int | None]) -> list[str]:
    found = await places.of_cis(tx, sorted({each for each in ci_ids if each is not None}))
    return [footing.labels_of(found.get(each or 0, "")).get("site", "") for each in ci_ids]


# --- and after it


def is_calm(storm: Storm, now: int) -> bool:
    """Return whether nothing has joined for as long as the budget spans."""
    return max(storm.opened_at, storm.newest) < now - BUDGET.span_ms


async def calm(connection: AsyncConnection, now: int) -> list[Storm]:
    """Return the storms that are over."""
    return [each for each in (await storms.storms(connection, STORM)).values() if is_calm(each, now)]


async def cis_in(tx: AsyncConnection, storm: Storm) -> set[int]:
    """Return the CIs that have a cause in it."""
    return {each.ci_id for each in await members.of_incidents(tx, [storm.id]) if each.ci_id is not None}


async def close(tx: AsyncConnection, storm: Storm, policies: Policies, now: int) -> None:
    """Resolve a storm in which nothing is left but its own word."""
    its = await members.of_incidents(tx, [storm.id])
    if any(each.ci_id is not None for each in its):
        return
    held = Held(tuple(each for each in await incidents.open_of_kind(tx, STORM) if each.id == storm.id), tuple(its))
    await incidents.apply(tx, incident.plan(held, (), now), now)
