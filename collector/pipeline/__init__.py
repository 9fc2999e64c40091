"""The path of one observation, in order. The only package that knows every stage.

    ingest log ─► ingest (open, check) ─► subject (what does it speak of?) ─► identity (which CI?)
      ─► history (what moved?) ─► reconcile (which source wins?) ─► drift (was it controlled?)
      ─► change (what explains it?) ─► inspection (which rules fail?) ─► incident ─► outbox

Stages are functions of values. What each of them needs from the store is fetched, and what it
returns is written, by the four modules beside this one: `identifying`, `recording`, `matching`, `judging`.
One batch of observations is one transaction. What its observations moved is worked out one after the
other, in the log's order, and written for all of them together: the fewer statements, the faster.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import ingest, subject
from collector.change import package_log
from collector.clock import Clock
from collector.ingest import BadObservation, Logged, Look
from collector.inspection import Moved
from collector.model import Observation, Path
from collector.pipeline import doubting, enforcing, eventing, identifying, judging, matching, recording, sampling
from collector.pipeline.doubting import Again
from collector.pipeline.identifying import HOST
from collector.pipeline.judged import Judged
from collector.pipeline.policies import Policies
from collector.pipeline.recording import Draft, Drafts
from collector.store import doubts, ingest_log, sources
from collector.store.doubts import Waiting
from collector.store.lanes import Ids
from collector.store.sections import BodyKey
from collector.store.sources import Progress, SourceState
from wire import observation
from wire.observation import Glance

DUE = 200
"""CIs whose clocks are looked at in one transaction."""


@dataclass(slots=True)
class Memory:
    """What is remembered from batch to batch; all of it can be read, or worked out, again.

    `states`: source code → the source. `judged`: which rules have run in full on which CI since start. `admitted`: CIs
    that are no newcomers any more, as no CI ever is again.
    """

    states: dict[str, SourceState] = field(default_factory=dict)
    judged: Judged = field(default_factory=Judged)
    admitted: set[int] = field(default_factory=set)

    def forget(self) -> None:
        """Forget everything: it may be ahead of what was written, or is too much."""
        self.states.clear()
        self.judged.clear()
        self.admitted.clear()


@dataclass(slots=True)
class Touched:
    """What one batch moved: CI → sections for the rules, CI → controlled values; and who must send one in full.

    `ids`: those of paths and values that are known of its transaction already.
    """

    sections: dict[int, dict[str, Moved | None]] = field(default_factory=dict)
    drifted: dict[int, dict[Path, int]] = field(default_factory=dict)
    wanted: dict[int, set[str]] = field(default_factory=dict)
    ids: Ids = field(default_factory=Ids)
    parked: int = 0
    rejected: int = 0

    def add(self, draft: Draft) -> None:
        """Take into account what `draft` moved; to be called when it is written."""
        if draft.moved:
            its = self.sections.setdefault(draft.origin.ci_id, {})
            for name, moved in draft.moved.items():
                its[name] = its[name] and its[name] + moved if name in its else moved  # type: ignore[operator]
        if draft.drifted:
            its_paths = self.drifted.setdefault(draft.origin.ci_id, {})
            for path, lo in draft.drifted.items():
                its_paths[path] = min(lo, its_paths.get(path, lo))
        if draft.wanted and draft.agent_id:  # a probe tells what it found on a target in full
            self.wanted.setdefault(draft.agent_id, set()).update(draft.wanted)


async def apply_batch(
    tx: AsyncConnection, rows: Sequence[Logged], looks: Sequence[Look], memory: Memory, policies: Policies, clock: Clock
) -> Touched:
    """Apply logged observations, oldest first, inside the transaction `tx`; return what they touched.

    `looks`: what `ingest.look` says of each row. The sources of `rows` are in `memory`.
    """
    batch = _Batch(tx, policies)
    await batch.fetch(rows, looks, memory.states)
    last: dict[int, tuple[int, SourceState]] = {}
    for row, seen in zip(rows, looks, strict=True):
        sender, state = memory.states[row.source], memory.states[ingest.source_of(seen, row)]
        state.clock_offset_ms = sender.clock_offset_ms
        if not says_nothing_new(row, seen, state):
            await batch.apply(row, seen, state, clock)
        policies.agenda.heard(state.cis.values())
        last[sender.id] = row.id, sender  # the cursor is the sender's, what was said last is the source's
        last[state.id] = row.id, state
    await batch.flush()
    await sources.advance(tx, [progress(row_id, state) for row_id, state in last.values()])
    now = _not_before([state for _, state in last.values()], clock())
    await weigh(tx, batch.touched, policies, now, memory.judged)
    return batch.touched


async def apply_again(
    tx: AsyncConnection, waiting: Sequence[Waiting], memory: Memory, policies: Policies, clock: Clock
) -> Touched:
    """Apply observations whose case has been decided, in the log's order; their sources are in `memory`."""
    batch, spoke = _Batch(tx, policies), list[SourceState]()
    for each in waiting:
        seen = ingest.look(each.row)
        state = memory.states[ingest.source_of(seen, each.row)]
        spoke.append(state)
        state.clock_offset_ms = memory.states[each.row.source].clock_offset_ms
        await batch.apply_again(each, state, clock)
        policies.agenda.heard(state.cis.values())
        await batch.flush()
        await doubting.drained(tx, state, each.ruling.case_id)
        await sources.restate(tx, state)
    await weigh(tx, batch.touched, policies, _not_before(spoke, clock()), memory.judged)
    return batch.touched


