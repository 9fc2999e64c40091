"""Recording with its store: what one subject's readings moved, written down.

First each observation becomes drafts, one a CI: its sections' new states and the steps between their bodies. Then
all drafts are written together, those of one CI one after the other.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import drift, history, samples
from collector.change.item import parts
from collector.governance import Governance
from collector.ingest import Delta
from collector.inspection import Moved
from collector.model import Observation, Path, Reading, Step, Value
from collector.pipeline import winning
from collector.pipeline.identifying import Placed
from collector.pipeline.winning import Said
from collector.precedence import Precedences
from collector.samples import Sample, Spans
from collector.store import cis, documents, lanes, sections
from collector.store import samples as kept_samples
from collector.store.lanes import Authorising, Basis, Ids, Origin
from collector.store.sections import BodyKey, SectionRow, SectionState
from collector.store.sources import SourceState
from wire.observation import Status
from wire.sections import Body, arrange, canonical, in_order, shape_of

FIRST, WORLD, REVISION = "first", "world", "revision"
NOTHING, SAME, UNKNOWN, MOVED = "nothing", "same", "unknown", "moved"
"""What a reading says: no word, what we hold, a hash we do not hold the body of, something new."""


@dataclass(slots=True)
class Draft:
    """What one observation says of one CI, to be written: rows of sections, and the steps between the bodies.

    `moved`: sections that moved, with their rows where these tell everything. `wanted`: sections wanted in full.
    `documents`: texts of many lines by their content address. `samples`: values rules look back on. `drifted`:
    controlled values of a governed CI that moved, with when they were last seen as before (ms).
    `confirms`: everything this source holds of the CI was said again or moved, so the source is confirmed as a whole.
    """

    origin: Origin
    source: str
    agent_id: int
    rows: list[SectionRow] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    moved: dict[str, Moved | None] = field(default_factory=dict)
    wanted: set[str] = field(default_factory=set)
    documents: dict[str, str] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)
    confirms: bool = False
    drifted: dict[Path, int] = field(default_factory=dict)


class Drafts:
    """The drafts that wait to be written, the bodies as they are after them, and the ids of what was written."""

    def __init__(self, governance: Governance, precedence: Precedences, spans: Spans | None = None) -> None:
        self.governance, self.precedence, self.spans = governance, precedence, spans or {}
        self.ids = Ids()
        self.waiting: list[Draft] = []
        self._bodies: dict[BodyKey, bytes | None] = {}

    async def fetch(self, tx: AsyncConnection, keys: Iterable[BodyKey]) -> None:
        """Read the kept bodies of those sections that are not here yet."""
        missing = sorted(set(keys) - self._bodies.keys())
        self._bodies |= dict.fromkeys(missing)
        self._bodies |= await sections.bodies(tx, missing)

    def body(self, key: BodyKey) -> bytes | None:
        """Return the canonical body, or None when none is kept or it was not fetched."""
        return self._bodies.get(key)

    def hold(self, key: BodyKey, body: bytes) -> None:
        """Let `body` be the kept one from now on."""
        self._bodies[key] = body

    def concern(self, source_id: int) -> bool:
        """Return whether anything this source said waits to be written."""
        return any(draft.origin.source_id == source_id for draft in self.waiting)

    def taken(self) -> list[Draft]:
        """Return the drafts that wait, and let them wait no longer."""
        taken, self.waiting = self.waiting, []
        return taken


async def record(
    tx: AsyncConnection, placed: Placed, observation: Observation, state: SourceState, drafts: Drafts, moment: int
) -> Draft:
    """Add to `drafts`, and return, what the readings of `placed` say. The state of the source moves with it."""
    origin = Origin(placed.ci_id, state.id, observation.id, observation.received_at)
    one = _Reader(Draft(origin, state.code, state.agent_id), state, drafts, moment)
    said = {name: one.says(reading) for name, reading in placed.subject.readings.items()}
    await drafts.fetch(tx, [one.key(name) for name, what in said.items() if what == MOVED])
    one.draft.confirms = said.keys() >= state.inventory and {SAME, MOVED} >= set(said.values())
    for name, reading in placed.subject.readings.items():
        one.add(reading, said[name])
    drafts.waiting.append(one.draft)
    return one.draft


class _Reader:
    """Reads one CI's sections into its draft."""

    def __init__(self, draft: Draft, state: SourceState, drafts: Drafts, moment: int) -> None:
        self.draft, self._state, self._drafts, self._moment = draft, state, drafts, moment

    def key(self, name: str) -> BodyKey:
        return self.draft.origin.ci_id, self._state.id, name

    def says(self, reading: Reading) -> str:
        held = self._held(reading)
        if not reading.status.speaks:
            return NOTHING
        if held is not None and held.last_ok and (held.status, held.hash) == (reading.status, reading.hash):
            return SAME
        return UNKNOWN if reading.body is None else MOVED

    def add(self, reading: Reading, said: str) -> None:
        """Take one reading into account. What a confirmed source says again needs no row of its own."""
        held, body = self._held(reading), None
        if said == UNKNOWN:
            self.draft.wanted.add(reading.name)
        elif said == MOVED:
            body = self._move(reading, held)
            self._drafts.hold(self.key(reading.name), body)
        elif said == NOTHING and reading.status != (held.status if held else Status.UNSUPPORTED):
            self.draft.moved[reading.name] = None  # rules that read it can do so no longer
        now = _next_state(reading, held, said, self._moment)
        self._state.hold(self.draft.origin.ci_id, reading.name, now)
        if said != SAME or not self.draft.confirms:
            self.draft.rows.append(SectionRow(*self.key(reading.name), now, body))

    def _held(self, reading: Reading) -> SectionState | None:
        return self._state.sections.get((self.draft.origin.ci_id, reading.name))

    def _move(self, reading: Reading, held: SectionState | None) -> bytes:
        lo = self._state.last_ok(self.draft.origin.ci_id, reading.name)
        was, now, text = _compared(reading, self._drafts.body(self.key(reading.name)) if lo else None)
        policy = self._drafts.governance.policy(reading.name)
        self.draft.documents |= history.documents(reading.name, now)
        before = {} if was is None else history.entries(reading.name, was, policy)
        after = history.entries(reading.name, now, policy)
        cause = FIRST if was is None else WORLD if held and held.revision == reading.revision else REVISION
        bracket = history.Bracket(lo or self._moment, self._moment)
        self.draft.steps += history.steps(reading.name, before, after, bracket, complete=True, cause=cause)
        is_told = isinstance(was, list) and isinstance(now, list) and held is not None and held.status.speaks
        if fields := self._drafts.spans.get(reading.name):
            self.draft.samples += samples.taken(reading.name, was, now, lo, self._moment, fields)
        self.draft.moved[reading.name] = Moved((*was, *now), lo) if is_told else None  # type: ignore[misc]
        return text


