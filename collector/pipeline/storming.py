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
from collector.desk.table import PRIORITIES, Table
from collector.incident.planning import Held, key_of
from collector.model import Cause
from collector.pipeline import footing
from collector.pipeline.policies import Policies
from collector.rootcause import ALARMS, BUDGET, CAUSE, STORM, Footing
from collector.services.incidents import admitting
from collector.store import incidents, members, places, storms
from collector.store.storms import Storm

PREFIX: Final = f"{STORM}|"
HIGHEST: Final = PRIORITIES[0]


async def absorb(
    tx: AsyncConnection, causes: Sequence[Cause], stand: Mapping[int, Footing], table: Table, now: int
) -> list[Cause]:
    """Return the causes, those beyond the budget of their site going into its storm; who is in one stays there.

    Alarms come in storms. What moved without approval is one incident each however much there is: somebody answers it.
    """
    others = [each for each in causes if each.kind not in ALARMS]
    alarms = await _kept(tx, [each for each in causes if each.kind in ALARMS], now)
    return [*await _absorbed(tx, alarms, stand, table, now), *others]


async def _absorbed(
    tx: AsyncConnection, its: list[Cause], stand: Mapping[int, Footing], table: Table, now: int
) -> list[Cause]:
    keys = {key_of(each): each for each in its if each.role == CAUSE}
    known = await storms.known(tx, keys)
    fresh = keys.keys() - known
    if not fresh:
        return its
    began = await storms.opened_since(tx, now - BUDGET.span_ms, ALARMS)
    if len(began) + len(fresh) > BUDGET.incidents:
        causes = [each for each in its if each.role == CAUSE and key_of(each) in fresh]
        urgent = await admitting.urgent(tx, causes, table)
        lane_of = {key: (_site(keys[key], stand), key in urgent) for key in fresh}
        sites = await _sites(tx, [ci_id for ci_id, _ in began])
        spent = Counter((site, priority == HIGHEST) for site, (_, priority) in zip(sites, began, strict=True))
        its = rootcause.absorbed(its, known, lane_of, spent)
    return [*its, *await _begun(tx, its, now)]


async def _kept(tx: AsyncConnection, causes: Sequence[Cause], now: int) -> list[Cause]:
    """Return the causes; who is in a storm stays there until it is calm, then those of a category stay together.

    Victims go where the cause is that tells of them. The roots of outages are incidents of their own again.
    """
    if not await storms.is_stormy(tx, PREFIX):
        return list(causes)
    home = await storms.homes(tx, map(_tells, causes), PREFIX)
    over = {each.key: each for each in (await storms.storms(tx, STORM)).values() if is_calm(each, now)}
    told = {each.key for each in causes}
    return [_stays(each, home.get(key, ""), over if key in told else {}) for each in causes for key in [_tells(each)]]


def _tells(cause: Cause) -> str:
    """Return the key of the cause that decides where this one is told."""
    return cause.key if cause.role == CAUSE else cause.group


def _stays(cause: Cause, home: str, over: Mapping[str, Storm]) -> Cause:
    if not home:
        return cause
    if home not in over:
        return replace(cause, group=home)
    if over[home].size <= BUDGET.incidents or cause.role != CAUSE or not cause.group:
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
