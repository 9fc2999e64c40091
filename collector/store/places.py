"""Where CIs stand, and what else their records say now."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import FOREVER
from collector.record import SECTION
from collector.store import interning
from collector.store.schema import fact, path, val


async def of_cis(connection: AsyncConnection, ci_ids: Iterable[int]) -> dict[int, str]:
    """Return CI → its place; those whose record names none are left out."""
    named = select(path.c.id).where(path.c.section == SECTION, path.c.key == "place").scalar_subquery()
    wanted = select(fact.c.ci_id, val.c.text).join(val, val.c.id == fact.c.val_id)
    found: dict[int, str] = {}
    for part in interning.chunks(ci_ids):
        here = wanted.where(fact.c.ci_id.in_(part), fact.c.path_id == named, fact.c.vt == FOREVER, fact.c.tt == FOREVER)
        found |= {ci_id: str(json.loads(text)) for ci_id, text in await connection.execute(here)}
    return found


async def records(
    connection: AsyncConnection, ci_ids: Iterable[int], fields: Collection[str]
) -> dict[int, dict[str, str]]:
    """Return CI → what its record says of these fields; those that say nothing are left out."""
    wanted = (
        select(fact.c.ci_id, path.c.key, val.c.text)
        .join(val, val.c.id == fact.c.val_id)
        .join(path, path.c.id == fact.c.path_id)
        .where(path.c.section == SECTION, path.c.key.in_(sorted(fields)))
    )
    found: dict[int, dict[str, str]] = {}
    for part in interning.chunks(ci_ids):
        here = wanted.where(fact.c.ci_id.in_(part), fact.c.vt == FOREVER, fact.c.tt == FOREVER)
        for ci_id, key, text in await connection.execute(here):
            found.setdefault(ci_id, {})[key] = str(json.loads(text))
    return found