def _compared(reading: Reading, kept: bytes | None) -> tuple[Body | None, Body, bytes]:
    """Return what differs of the body as it was (None: never seen) and as it is, and its canonical text."""
    if isinstance(reading.body, Delta):
        return *history.differing(reading.body.was, reading.body.now), reading.body.text
    old = None if kept is None else json.loads(kept)
    new = _whole(reading, old)
    was, now = (None, new) if old is None else history.differing(old, new)
    return was, now, canonical(new)


def _whole(reading: Reading, old: Body | None) -> Body:
    """Return the body as it is now: an incomplete one adds to what is known and takes nothing away."""
    body: Body = reading.body
    if isinstance(body, dict):
        return {**old, **body} if isinstance(old, dict) and not reading.complete else body
    shape = shape_of(reading.name)
    if isinstance(old, list) and not reading.complete:
        return arrange(shape, [*old, *body])
    return in_order(shape, body)


def _next_state(reading: Reading, held: SectionState | None, said: str, moment: int) -> SectionState:
    if said in (SAME, MOVED):
        # What was not read whole is kept joined with what was known before: its hash is of neither.
        known = reading.complete or said == SAME
        return SectionState(reading.status, reading.hash if known else b"", reading.revision, moment, moment)
    kept = held or SectionState(Status.UNSPECIFIED, b"", reading.revision, 0, 0)
    if said == UNKNOWN:
        return replace(kept, last_try=moment)
    return replace(kept, status=reading.status, last_try=moment, misses=kept.misses + 1, reason=reading.reason)


