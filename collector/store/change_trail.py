"""What was done to a change, step by step, and what persons decided of its lines."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.verification import LineState
from collector.store import interning
from collector.store.engine import insert, upsert
from collector.store.schema import change_decision, change_trail


@dataclass(frozen=True, slots=True)
class Mark:
    """One step: when (ms), who, what (`raise`, `edit`, an act, …), the state after it, what was said with it."""

    at: int
    who: str
    act: str
    state: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person said of the line at `place`, when (ms) and why; `state` is one of `verification.DECIDED`."""

    place: int
    state: LineState
    who: str
    at: int
    reason: str


async def add(tx: AsyncConnection, change_id: int, mark: Mark) -> None:
    await tx.execute(insert(tx, change_trail).values(change_id=change_id, **asdict(mark)))


async def of(connection: AsyncConnection, change_id: int) -> tuple[Mark, ...]:
    """Return the steps of a change, the oldest first."""
    ordered = select(change_trail).where(change_trail.c.change_id == change_id).order_by(change_trail.c.id)
    return tuple(Mark(row.at, row.who, row.act, row.state, row.detail) for row in await connection.execute(ordered))


async def decide(tx: AsyncConnection, change_id: int, decision: Decision) -> None:
    """Write a decision; what was said of the line before is replaced, the trail keeps it."""
    values = {"change_id": change_id, **asdict(decision)}
    await tx.execute(upsert(tx, change_decision, ("change_id", "place"), "state", "who", "at", "reason"), values)


async def decisions(connection: AsyncConnection, change_ids: Collection[int]) -> dict[int, dict[int, Decision]]:
    """Return change id → place of a line → what a person decided of it."""
    found: dict[int, dict[int, Decision]] = {}
    for part in interning.chunks(change_ids):
        for row in await connection.execute(select(change_decision).where(change_decision.c.change_id.in_(part))):
            its = Decision(row.place, LineState(row.state), row.who, row.at, row.reason)
            found.setdefault(row.change_id, {})[row.place] = its
    return found
