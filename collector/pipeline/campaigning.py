"""Campaigns with their store: what moved alike on many CIs within a day is one incident, however many findings it is.

The findings before the tenth have incidents of their own by then; these are folded in when it comes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import incident
from collector.change.batching import CAMPAIGN_MS, crowded
from collector.incident import Naming
from collector.model import CI, Cause, Finding
from collector.store import campaigns
from collector.store.campaigns import Delta, Sight


@dataclass(slots=True)
class _Joined:
    """Who joins which campaign just now: finding → its number, and the CIs of those that make a new one."""

    numbers: dict[int, int] = field(default_factory=dict)
    ci_ids: set[int] = field(default_factory=set)


async def gathered(tx: AsyncConnection, found: Sequence[Finding], now: int) -> tuple[list[Finding], set[int]]:
    """Return the findings, each with the campaign it is told with, and the CIs whose findings make a new one."""
    joined = _Joined()
    for each in found:
        if not each.campaign and each.id not in joined.numbers and _may_join(each, now):
            await _gather(tx, each.id, joined, now)
    return [replace(each, campaign=joined.numbers.get(each.id, each.campaign)) for each in found], joined.ci_ids


def _may_join(each: Finding, now: int) -> bool:
    """Return whether it came within a day: only such a one can make a campaign of those before it."""
    return each.verdict in incident.FOUND and max(each.hi, each.opened_at) > now - CAMPAIGN_MS


async def _gather(tx: AsyncConnection, finding_id: int, joined: _Joined, now: int) -> None:
    its, number = {finding_id}, await campaigns.known(tx, finding_id)
    if not number:
        wide = _wide(finding_id, await campaigns.alike(tx, finding_id))
        if not wide:
            return
        widest = max(wide, key=lambda each: (len(wide[each]), -each.path_id, each.field))
        number = await campaigns.begin(tx, widest, wide[widest][0].old_val_id, now)
        sights = [each for one in wide.values() for each in one]
        its = {each.finding_id for each in sights}
        joined.ci_ids |= {each.ci_id for each in sights}
    await campaigns.join(tx, number, its)
    joined.numbers |= dict.fromkeys(its, number)


def _wide(finding_id: int, alike: Mapping[Delta, Sequence[Sight]]) -> dict[Delta, list[Sight]]:
    """Return what of this finding moved on enough CIs within a day → all sights of it in such a day."""
    wide: dict[Delta, list[Sight]] = {}
    for delta, sights in alike.items():
        ordered = sorted(sights, key=lambda each: (each.hi, each.ci_id, each.finding_id))
        places = crowded([(each.hi, each.ci_id, place) for place, each in enumerate(ordered)])
        its = [ordered[place] for place in places]
        if any(each.finding_id == finding_id for each in its):
            wide[delta] = its
    return wide


async def told(
    tx: AsyncConnection, found: Sequence[Finding], touched: Mapping[int, CI], naming: Mapping[str, Naming]
) -> list[Cause]:
    """Return the words of the campaigns these findings are told with."""
    at = {each.campaign: touched[each.ci_id] for each in reversed(found) if each.campaign}
    causes = (incident.campaign_cause(each, at[each.number], naming) for each in await campaigns.told(tx, at))
    return [each for each in causes if each is not None]