# --- writing


async def write(tx: AsyncConnection, drafts: Drafts) -> list[Draft]:
    """Write the drafts that wait: confirmations, claims, facts and arrivals; return them, with what drifted."""
    written = drafts.taken()
    for wave in _waves(written):
        await sections.save(tx, [row for draft in wave for row in draft.rows])
        await documents.put(tx, {sha256: text for draft in wave for sha256, text in draft.documents.items()})
        await kept_samples.keep(tx, (((d.origin.ci_id, d.origin.source_id), each) for d in wave for each in d.samples))
        if moved := [draft for draft in wave if draft.steps]:
            await _write(tx, moved, drafts)
    return written


def _waves(drafts: Sequence[Draft]) -> list[list[Draft]]:
    """Return the drafts so that no CI comes twice in one wave, and those of one CI in their order."""
    waves: list[list[Draft]] = []
    turns = Counter[int]()
    for draft in drafts:
        turn = turns[draft.origin.ci_id]
        turns[draft.origin.ci_id] += 1
        if turn == len(waves):
            waves.append([])
        waves[turn].append(draft)
    return waves


async def _write(tx: AsyncConnection, drafts: Sequence[Draft], by: Drafts) -> None:
    """Write `drafts`, no CI twice among them, by what governs their classes and precedes in `by`."""
    standing = await cis.standing(tx, [draft.origin.ci_id for draft in drafts])
    ruled = []
    for draft in drafts:
        ci_class, is_governed = standing[draft.origin.ci_id]
        governance = by.governance.of(ci_class)
        if governance is not by.governance:
            draft.steps = history.kept(draft.steps, governance)
        if is_governed:
            draft.drifted = drift.moved(draft.steps, governance)
            ruled.append((draft, governance))
    await by.ids.learn(tx, paths=(step.path for draft in drafts for step in draft.steps))
    said = [Said(draft.origin, draft.source, draft.steps) for draft in drafts]
    facts = await winning.win(tx, said, by.precedence, by.ids.paths)
    won = (each.value for _, its in facts for each in its)  # who wins may be a source that says nothing here
    await by.ids.learn(tx, values=chain(_values(drafts), won, _held_against(ruled)))
    await lanes.write_facts(tx, facts, by.ids)
    await lanes.write_claims(tx, [(draft.origin, draft.steps) for draft in drafts], by.ids)
    await lanes.write_authorised(tx, await _arrivals(tx, ruled), by.ids)


def _values(drafts: Sequence[Draft]) -> Iterator[Value]:
    for draft in drafts:
        for step in draft.steps:
            yield step.old
            yield step.new


Ruled = Sequence[tuple[Draft, Governance]]
"""Drafts of governed CIs, each with the table as it is for the class of its CI."""


def _held_against(ruled: Ruled) -> Iterator[Value]:
    """Yield what findings will say of what drifted: its values without what is not controlled, field by field."""
    for draft, governance in ruled:
        for step in (drift.of(each, governance) for each in draft.steps if each.path in draft.drifted):
            for _, old, new in parts(step.old, step.new):
                yield old
                yield new


async def _arrivals(tx: AsyncConnection, ruled: Ruled) -> list[Authorising]:
    """What a governed CI shows in a section for the first time is what its arrival authorised."""
    arriving = [(*each, first) for each in ruled if (first := [step for step in each[0].steps if step.cause == FIRST])]
    known = await lanes.authorised_sections(tx, [draft.origin.ci_id for draft, _, _ in arriving])
    found = []
    for draft, governance, first in arriving:
        before = known.get(draft.origin.ci_id, set())
        values = {
            step.path: step.new
            for step in first
            if step.path.section not in before and drift.controlled(step.path, step.new, governance) is not None
        }
        basis = Basis("arrival", f"observation {draft.origin.observation_id}")
        found.append(Authorising(draft.origin, values, first[0].hi, basis))
    return found
