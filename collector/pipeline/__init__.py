"""The path of one observation, in order. The only package that knows every stage.

    ingest log ─► ingest (open, check) ─► subject (what does it speak of?) ─► identity (which CI?)
      ─► history (what moved?) ─► reconcile (which source wins?) ─► drift ─► finding
      ─► inspection (which rules fail?) ─► incident ─► outbox

Stages are functions of values. What each of them needs from the store is fetched, and what it
returns is written, by the three modules beside this one: `identifying`, `recording`, `judging`.
One batch of observations is one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import ingest
from collector.clock import Clock
from collector.ingest import Logged
from collector.model import Observation
from collector.pipeline import identifying, judging, recording
from collector.pipeline.policies import Policies
from collector.store import ingest_log, sources
from collector.store.sources import Progress, SourceState
from wire.observation import Glance


@dataclass(slots=True)
class Touched:
    """What one batch moved, for the rules to look at: CI → sections, and who must send a section in full."""

    sections: dict[int, set[str]] = field(default_factory=dict)
    findings: set[int] = field(default_factory=set)
    wanted: dict[int, set[str]] = field(default_factory=dict)
    parked: int = 0
    rejected: int = 0

    def add(self, ci_id: int, names: set[str]) -> None:
        if names:
            self.sections.setdefault(ci_id, set()).update(names)


async def apply_batch(
    tx: AsyncConnection, rows: list[Logged], states: dict[str, SourceState], policies: Policies, clock: Clock
) -> Touched:
    """Apply logged observations, oldest first, inside the transaction `tx`; return what they touched."""
    touched, progress = Touched(), dict[int, Progress]()
    for row in rows:
        state = states[row.source]
        try:
            await _apply_one(tx, row, state, policies, touched)
        except ingest.BadObservation as error:
            await ingest_log.reject(tx, row.id, str(error), clock())
            touched.rejected += 1
        progress[state.id] = Progress(state.id, row.id, state.epoch, state.seq, state.state_hash, state.confirmed_at)
    await sources.advance(tx, list(progress.values()))
    await judging.judge(tx, touched.sections, touched.findings, policies, clock())
    return touched


async def _apply_one(
    tx: AsyncConnection, row: Logged, state: SourceState, policies: Policies, touched: Touched
) -> None:
    glance = ingest.glance(row)
    late = row.seq <= state.seq and row.epoch == state.epoch
    if not late and is_quiet(glance, state):
        state.confirm(moment_of(row, glance.observed_at_ms, state))
        state.epoch, state.seq = row.epoch, row.seq
        return
    decoded = ingest.decode(row)
    if decoded.drops:
        await ingest_log.record_drops(tx, row, decoded.drops)
    if late:
        return  # a newer word of this source is already applied, and what this one said stays in the log
    moment = moment_of(row, decoded.observed_at_ms, state)
    await _apply_moved(tx, ingest.check(row, decoded), state, policies, moment, touched)
    state.state_hash = decoded.state_hash
    state.epoch, state.seq = row.epoch, row.seq


async def _apply_moved(
    tx: AsyncConnection, observation: Observation, state: SourceState, policies: Policies, moment: int, touched: Touched
) -> None:
    placed = await identifying.place(tx, observation, state, policies, moment)
    if placed is None:
        touched.parked += 1
        return
    for each in placed:
        recorded = await recording.record(tx, each, observation, state, policies.governance, moment)
        touched.add(each.ci_id, recorded.sections)
        if recorded.findings_moved:
            touched.findings.add(each.ci_id)
        if recorded.wanted:
            touched.wanted.setdefault(state.agent_id, set()).update(recorded.wanted)


def is_quiet(glance: Glance, state: SourceState) -> bool:
    """Return whether a whole inventory says that nothing moved since what was applied last."""
    same = glance.says_only_hashes and bool(state.state_hash) and glance.state_hash == state.state_hash
    return same and glance.names >= state.inventory


def moment_of(row: Logged, observed_at_ms: int, state: SourceState) -> int:
    """Return when this was seen, by the collector's clock: not in the future, not before the source's last word."""
    corrected = observed_at_ms - state.clock_offset_ms
    return max(min(corrected, row.received_at), state.last_moment + 1)
