"""Identity with its store: the subjects of an observation → the CIs they are, made where they are new."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import identity, subject, target
from collector.identifiers import PORT
from collector.identity import Context
from collector.model import PARENT_TO_SUBJECT, CiState, DuplicateCase, Holder, Identified, Observation, Reading, Subject
from collector.pipeline import absence, doubting
from collector.pipeline.doubting import Again
from collector.pipeline.policies import Policies
from collector.store import cis, doubts, merges, presence, sections, sources, suspects
from collector.store.presence import Displaced
from collector.store.sources import SourceState
from wire import observation as wire
from wire.observation import Status

HOST = doubting.HOST
"""The role of the one thing a source is about: the agent's machine, or what a probe looked at."""
NAMING = target.SECTIONS | {
    "hardware", "os", "virtualization", "virtual_machines", "databases_and_middleware", "lldp",
}  # fmt: skip
"""The sections identity reads; while none of them moves, every subject stays the CI it is."""
SAME_TIME_MS = 3_600_000
"""What was last heard within an hour of each other was heard at one time."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A subject and its CI. `arrival` names what admits it, for a CI made just now; empty otherwise."""

    subject: Subject
    ci_id: int
    arrival: str = ""


async def place(
    tx: AsyncConnection, observation: Observation, state: SourceState, policies: Policies, moment: int,
    again: Again | None = None,
) -> list[Placed] | None:  # fmt: skip
    """Return the CI of each subject, or None when the observation waits for a case and nothing was touched.

    `again`: it waited for one, which is decided now.
    """
    if case_id := doubting.waits_for(observation, state, sorted(NAMING), again):
        await doubting.wait(tx, observation, state, case_id)
        return None
    placed = await _placed(tx, observation, state, policies, moment, again)
    if placed is not None and again is None and state.held:
        await doubting.let_go(tx, state)
    return placed


async def _placed(
    tx: AsyncConnection, observation: Observation, state: SourceState, policies: Policies, moment: int,
    again: Again | None,
) -> list[Placed] | None:  # fmt: skip
    if stays(observation, state) and (again is None or again.role == HOST):
        if state.absences and again is None:
            await absence.again(tx, observation, state, policies.presence.absences, moment)
        return [Placed(_host_alone(observation), state.cis[HOST])]
    speaks_of = subject if observation.target is None else target
    previous = await _previous(tx, state, _known_as(state, again), speaks_of.SECTIONS)
    subjects = speaks_of.subjects(observation, policies.identity, previous)
    if again is not None and again.role != HOST:
        return await _place_one(tx, observation, subjects, state, policies, moment, again)
    return await _place_all(tx, observation, subjects, state, policies, moment, again)


def _known_as(state: SourceState, again: Again | None) -> int:
    """Return the CI whose last readings stand in for what an observation leaves out; 0: none."""
    if again is not None and again.role == HOST and again.overtaken:
        return again.ruling.ci_id or 0
    return state.cis.get(HOST, 0)


def stays(observation: Observation, state: SourceState) -> bool:
    """Return whether every subject stays the CI it is, since nothing that identity reads has moved."""
    if HOST not in state.cis:
        return False
    named = (observation.readings[name] for name in NAMING if name in observation.readings)
    return not any(each.body is not None and _differs(each.name, each.status, each.hash, state) for each in named)


def may_move(decoded: wire.Observation, state: SourceState) -> bool:
    """Return whether `stays` may turn out false, before any section is opened."""
    if HOST not in state.cis:
        return True
    told = (each for each in decoded.sections if each.body is not None or each.status is Status.EMPTY)
    return any(
        each.name in NAMING and _differs(each.name, each.status, each.hash if each.status is Status.OK else b"", state)
        for each in told
    )


def _differs(name: str, status: Status, digest: bytes, state: SourceState) -> bool:
    held = state.sections.get((state.cis[HOST], name))
    return held is None or (held.status, held.hash) != (status, digest)


def _host_alone(observation: Observation) -> Subject:
    return Subject(HOST, "", "", "", frozenset(), observation.readings)


