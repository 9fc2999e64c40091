"""History, reconcile, drift and finding with their store: what one subject's readings moved, written down."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import drift, finding, history, reconcile
from collector.governance import Governance
from collector.model import Claim, Observation, Path, Reading, Step, Value
from collector.pipeline.identifying import Placed
from collector.store import cis, findings, lanes, sources
from collector.store.lanes import Basis, FactStep, Ids, Origin
from collector.store.sources import SectionRow, SectionState, SourceState
from wire.observation import Status
from wire.sections import Body, arrange, canonical, shape_of

FIRST, WORLD, REVISION = "first", "world", "revision"


@dataclass(slots=True)
class Recorded:
    """What moved: sections, sections wanted in full, and whether findings were opened or closed."""

    sections: set[str] = field(default_factory=set)
    wanted: set[str] = field(default_factory=set)
    findings_moved: bool = False


async def record(
    tx: AsyncConnection,
    placed: Placed,
    observation: Observation,
    state: SourceState,
    governance: Governance,
    moment: int,
) -> Recorded:
    """Write every section of `placed`: confirmations, claims, facts, arrivals, and the findings they bring."""
    draft = _Draft(placed.ci_id, state, governance, moment)
    readings = placed.subject.readings.values()
    moved = [each.name for each in readings if draft.says(each) == MOVED]
    draft.before = await sources.bodies(tx, placed.ci_id, state.id, moved) if moved else {}
    for reading in readings:
        draft.add(reading)
    await sources.save_sections(tx, draft.rows)
    if draft.steps:
        origin = Origin(placed.ci_id, state.id, observation.id, observation.received_at)
        await _write(tx, origin, state, draft, governance)
    return draft.recorded


NOTHING, SAME, UNKNOWN, MOVED = "nothing", "same", "unknown", "moved"
"""What a reading says: no word, what we hold, a hash we do not hold the body of, something new."""


class _Draft:
    """One CI's sections on their way: the rows to write and the steps between old and new bodies."""

    def __init__(self, ci_id: int, state: SourceState, governance: Governance, moment: int) -> None:
        self._ci_id, self._state, self._governance, self._moment = ci_id, state, governance, moment
        self.before: Mapping[str, bytes] = {}
        self.steps: list[Step] = []
        self.rows: list[SectionRow] = []
        self.recorded = Recorded()

    def says(self, reading: Reading) -> str:
        held = self._held(reading)
        if not reading.status.speaks:
            return NOTHING
        if held is not None and held.last_ok and (held.status, held.hash) == (reading.status, reading.hash):
            return SAME
        return UNKNOWN if reading.body is None else MOVED

    def add(self, reading: Reading) -> None:
        """Take one reading into account."""
        said, held, body = self.says(reading), self._held(reading), None
        if said == UNKNOWN:
            self.recorded.wanted.add(reading.name)
        elif said == MOVED:
            self.recorded.sections.add(reading.name)
            body = self._move(reading, held)
        now = _next_state(reading, held, said, self._moment)
        self._state.hold(self._ci_id, reading.name, now)
        self.rows.append(SectionRow(self._ci_id, self._state.id, reading.name, now, body))

    def _held(self, reading: Reading) -> SectionState | None:
        return self._state.sections.get((self._ci_id, reading.name))

    def _move(self, reading: Reading, held: SectionState | None) -> bytes:
        lo = self._state.last_ok(self._ci_id, reading.name)
        old = json.loads(self.before[reading.name]) if lo and reading.name in self.before else None
        new = _whole(reading, old)
        policy = self._governance.policy(reading.name)
        was, now = ({}, new) if old is None else history.differing(old, new)
        before = {} if old is None else history.entries(reading.name, was, policy)
        after = history.entries(reading.name, now, policy)
        cause = FIRST if old is None else WORLD if held and held.revision == reading.revision else REVISION
        bracket = history.Bracket(lo or self._moment, self._moment)
        self.steps += history.steps(reading.name, before, after, bracket, complete=True, cause=cause)
        return canonical(new)


def _next_state(reading: Reading, held: SectionState | None, said: str, moment: int) -> SectionState:
    if said in (SAME, MOVED):
        return SectionState(reading.status, reading.hash, reading.revision, moment, moment)
    kept = held or SectionState(Status.UNSPECIFIED, b"", reading.revision, 0, 0)
    if said == UNKNOWN:
        return replace(kept, last_try=moment)
    return replace(kept, status=reading.status, last_try=moment, misses=kept.misses + 1, reason=reading.reason)


