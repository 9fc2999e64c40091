"""When CIs were last seen: the newest word of any source on their sections; not what the collector makes of many."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.record import PRESENCE, RELATIONS
from collector.store.schema import section, source, subject_ci


async def last_seen(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, int]:
    """Return CI id → ms. A source that says "nothing moved" confirms all its CIs at once."""
    confirmed = (
        select(subject_ci.c.ci_id, func.max(source.c.confirmed_at))
        .join(source, source.c.id == subject_ci.c.source_id)
        .where(subject_ci.c.ci_id.in_(ids))
        .group_by(subject_ci.c.ci_id)
    )
    told = (
        select(section.c.ci_id, func.max(section.c.last_ok))
        .where(section.c.ci_id.in_(ids), section.c.name.not_in((PRESENCE.section, RELATIONS)))
        .group_by(section.c.ci_id)
    )
    newest: dict[int, int] = {}
    for statement in (confirmed, told):
        for ci_id, at in await connection.execute(statement):
            newest[ci_id] = max(newest.get(ci_id, 0), at or 0)
    return newest
