"""A look at some CIs at once: their agents are asked for a whole inventory, probes for their addresses alone.

A look goes by the plan that sweeps an address, so its ranges, pace, ports, blackouts and how far it goes hold; where no
plan does, or it is paused, none is asked for. An agent is asked with the answer to its next check-in.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from collector.security.audit import Act
from collector.services.refused import Refused
from collector.services.sweeps import asked, settings
from collector.store import agents, lookers, sweep_plans, sweeps
from collector.store.sweep_plans import PlanRow
from collector.store.sweeps import EXPLORE, WAITING
from wire.ranges import Ranges, ranges

ACTIVE: Final = "active"
FURTHEST: Final = ("explore", "identify", "alive")


@dataclass(frozen=True, slots=True)
class Look:
    """Who was asked to look: the names of agents, and addresses."""

    agents: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return ", ".join((*self.agents, *self.addresses))


async def ask(act: Act, ci_ids: Collection[int]) -> Look:
    """Have some CIs looked at as soon as can be, and return by whom; the caller tells what for."""
    if not ci_ids:
        return Look()
    found = await lookers.of_cis(act.tx, ci_ids)
    await agents.ask_to_look(act.tx, found.agents.keys(), act.at)
    swept: list[str] = []
    zones: dict[str, set[str]] = {}
    for zone, address in found.addresses:
        zones.setdefault(zone, set()).add(address)
    for zone, addresses in sorted(zones.items()):
        swept += await _sweep(act, zone, addresses)
    return Look(tuple(sorted(found.agents.values())), tuple(swept))


async def _sweep(act: Act, zone: str, addresses: Collection[str]) -> list[str]:
    """Have those addresses swept that plans cover; return them. Those for which a look waits already are not asked."""
    wanted, swept = ranges(addresses), list[str]()
    waiting = await _waiting(act, zone)
    for plan in _furthest_first([each for each in await sweep_plans.everyone(act.tx) if each.zone == zone]):
        its = wanted & settings.stored(plan.settings).targets
        wanted -= its
        if new := its - waiting:
            try:
                await asked.ask(act, (None, zone), settings.failed_only(plan.settings, new.texts))
            except Refused:  # too scattered for one sweep: the plan comes by
                continue
        swept += its.texts
    return swept


async def _waiting(act: Act, zone: str) -> Ranges:
    """Return the addresses that are looked at next, of no plan's own accord."""
    rows = [row for row in await sweeps.in_state(act.tx, WAITING, zone) if row.plan_id is None and row.lane == EXPLORE]
    said = [settings.stored(row.settings) for row in rows]
    return ranges(text for each in said if not each.credential for text in each.targets.texts)


def _furthest_first(plans: Collection[PlanRow]) -> list[PlanRow]:
    usable = [each for each in plans if each.state == ACTIVE]
    return sorted(usable, key=lambda each: (FURTHEST.index(settings.stored(each.settings).until), each.id))
