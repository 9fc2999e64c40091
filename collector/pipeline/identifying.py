"""Identity with its store: the subjects of an observation → the CIs they are, made where they are new."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import identity, subject
from collector.model import CiState, DuplicateCase, Holder, Identified, Observation, Reading, Subject
from collector.pipeline.policies import Policies
from collector.store import cis, sources
from collector.store.sources import SourceState
from wire import observation as wire
from wire.observation import Status

HOST = "host"
NAMING = frozenset({"hardware", "os", "interfaces", "virtualization", "virtual_machines", "databases_and_middleware"})
"""The sections identity reads; while none of them moves, every subject stays the CI it is."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A subject and its CI. `arrival` names what admits it, for a CI made just now; empty otherwise."""

    subject: Subject
    ci_id: int
    arrival: str = ""


async def place(
    tx: AsyncConnection, observation: Observation, state: SourceState, policies: Policies, moment: int
) -> list[Placed] | None:
    """Return the CI of each subject, or None when the observation was parked and nothing was touched."""
    if stays(observation, state):
        return [Placed(_host_alone(observation), state.cis[HOST])]
    previous = await _previous(tx, state)
    subjects = subject.subjects(observation, policies.identity, previous)
    return await _place_all(tx, observation, subjects, state, policies, moment)


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


async def _previous(tx: AsyncConnection, state: SourceState) -> Mapping[str, Reading]:
    if HOST not in state.cis:
        return {}
    kept = await sources.bodies(tx, [(state.cis[HOST], state.id, name) for name in sorted(subject.SECTIONS)])
    return {name: Reading(name, Status.OK, body=json.loads(body)) for (_, _, name), body in kept.items()}


async def _place_all(
    tx: AsyncConnection, observation: Observation, subjects: tuple[Subject, ...], state: SourceState,
    policies: Policies, moment: int,
) -> list[Placed] | None:  # fmt: skip
    placed: dict[str, Placed] = {}
    for each in subjects:
        parent = placed.get(each.parent or "")
        found = await _candidates(tx, each, parent, policies)
        answer = identity.identify(each, found, policies.identity)
        if answer.outcome in ("conflict", "ambiguous"):
            await _park(tx, observation, each, answer, moment)
            if each.role == HOST:
                return None
            continue
        placed[each.role] = await _settle(tx, each, answer, state, parent, moment)
    await _relate(tx, placed, state, moment)
    await _forget(tx, placed, state, moment)
    return list(placed.values())


async def _candidates(tx: AsyncConnection, each: Subject, parent: Placed | None, policies: Policies) -> list[Holder]:
    """Software is looked for inside its host; what has an identity of its own, anywhere."""
    if parent is not None and policies.identity.profile(each.ci_class, each.ci_type).inside_parent:
        return await cis.children(tx, parent.ci_id)
    return await cis.holders(tx, each.identifiers)


async def _settle(
    tx: AsyncConnection, each: Subject, answer: Identified, state: SourceState, parent: Placed | None, moment: int
) -> Placed:
    arrival = ""
    if answer.ci_id is None:
        arrival = state.code if answer.case is None else ""
        admitted = CiState.ACTIVE if arrival else CiState.PROPOSED
        ci_id = await cis.create(tx, each, admitted, arrival, moment)
        if answer.case is not None:
            await cis.open_case(tx, _with_member(answer.case, ci_id), f"new|{state.code}|{each.role}", moment)
    else:
        ci_id = answer.ci_id
        await cis.describe(tx, ci_id, each)
    await cis.identify_by(tx, ci_id, each.identifiers, state.id, moment)
    if state.cis.get(each.role) != ci_id:
        await sources.bind(tx, state.id, each.role, ci_id, answer.matched_by or "new", moment)
        state.cis[each.role] = ci_id
    return Placed(each, ci_id, arrival)


def _with_member(case: DuplicateCase, ci_id: int) -> DuplicateCase:
    return DuplicateCase(case.kind, case.why, {**case.evidence, ci_id: "the new one"})


async def _park(tx: AsyncConnection, observation: Observation, each: Subject, answer: Identified, moment: int) -> None:
    if answer.case is None:
        raise ValueError(f"identity parked {each.role} without a case")
    fingerprint = f"{answer.outcome}|{observation.source}|{each.role}"
    case_id = await cis.open_case(tx, answer.case, fingerprint, moment)
    await cis.park(tx, observation.id, each.role, case_id)


async def _relate(tx: AsyncConnection, placed: Mapping[str, Placed], state: SourceState, moment: int) -> None:
    relations = []
    for each in placed.values():
        relation, parent = each.subject.relation, placed.get(each.subject.parent or "")
        if relation is not None and parent is not None:
            ends = (parent.ci_id, each.ci_id) if relation == "contains" else (each.ci_id, parent.ci_id)
            relations.append((ends[0], relation, ends[1]))
    await cis.relate(tx, relations, state.id, moment)


async def _forget(tx: AsyncConnection, placed: Mapping[str, Placed], state: SourceState, moment: int) -> None:
    """What this source no longer speaks of stops being related; its record stays, as missing."""
    gone = sorted(role for role in state.cis if role not in placed)
    if gone:
        ci_ids = [state.cis.pop(role) for role in gone]
        await cis.unrelate(tx, ci_ids, state.id, moment)
        await cis.set_state(tx, ci_ids, CiState.MISSING)
        await sources.unbind(tx, state.id, gone)
