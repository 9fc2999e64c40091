"""Doubts of identity with their store: what waits, for what, and how a person's decision answers for it.

Once a source's word on itself waits for a case, all it says waits behind it, in order, until it names itself in full
and is known again. A doubt that goes and comes back (A, B, A, B) is two things that speak as one: their CI is frozen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import CaseKind, Holder, Identified, Identifier, Observation, Subject
from collector.store import cis, doubts, merges
from collector.store.doubts import Ruling
from collector.store.sources import SourceState

HOST: Final = "host"
SAME, APART, REPLACES, QUARANTINE, CLONE = "same", "apart", "replaces", "quarantine", "clone"
"""Decisions: one thing; different things; the other one in its place; an identifier that names nobody; frozen."""

DOUBTFUL: Final = frozenset({"conflict", "ambiguous"})
UNIQUE: Final = ("serial", "uuid", "engine_id", "wwn", "chassis_id", "mac", "virtual_mac")
"""Kinds that go with the hardware: of these a replaced CI keeps only what its successor shows."""


@dataclass(frozen=True, slots=True)
class Again:
    """An observation that waited for a case, which is decided now.

    `overtaken`: newer words of its source are applied; what it says of a CI that has had newer ones is late.
    """

    role: str
    ruling: Ruling
    overtaken: bool


def waits_for(observation: Observation, state: SourceState, naming: Sequence[str], again: Again | None) -> int:
    """Return the case all of this observation waits for, 0 for none."""
    if state.frozen:
        return state.frozen
    if not state.held or (again is not None and state.held == again.ruling.case_id):
        return 0
    return 0 if _names_itself(observation, state, naming) else state.held


def _names_itself(observation: Observation, state: SourceState, naming: Sequence[str]) -> bool:
    """Return whether all that identity reads is told in full, or is what the host's CI is known by."""
    host = state.cis.get(HOST, 0)
    held = {name: state.sections[host, name].hash for name in naming if (host, name) in state.sections}
    told = {name: observation.readings[name] for name in naming if name in observation.readings}
    unsure = {name for name, each in told.items() if each.body is None and each.hash != held.get(name, b"")}
    return any(each.body is not None for each in told.values()) and not unsure and held.keys() <= told.keys()


async def wait(tx: AsyncConnection, observation: Observation, state: SourceState, case_id: int) -> None:
    """Let all of an observation wait."""
    await doubts.park(tx, observation.id, HOST, case_id, state.id)


async def park(
    tx: AsyncConnection, observation: Observation, each: Subject, answer: Identified, state: SourceState, moment: int
) -> None:
    """Let a subject wait for the case `answer` brings; of the host, everything its source says next."""
    if answer.case is None:
        raise ValueError(f"identity parked {each.role} without a case")
    fingerprint = f"{answer.outcome}|{observation.source}|{each.role}"
    case_id = await doubts.open_case(tx, answer.case, fingerprint, moment)
    await doubts.park(tx, observation.id, each.role, case_id, state.id)
    if each.role != HOST:
        return
    if state.held != case_id:
        await doubts.hold(tx, state.id, case_id)
        state.held = case_id
        await _look_for_clone(tx, state, list(answer.case.evidence), case_id, moment)


async def _look_for_clone(
    tx: AsyncConnection, state: SourceState, members: Sequence[int], case_id: int, moment: int
) -> None:
    """Freeze the CI this source is, when it has become itself again since the case was opened, and now is not."""
    mine = state.cis.get(HOST)
    if mine is None or mine not in members or not await doubts.is_overtaken(tx, state.id, case_id):
        return
    await doubts.rename(tx, case_id, str(CaseKind.CLONE), "two things take turns in speaking as one")
    await doubts.freeze(tx, [mine], case_id, moment)
    await doubts.next_turn(tx)
    state.frozen = case_id


async def let_go(tx: AsyncConnection, state: SourceState) -> None:
    """A source that waited is known again: what it says counts, and what still waits has been overtaken."""
    await doubts.let_go(tx, state.id)
    await doubts.overtake(tx, state.id)
    state.held = 0


async def drained(tx: AsyncConnection, state: SourceState, case_id: int) -> None:
    """Let a source go when nothing of it waits any more for the case that held it."""
    if state.held == case_id and not await doubts.is_waiting(tx, state.id, case_id):
        await doubts.let_go(tx, state.id)
        state.held = 0


# --- how a decision answers


async def answer_by(tx: AsyncConnection, again: Again | None, each: Subject, answer: Identified) -> Identified:
    """Return identity's answer, or where it doubts what was decided of the case this observation waited for."""
    if again is None or answer.outcome not in DOUBTFUL or again.role != each.role:
        return answer
    ruling = await doubts.rules_on(tx, again.ruling.case_id)
    if ruling.decision not in (SAME, APART, REPLACES):
        return answer
    said = f"case {ruling.case_id}, {ruling.by}: {ruling.decision}"
    if ruling.ci_id is None:
        return Identified("new", matched_by=said)
    (root,) = await cis.roots(tx, [ruling.ci_id])
    return Identified("match", root, said)


async def settle(
    tx: AsyncConnection, again: Again, each: Subject, ci_id: int, holders: Sequence[Holder], moment: int
) -> None:
    """Write what follows from a decision for the CI that `each` turned out to be."""
    ruling = await doubts.rules_on(tx, again.ruling.case_id)
    if ruling.decision == APART and ruling.ci_id is None:
        await doubts.found(tx, ruling.case_id, ci_id)
        known = await doubts.members(tx, ruling.case_id)
        await merges.part(tx, [ci_id, *known], ruling.case_id, moment, ruling.by)
    if ruling.decision == REPLACES:
        held = next((holder.identifiers for holder in holders if holder.ci_id == ci_id), frozenset())
        await merges.end_identifiers(tx, ci_id, replaced(each.identifiers, held), each.identifiers)


def replaced(shown: frozenset[Identifier], held: frozenset[Identifier]) -> list[str]:
    """Return the kinds that go with the hardware, of which both sides say something and share nothing."""
    kinds = {each.kind for each in shown} & {each.kind for each in held} & set(UNIQUE)
    return sorted(kinds - {each.kind for each in shown & held})
