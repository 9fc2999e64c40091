"""Findings as they stood at a moment: opened by then, and not closed before it."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store import interning
from collector.store.schema import finding

_STOOD = select(finding.c.id).where(
    finding.c.ci_id.in_(bindparam("cis", expanding=True)),
    finding.c.opened_at <= bindparam("at"),
    or_(finding.c.closed_at.is_(None), finding.c.closed_at >= bindparam("at")),
)


async def at(connection: AsyncConnection, ci_ids: Iterable[int], when: int) -> set[int]:
    """Return the findings of these CIs that stood at `when` (ms)."""
    found: set[int] = set()
    for part in interning.chunks(sorted(ci_ids)):
        found |= set((await connection.execute(_STOOD, {"cis": part, "at": when})).scalars())
    return found