async def _previous(tx: AsyncConnection, state: SourceState, host: int, names: frozenset[str]) -> Mapping[str, Reading]:
    if not host:
        return {}
    kept = await sections.bodies(tx, [(host, state.id, name) for name in sorted(names)])
    return {name: Reading(name, Status.OK, body=json.loads(body)) for (_, _, name), body in kept.items()}


async def _place_all(  # noqa: PLR0913  as `place`
    tx: AsyncConnection, observation: Observation, subjects: tuple[Subject, ...], state: SourceState,
    policies: Policies, moment: int, again: Again | None,
) -> list[Placed] | None:  # fmt: skip
    one = _Placing(tx, observation, state, policies, moment, again)
    placed: dict[str, Placed] = {}
    for each in subjects:
        found = await one.place(each, placed.get(each.parent or ""))
        if found is not None:
            placed[each.role] = found
        elif each.role == HOST:
            return None
    if again is not None and again.overtaken:
        return list(placed.values())
    await _relate(tx, placed, state, moment, observation.received_at)
    parked = (each.role for each in subjects if each.role not in placed)
    parted = [role for role in parked if role in state.cis]
    await absence.end(tx, parted, state, moment, observation.received_at)
    await absence.note(tx, observation, placed, state, policies.presence.absences, moment)
    return list(placed.values())


async def _place_one(  # noqa: PLR0913  as `place`
    tx: AsyncConnection, observation: Observation, subjects: tuple[Subject, ...], state: SourceState,
    policies: Policies, moment: int, again: Again,
) -> list[Placed]:  # fmt: skip
    """Place what waited alone: the rest of the observation was applied when it came."""
    its = [each for each in subjects if each.role == again.role]
    if not its or again.role in state.cis or HOST not in state.cis:
        return []  # it is not spoken of any more, or has been placed since
    parent = Placed(subjects[0], state.cis[HOST])
    found = await _Placing(tx, observation, state, policies, moment, again).place(its[0], parent)
    if found is None:
        return []
    await _relate(tx, {HOST: parent, found.subject.role: found}, state, moment, observation.received_at)
    return [found]