def _whole(reading: Reading, old: Body | None) -> Body:
    """Return the body as it is now: an incomplete one adds to what is known and takes nothing away."""
    body: Body = reading.body
    if reading.complete or old is None:
        return body
    if isinstance(body, dict):
        return {**old, **body} if isinstance(old, dict) else body
    return arrange(shape_of(reading.name), [*old, *body]) if isinstance(old, list) else body


async def _write(
    tx: AsyncConnection, origin: Origin, state: SourceState, draft: _Draft, governance: Governance
) -> None:
    steps, paths = draft.steps, [step.path for step in draft.steps]
    authorised = await lanes.authorised(tx, origin.ci_id, paths)
    ids = await Ids.of(tx, paths, [*(v for step in steps for v in (step.old, step.new)), *authorised.values()])
    await lanes.write_facts(tx, origin, await _facts(tx, origin, state, steps), ids)
    await lanes.write_claims(tx, origin, steps, ids)
    if not await cis.is_governed(tx, origin.ci_id):
        return
    await _authorise_arrival(tx, origin, steps, governance, ids)
    await _authorise_revision(tx, origin, draft, authorised, ids)
    compared = drift.compare(steps, authorised, governance)
    standing = await findings.open_ones(tx, origin.ci_id, origin.source_id) if compared.moved else []
    plan = finding.plan(standing, compared.drifts, compared.settled)
    if not plan.is_empty:
        await findings.apply(tx, origin, plan, ids)
        draft.recorded.findings_moved = True


async def _facts(tx: AsyncConnection, origin: Origin, state: SourceState, steps: Sequence[Step]) -> list[FactStep]:
    """Reconcile each moved path: alone, this source's word is the fact; among several, the winner's is."""
    if not await sources.other_sources(tx, origin.ci_id, origin.source_id):
        return [FactStep(s.path, s.new, origin.source_id, "rank", s.hi, s.old is not None) for s in steps]
    standing, source_ids = await lanes.claims(tx, origin.ci_id, [step.path for step in steps])
    source_ids[state.code] = origin.source_id
    facts = []
    for step in steps:
        others = [claim for claim in standing.get(step.path, ()) if claim.source != state.code]
        was = reconcile.resolve(others + _own(step, state.code, step.old), step.hi)
        now = reconcile.resolve(others + _own(step, state.code, step.new), step.hi)
        if (now and (now.value, now.source)) != (was and (was.value, was.source)):
            value, source_id = (now.value, source_ids[now.source]) if now else (None, origin.source_id)
            facts.append(FactStep(step.path, value, source_id, now.why if now else "", step.hi, was is not None))
    return facts


def _own(step: Step, source: str, value: Value) -> list[Claim]:
    return [] if value is None else [Claim(step.path, source, value, step.hi, step.hi)]


async def _authorise_arrival(
    tx: AsyncConnection, origin: Origin, steps: Sequence[Step], governance: Governance, ids: Ids
) -> None:
    """What a governed CI shows in a section for the first time is what its arrival authorised."""
    first = [step for step in steps if step.cause == FIRST]
    known = await lanes.authorised_sections(tx, origin.ci_id) if first else set()
    values = {
        step.path: step.new
        for step in first
        if step.path.section not in known and drift.controlled(step.path, step.new, governance) is not None
    }
    if values:
        await lanes.write_authorised(
            tx, origin, values, first[0].hi, ids, Basis("arrival", f"observation {origin.observation_id}")
        )


async def _authorise_revision(
    tx: AsyncConnection, origin: Origin, draft: _Draft, authorised: Mapping[Path, Value], ids: Ids
) -> None:
    """A new revision of our own reader moves the authorised value with it: our view changed, not the world."""
    moved = [step for step in draft.steps if step.cause == REVISION and authorised.get(step.path) == step.old]
    values = {step.path: step.new for step in moved}
    if values:
        basis = Basis("correction", f"reader revision in observation {origin.observation_id}")
        await lanes.write_authorised(tx, origin, values, moved[0].hi, ids, basis)
