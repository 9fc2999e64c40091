"""Whose word counts of a target: that of an agent a person appointed as the probe of its zone, and nobody else's.

A certificate proves which machine calls; what it says of others is only said. So an agent on a stolen PC may tell of
that PC, and of no switch. It is the appointment of now that counts: when something was observed is the agent's own
word, so who is no probe any more is not heard of what it says it saw while it was.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Mapping
from typing import Final

import structlog

from collector.listeners.registry import AgentRegistry
from collector.security.audit import Actor, recorded
from collector.store.agents import Standing
from collector.store.failure import WriteFailed, writing
from wire import codec
from wire.observation import Report

WHY: Final = "it is about a target in a zone this agent is not the probe of"
MOST_ZONES: Final = 10
"""Zones the audit log names of one report."""

log = structlog.get_logger(__name__)


class Zones:
    """Looks at each report before it is taken; `told`: of whom it is in the audit log, and what it was the probe of."""

    def __init__(self, registry: AgentRegistry) -> None:
        self._registry = registry
        self._told: dict[int, frozenset[str]] = {}

    async def refused(self, agent: Standing, report: Report, address: str) -> Mapping[int, str]:
        """Return sequence number → why, for what is never taken from this agent; raise `StoreFailed`."""
        spoken = spoken_of(report)
        asked = {zone for _, zone in spoken}
        zones = await self._registry.probed_by(agent, asked)
        if foreign := asked - zones:
            await self._tell(agent, zones, foreign, address)
        return refused(spoken, zones)

    async def _tell(self, agent: Standing, zones: frozenset[str], foreign: Collection[str], address: str) -> None:
        """Write down that an agent oversteps: once since the start, and once more when it was appointed otherwise."""
        if self._told.get(agent.id) == zones:
            return
        before, self._told[agent.id] = self._told.get(agent.id), zones
        spoken = sorted(foreign)[:MOST_ZONES]
        log.warning("an agent speaks of targets it is no probe of", agent=agent.uid, zones=spoken, address=address)
        who = Actor(f"agent/{agent.uid}", f"agent {address}")
        try:
            async with writing(self._registry.store) as tx, recorded(tx, who, self._registry.clock()) as act:
                act.tell("agent.overstep", f"agent/{agent.uid}", {"zones": sorted(zones)}, {"zones": spoken})
        except WriteFailed:  # the next one tells it; that nothing of it is taken needs no disk
            self._told.pop(agent.id)
            if before is not None:
                self._told[agent.id] = before


def spoken_of(report: Report) -> list[tuple[int, str]]:
    """Return (sequence number, zone) of what is about a target; what cannot be opened is the pipeline's to refuse."""
    found = []
    for each in report.envelopes:
        with contextlib.suppress(codec.Undecodable):
            if (target := codec.glance(each.observation).target) is not None:
                found.append((each.seq, target.zone))
    return found


def refused(spoken: Iterable[tuple[int, str]], zones: Collection[str]) -> dict[int, str]:
    """Return sequence number → why, for what is said of targets in other zones; given twice, a number is refused."""
    return {seq: WHY for seq, zone in spoken if zone not in zones}