@dataclass(frozen=True, slots=True)
class _Placing:
    """One observation whose subjects are placed, one after the other."""

    tx: AsyncConnection
    observation: Observation
    state: SourceState
    policies: Policies
    moment: int
    again: Again | None

    async def place(self, each: Subject, parent: Placed | None) -> Placed | None:
        """Return the CI of one subject; None when it waits for a case."""
        holders = await _candidates(self.tx, each, parent, self.policies)
        identified = await self._identified(each, holders)
        answer = await doubting.answer_by(self.tx, self.again, each, identified)
        if answer.outcome in doubting.DOUBTFUL:
            await doubting.park(self.tx, self.observation, each, answer, self.state, self.moment)
            return None
        placed = await self._settle(each, answer)
        if self.again is not None and answer is not identified:
            await doubting.settle(self.tx, self.again, each, placed.ci_id, holders, self.moment)
        return placed

    async def _identified(self, each: Subject, holders: Sequence[Holder]) -> Identified:
        """Who fell silent is asked only where somebody is not simply known again: it makes no match and breaks none."""
        context = await self._context(each, holders)
        answer = identity.identify(each, holders, self.policies.identity, context)
        if answer.outcome == "match" or not holders:
            return answer
        context = replace(context, silent=await self._silent(each, holders))
        context = replace(context, stood_here=_stood_here(each, holders, context.silent))
        return identity.identify(each, holders, self.policies.identity, context)

    async def _silent(self, each: Subject, holders: Sequence[Holder]) -> frozenset[int]:
        """Return who of `holders` does not answer; who was all this source knew here, and is heard nowhere else, too.

        Of a pair the one behind an address may be the other at any time, and both are there.
        """
        mine = 0 if each.paired else self.state.cis.get(each.role, 0)
        asked = Displaced(mine, self.state.id, each.role, self._heard_since(mine))
        return await presence.silent(self.tx, [holder.ci_id for holder in holders], asked)

    def _heard_since(self, ci_id: int) -> int:
        """Return after when (ms) others must have heard a CI to say it is there: sweeps come by at different times."""
        own = max((self.state.last_ok(ci, name) for ci, name in self.state.sections if ci == ci_id), default=0)
        return min(own + SAME_TIME_MS, self.moment - SAME_TIME_MS)

    async def _context(self, each: Subject, holders: Sequence[Holder]) -> Context:
        named = {identifier for holder in holders for identifier in holder.identifiers} | each.identifiers
        return Context(
            suspects=await suspects.among(self.tx, named) if holders else frozenset(),
            apart=await merges.apart(self.tx, [holder.ci_id for holder in holders]),
            answered_here=0 if self.state.agent_id else self.state.cis.get(each.role, 0),
        )

    async def _settle(self, each: Subject, answer: Identified) -> Placed:
        tx, state, arrival = self.tx, self.state, ""
        when = cis.When(self.moment, self.observation.received_at)
        if answer.ci_id is None:
            # An operator minted the token the agent came with; what a sweep finds, a person has still to register.
            arrival = state.code if answer.case is None and state.agent_id else ""
            admitted = CiState.ACTIVE if arrival else CiState.PROPOSED
            ci_id = await cis.create(tx, each, admitted, arrival, when)
            if answer.case is not None:
                case = _with_member(answer.case, ci_id)
                await doubts.open_case(tx, case, f"new|{state.code}|{each.role}|{ci_id}", self.moment)
        else:
            ci_id = answer.ci_id
            await cis.describe(tx, ci_id, each, when, yields=not state.agent_id)
            await cis.leave_ports(tx, ci_id, each.identifiers, state.id)
        await cis.identify_by(tx, ci_id, each.identifiers, state.id, self.moment)
        await self._bind(each.role, ci_id, answer.matched_by or "new")
        return Placed(each, ci_id, arrival)

    async def _bind(self, role: str, ci_id: int, matched_by: str) -> None:
        """Remember which CI the source speaks of in this role, unless it has spoken of another one since."""
        is_past = self.again is not None and self.again.overtaken and role in self.state.cis
        if self.state.cis.get(role) != ci_id and not is_past:
            before = self.state.cis.get(role, 0)
            await sources.settle(self.tx, [(before, self.state.id, self.state.confirmed_of(before))])
            await sources.bind(self.tx, self.state.id, role, ci_id, matched_by, self.moment)
            self.state.speak_of(role, ci_id, self.moment)


async def _candidates(tx: AsyncConnection, each: Subject, parent: Placed | None, policies: Policies) -> list[Holder]:
    """Software is looked for inside its host; what has an identity of its own, anywhere."""
    if parent is not None and policies.identity.profile(each.ci_class, each.ci_type).inside_parent:
        return await cis.children(tx, parent.ci_id)
    return await cis.holders(tx, each.identifiers)


def _stood_here(each: Subject, holders: Sequence[Holder], silent: frozenset[int]) -> dict[int, str]:
    """Return silent CI → the port it was plugged into, as the subject is now; who moved on answers from there."""
    here = {found.value for found in each.identifiers if found.kind == PORT}
    stood = {
        holder.ci_id: sorted(here & {known.value for known in holder.identifiers if known.kind == PORT})
        for holder in holders
        if holder.ci_id in silent or holder.state in identity.SILENT
    }
    return {ci_id: _port(found[0]) for ci_id, found in stood.items() if found}


def _port(value: str) -> str:
    chassis, _, port = value.partition("|")
    return f"port {port[:64]} of {chassis[:64]}"


def _with_member(case: DuplicateCase, ci_id: int) -> DuplicateCase:
    return DuplicateCase(case.kind, case.why, {**case.evidence, ci_id: "the new one"})


async def _relate(
    tx: AsyncConnection, placed: Mapping[str, Placed], state: SourceState, moment: int, recorded_at: int
) -> None:
    relations = []
    for each in placed.values():
        relation, parent = each.subject.relation, placed.get(each.subject.parent or "")
        if relation is not None and parent is not None:
            ends = (parent.ci_id, each.ci_id) if relation in PARENT_TO_SUBJECT else (each.ci_id, parent.ci_id)
            relations.append((ends[0], relation, ends[1]))
    await cis.relate(tx, relations, state.id, moment, recorded_at)
