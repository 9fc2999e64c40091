"""Absence with its store: what a host carried and is not spoken of any more ends, once that was said often enough.

Its relations end and it is missing, unless another source speaks of it; its record stays. Only what was read whole
says that something is not there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import CiState, Observation
from collector.store import cis, sources
from collector.store.sources import SourceState

LISTED_IN = {"software": "databases_and_middleware", "vm": "virtual_machines", "os": "os"}
"""What a role begins with → the section that lists it."""


async def note(
    tx: AsyncConnection, observation: Observation, placed: Collection[str], state: SourceState, most: int, moment: int
) -> None:
    """Count what `observation`, whose subjects were `placed`, does not speak of; what it speaks of again is there."""
    back = {role: 0 for role in state.absences if role in placed}
    for role in back:
        del state.absences[role]
    await sources.absent(tx, state.id, back, moment)
    gone = (role for role in state.cis if role not in placed and _is_whole(role, observation))
    await _count(tx, observation, sorted(gone), state, most, moment)


async def again(tx: AsyncConnection, observation: Observation, state: SourceState, most: int, moment: int) -> None:
    """Count what was not spoken of before and is not now: the sections that would list it are as they were."""
    gone = (role for role in state.absences if _speaks_of(role, observation))
    await _count(tx, observation, sorted(gone), state, most, moment)


def _listed_in(role: str) -> str:
    return LISTED_IN.get(role.partition(":")[0], "")


def _is_whole(role: str, observation: Observation) -> bool:
    reading = observation.readings.get(_listed_in(role))
    return reading is None or reading.complete


def _speaks_of(role: str, observation: Observation) -> bool:
    reading = observation.readings.get(_listed_in(role))
    return reading is not None and reading.status.speaks and reading.complete


async def _count(
    tx: AsyncConnection, observation: Observation, roles: Iterable[str], state: SourceState, most: int, moment: int
) -> None:
    counts = {role: state.absences.get(role, 0) + 1 for role in roles}
    ended = [role for role, count in counts.items() if count >= most]
    state.absences.update({role: count for role, count in counts.items() if count < most})
    await sources.absent(tx, state.id, {role: state.absences[role] for role in counts if role not in ended}, moment)
    await end(tx, ended, state, moment, observation.received_at)


async def end(tx: AsyncConnection, roles: Collection[str], state: SourceState, moment: int, recorded_at: int) -> None:
    """Let the source speak of what it calls by these roles no more, from `moment` (ms) on."""
    if not roles:
        return
    ci_ids = [state.cis.pop(role) for role in roles]
    for role in roles:
        state.absences.pop(role, None)
    await cis.unrelate(tx, ci_ids, state.id, moment, recorded_at)
    told = await sources.elsewhere(tx, state.id, ci_ids)
    await cis.set_state(
        tx, [each for each in ci_ids if each not in told], CiState.MISSING, cis.When(moment, recorded_at)
    )
    await sources.unbind(tx, state.id, sorted(roles))
