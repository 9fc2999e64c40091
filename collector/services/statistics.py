"""The figures /metrics shows, read in one go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.services.sweeps.figures import Figures, SweepFigures
from collector.store import channels, unverified
from collector.store.browse import agents, cis, desk_counts, findings, incidents, statistics
from collector.store.browse.desk_counts import DeskCounts
from collector.store.browse.statistics import Backlog, Measurement, Waiting
from collector.store.engine import Store
from wire.observation import Status

METRIC_MAX_AGE_MS = 15 * 60_000
"""Older measurements are not shown: a gauge that stands still would lie."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Figures of one moment; `sections` counts CIs by (section, status), `cis` by (class, type, state).

    `heard`: what the receivers of probes have heard, and what not, by (agent, cause).
    """

    agents: Mapping[str, int]
    failing: Mapping[str, int]
    heard: Mapping[tuple[str, str], int]
    cis: Mapping[tuple[str, str, str], int]
    sections: Mapping[tuple[str, Status], int]
    incidents: Mapping[str, int]
    findings: Mapping[str, int]
    unverified: int
    """Changes of which nobody has seen something in time after the work."""
    backlog: Backlog
    outbox: Waiting
    sweeps: SweepFigures
    store_bytes: int
    desk: DeskCounts
    channels: Mapping[str, bool]
    """Channel in use → whether something gets through."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What became of observations since the start, and whether the pipeline still runs.

    `refused`: turned away before they were kept; `rejected`: kept, and not to be opened.
    """

    applied: int = 0
    rejected: int = 0
    parked: int = 0
    lag_ms: int = 0
    alive: bool = True
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Known:
    """A CI as /metrics/estate names it."""

    uid: str
    name: str
    ci_class: str
    ci_type: str


async def gather(store: Store, silent_before: int, now: int, sweeps: Figures | None = None) -> Statistics:
    """Return all figures at `now` (ms), of one consistent view; `sweeps` remembers what it has counted before."""
    size = await store.size_bytes()
    async with store.read() as connection:
        return Statistics(
            agents=await agents.by_state(connection, silent_before),
            failing=await agents.failing(connection),
            heard=await agents.heard(connection),
            cis=await cis.by_class(connection),
            sections=await statistics.sections_by_status(connection),
            incidents=await incidents.count_open(connection),
            findings=await findings.count_open(connection),
            unverified=await unverified.count_open(connection),
            backlog=await statistics.backlog(connection),
            outbox=await statistics.waiting(connection),
            sweeps=await (sweeps or Figures()).read(connection, now),
            store_bytes=size,
            desk=await desk_counts.read(connection, now),
            channels=await channels.working(connection),
        )


async def estate(connection: AsyncConnection, now: int) -> tuple[tuple[Known, ...], tuple[Measurement, ...]]:
    """Return every CI in service, and the present measurements of those that are measured."""
    known = tuple(Known(*row[:4]) for row in await statistics.known_cis(connection))
    measured = await statistics.measured(connection, now - METRIC_MAX_AGE_MS)
    uids = {each.uid for each in known}
    return known, tuple(each for each in statistics.measurements(measured) if each.uid in uids)
