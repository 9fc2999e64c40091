"""What is proposed and waits for somebody's word, and who was heard of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import FOREVER, CiState
from collector.store import interning
from collector.store.schema import agent, ci, claim, held_source, observation, source, subject_ci

_CIS = 100
"""CIs in one statement that reads all that stands of each."""


class Word(NamedTuple):
    """Somebody who speaks of a CI: its source, and the agent that brought what it says (None: nobody did).

    `address`: where an agent that speaks for itself last called from; empty for one that may not speak any more.
    """

    ci_id: int
    code: str
    kind: str
    is_own: bool
    sender: int | None
    address: str


class Waiting(NamedTuple):
    """A proposed CI; `created_at` in ms."""

    ci_id: int
    uid: str
    name: str
    ci_class: str
    ci_type: str
    created_at: int


_SPEAKS = (agent.c.id == source.c.agent_id) & (agent.c.state == "active")
_WAITING = select(ci.c.id, ci.c.uid, ci.c.name, ci.c.ci_class, ci.c.ci_type, ci.c.created_at).where(
    ci.c.state == str(CiState.PROPOSED), ci.c.merged_into.is_(None)
)


async def waiting(
    connection: AsyncConnection, classes: Collection[str], since: int, after: int, limit: int
) -> list[Waiting]:
    """Return proposed CIs of some classes that came to be at `since` (ms) or later, those with an id above `after`."""
    some = _WAITING.where(ci.c.ci_class.in_(sorted(classes)), ci.c.created_at >= since, ci.c.id > after)
    return [Waiting(*row) for row in await connection.execute(some.order_by(ci.c.id).limit(limit))]


async def among(connection: AsyncConnection, ci_ids: Iterable[int]) -> list[Waiting]:
    """Return those of some CIs that are proposed."""
    found: list[Waiting] = []
    for part in interning.chunks(sorted(ci_ids)):
        found += [Waiting(*row) for row in await connection.execute(_WAITING.where(ci.c.id.in_(part)))]
    return found


async def speakers(connection: AsyncConnection, ci_ids: Iterable[int]) -> list[Word]:
    """Return who speaks of those CIs, by whatever agent."""
    its, own = source.c, source.c.agent_id.is_not(None)
    joined = subject_ci.join(source, its.id == subject_ci.c.source_id).outerjoin(agent, _SPEAKS)
    found: list[Word] = []
    for part in interning.chunks(ci_ids):
        wanted = select(subject_ci.c.ci_id, its.code, its.kind, own, its.agent_id, func.coalesce(agent.c.address, ""))
        rows = await connection.execute(wanted.select_from(joined).where(subject_ci.c.ci_id.in_(part)).distinct())
        found += [Word(*row) for row in rows]
    return found


async def standing(connection: AsyncConnection, ci_ids: Iterable[int]) -> list[Word]:
    """Return whose word stands of those CIs, each by every agent that brought any of it."""
    its, own = source.c, source.c.agent_id.is_not(None)
    joined = (
        claim.join(source, its.id == claim.c.source_id)
        .outerjoin(observation, observation.c.id == claim.c.observation_id)
        .outerjoin(agent, _SPEAKS)
    )
    found: list[Word] = []
    for part in interning.chunks(ci_ids, _CIS):
        wanted = select(
            claim.c.ci_id, its.code, its.kind, own, observation.c.agent_id, func.coalesce(agent.c.address, "")
        )
        held = (claim.c.ci_id.in_(part), claim.c.vt == FOREVER, claim.c.tt == FOREVER)
        rows = await connection.execute(wanted.select_from(joined).where(*held).distinct())
        found += [Word(*row) for row in rows]
    return found


async def held_up(connection: AsyncConnection, ci_ids: Iterable[int]) -> set[int]:
    """Return those CIs a source of which waits for a case: what it says next may be of something else."""
    found = set[int]()
    for part in interning.chunks(ci_ids):
        joined = subject_ci.join(held_source, held_source.c.source_id == subject_ci.c.source_id)
        wanted = select(subject_ci.c.ci_id).select_from(joined).where(subject_ci.c.ci_id.in_(part))
        found.update((await connection.execute(wanted)).scalars())
    return found