def _not_before(states: Iterable[SourceState], now: int) -> int:
    """Return `now`, or what a source said last if that is later: what lies ahead of a clock would be judged never.

    The clock was set back, that of whoever logged it runs ahead, or many words came within one millisecond.
    """
    return max([now, *(state.last_moment for state in states)])


async def weigh(tx: AsyncConnection, touched: Touched, policies: Policies, now: int, judged: Judged) -> None:
    """Hold what was touched against changes, then against rules; `judged` as for `judging.judge`."""
    findings = await matching.match(tx, touched.drifted, policies.terms, now, touched.ids)
    logged = [ci_id for ci_id, its in touched.sections.items() if package_log.SECTION in its]
    findings |= await matching.again(tx, logged, policies.terms, now) if logged else set()
    await judging.judge(tx, touched.sections, findings, policies, now, judged)


async def changed(tx: AsyncConnection, ci_ids: Collection[int], now: int, policies: Policies) -> None:
    """Hold what is open on these CIs against their changes again: one of these has moved, or a word on a finding."""
    await matching.again(tx, ci_ids, policies.terms, now)
    await judging.decide_again(tx, ci_ids, policies, now)


async def elapsed(tx: AsyncConnection, policies: Policies, now: int) -> int:
    """Judge some findings again whose clock has ended by `now` (ms); return on how many CIs."""
    await enforcing.settle(tx, policies, now)
    await policies.rhythm.learn(tx)
    ci_ids = await matching.due(tx, policies.terms, now, DUE)
    await judging.judge(tx, {}, ci_ids, policies, now, Judged())
    return len(ci_ids)


def says_nothing_new(row: Logged, seen: Look, state: SourceState) -> bool:
    """Return whether `row` is a whole inventory in which nothing moved; that confirms its source, at no other cost."""
    if not isinstance(seen, Glance) or not is_quiet(seen, state) or is_late(row, state) or state.absences:
        return False
    state.confirm(moment_of(row, seen.observed_at_ms, state))
    state.epoch, state.seq = row.epoch, row.seq
    return True


def is_late(row: Logged, state: SourceState) -> bool:
    """Return whether a newer word of this source is already applied."""
    return row.seq <= state.seq and row.epoch == state.epoch


def is_quiet(glance: Glance, state: SourceState) -> bool:
    """Return whether a whole inventory says that nothing moved since what was applied last."""
    return glance.hashes_only and bool(state.state_hash) and glance.state_hash == state.state_hash


def moment_of(row: Logged, observed_at_ms: int, state: SourceState) -> int:
    """Return when this was seen, by the collector's clock: not in the future, not before the source's last word."""
    corrected = observed_at_ms - state.clock_offset_ms
    return max(min(corrected, row.received_at), state.last_moment + 1)


def progress(row_id: int, state: SourceState) -> Progress:
    """Return the cursor of a source whose observations up to `row_id` are applied."""
    return Progress(state.id, row_id, state.epoch, state.seq, state.state_hash, state.confirmed_at)


