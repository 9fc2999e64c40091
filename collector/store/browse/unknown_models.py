"""CIs that a sweep found and no definition knows, and the samples that were taken of them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store import interning
from collector.store.browse.facts import holds
from collector.store.browse.ref import CiRef
from collector.store.schema import ci, fact, path, section, val

SECTION = "sample"
UNMATCHED = ('"generic"', '"unknown"')
"""What `device.state` says, as a value's text, where no definition matched."""
TOLD = ("object_id", "vendor", "description")
MOST = 5000


@dataclass(frozen=True, slots=True)
class UnknownRow:
    """One such CI; what it did not tell is empty."""

    ci: CiRef
    object_id: str
    vendor: str
    description: str
    sampled: bool


async def unmatched(connection: AsyncConnection) -> list[UnknownRow]:
    """Return the CIs in service that no definition knows, oldest first, `MOST` of them."""
    statement = (
        select(ci.c.id, ci.c.uid, ci.c.name, ci.c.ci_class, ci.c.ci_type, ci.c.state)
        .join(fact, fact.c.ci_id == ci.c.id)
        .join(path, path.c.id == fact.c.path_id)
        .join(val, val.c.id == fact.c.val_id)
        .where(path.c.section == "device", path.c.key == "state", val.c.text.in_(UNMATCHED), holds(fact))
        .where(ci.c.merged_into.is_(None), ci.c.state.not_in(("retired", "archived")))
        .order_by(ci.c.id)
        .limit(MOST)
    )
    refs = {row[0]: CiRef(*row[1:]) for row in await connection.execute(statement)}
    told = await _told(connection, refs)
    sampled = await _sampled(connection, refs)
    return [
        UnknownRow(ref, **{key: told.get((ci_id, key), "") for key in TOLD}, sampled=ci_id in sampled)
        for ci_id, ref in refs.items()
    ]


async def _told(connection: AsyncConnection, refs: dict[int, CiRef]) -> dict[tuple[int, str], str]:
    found: dict[tuple[int, str], str] = {}
    for part in interning.chunks(refs):
        statement = (
            select(fact.c.ci_id, path.c.key, val.c.text)
            .join(path, path.c.id == fact.c.path_id)
            .join(val, val.c.id == fact.c.val_id)
            .where(fact.c.ci_id.in_(part), path.c.section == "device", path.c.key.in_(TOLD), holds(fact))
        )
        found |= {(row[0], row[1]): str(json.loads(row[2])) for row in await connection.execute(statement)}
    return found


async def _sampled(connection: AsyncConnection, refs: dict[int, CiRef]) -> set[int]:
    found: set[int] = set()
    for part in interning.chunks(refs):
        kept = section.c.ci_id.in_(part), section.c.name == SECTION, section.c.body.is_not(None)
        found |= set((await connection.execute(select(section.c.ci_id).where(*kept))).scalars())
    return found


async def sample(connection: AsyncConnection, uid: str) -> bytes | None:
    """Return the body of the newest sample of a CI, None when none was taken."""
    statement = (
        select(section.c.body)
        .join(ci, ci.c.id == section.c.ci_id)
        .where(ci.c.uid == uid, section.c.name == SECTION, section.c.body.is_not(None))
        .order_by(section.c.last_ok.desc())
        .limit(1)
    )
    row = (await connection.execute(statement)).one_or_none()
    return bytes(row[0]) if row else None