class _Batch:
    """The observations of one batch that say something new, on their way through the stages."""

    def __init__(self, tx: AsyncConnection, policies: Policies) -> None:
        self._tx, self._policies = tx, policies
        self._drafts = Drafts(policies.governance, policies.precedence, sampling.looked_back_on(policies.rulebook))
        self.touched = Touched(ids=self._drafts.ids)

    async def fetch(self, rows: Sequence[Logged], looks: Sequence[Look], states: Mapping[str, SourceState]) -> None:
        """Read the kept bodies of all the hosts' sections that come with a new one."""
        await self._drafts.fetch(
            self._tx,
            [
                key
                for row, seen in zip(rows, looks, strict=True)
                if isinstance(seen, observation.Observation)
                for key in _told_in_full(seen, states[ingest.source_of(seen, row)])
            ],
        )

    async def apply(self, row: Logged, seen: Look, state: SourceState, clock: Clock) -> None:
        """Open one observation and work out what it moved."""
        try:
            if isinstance(seen, BadObservation):
                raise seen
            decoded = ingest.decode(row) if isinstance(seen, Glance) else seen
        except BadObservation as error:
            await ingest_log.reject(self._tx, row.id, str(error), clock())
            self.touched.rejected += 1
            return
        if decoded.drops:
            await ingest_log.record_drops(self._tx, row, decoded.drops)
        if is_late(row, state):
            return  # what this one said stays in the log
        moment = moment_of(row, decoded.observed_at_ms, state)
        is_applied = await self._move(ingest.check(row, decoded, self._standing_in(decoded, state)), state, moment)
        # What waits must not be confirmed by saying that nothing has moved since.
        state.state_hash = decoded.state_hash if is_applied else b""
        state.epoch, state.seq = row.epoch, row.seq

    async def apply_again(self, waiting: Waiting, state: SourceState, clock: Clock) -> None:
        """Work out what an observation moved that waited for a case."""
        row, again = waiting.row, Again(waiting.role, waiting.ruling, waiting.overtaken)
        await doubts.unpark(self._tx, row.id, waiting.role, waiting.ruling.case_id)
        try:
            decoded = ingest.decode(row)
        except BadObservation as error:  # a newer program reads more strictly than the one that parked it
            await ingest_log.reject(self._tx, row.id, str(error), clock())
            return
        moment = moment_of(row, decoded.observed_at_ms, state)
        if again.overtaken:
            moment = min(decoded.observed_at_ms - state.clock_offset_ms, row.received_at)
        is_applied = await self._move(ingest.check(row, decoded), state, moment, again)
        if again.role == HOST and not again.overtaken:
            state.state_hash = decoded.state_hash if is_applied else b""

    async def _move(self, seen: Observation, state: SourceState, moment: int, again: Again | None = None) -> bool:
        """Work out what an observation moved; return whether it was applied, not parked."""
        if eventing.is_spoken(seen):
            await eventing.note(self._tx, seen, state, self._drafts, moment)
            return True
        if self._drafts.concern(state.id) and not identifying.stays(seen, state):
            await self.flush()  # identity reads what this source said before
        was_known = HOST in state.cis
        placed = await identifying.place(self._tx, seen, state, self._policies, moment, again)
        if placed is None:
            self.touched.parked += 1
            return False
        if again is not None and again.overtaken:
            placed = [each for each in placed if not _has_newer(state, each.ci_id, moment)]
        if not was_known:
            await eventing.adopt(self._tx, seen, state)
        drafts = [await recording.record(self._tx, each, seen, state, self._drafts, moment) for each in placed]
        if drafts and drafts[0].confirms and again is None:
            state.confirm(moment)
        return True

    def _standing_in(self, decoded: observation.Observation, state: SourceState) -> dict[str, bytes]:
        """Return the kept bodies ingest may compare with: of sections that identity has no need to read."""
        if identifying.may_move(decoded, state):
            return {}
        keys = [key for key in _told_in_full(decoded, state) if key[2] not in subject.SECTIONS]
        return {key[2]: body for key in keys if (body := self._drafts.body(key))}

    async def flush(self) -> None:
        """Write what has been worked out so far."""
        for draft in await recording.write(self._tx, self._drafts):
            self.touched.add(draft)


def _has_newer(state: SourceState, ci_id: int, moment: int) -> bool:
    """Return whether the source has said anything of that CI since."""
    return any(held.last_try >= moment for (each, _), held in state.sections.items() if each == ci_id)


def _told_in_full(decoded: observation.Observation, state: SourceState) -> list[BodyKey]:
    """Return the host's sections that come with a body and may have a kept one."""
    host = state.cis.get(HOST)
    told = (section.name for section in decoded.sections if section.body is not None)
    return [] if host is None else [(host, state.id, name) for name in told if state.last_ok(host, name)]
