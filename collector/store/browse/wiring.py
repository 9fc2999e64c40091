"""What links and places are made of: the last body each source told of the sections that speak of cables and MACs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store import interning
from collector.store.browse.ref import CiRef
from collector.store.schema import ci, incident, section, source

_GONE = ("retired", "archived")
_SOFTWARE = ("application", "system_software")
_HEADS = (
    select(
        section.c.ci_id, section.c.source_id, section.c.name, section.c.hash, section.c.last_ok,
        source.c.kind, source.c.code, source.c.confirmed_at,
    )
    .join(source, source.c.id == section.c.source_id)
    .join(ci, ci.c.id == section.c.ci_id)
    .where(section.c.name.in_(bindparam("names", expanding=True)), section.c.body.is_not(None))
    .where(ci.c.merged_into.is_(None), ci.c.state.not_in(_GONE), ci.c.ci_class.not_in(_SOFTWARE))
)  # fmt: skip
_BODIES = select(section.c.ci_id, section.c.source_id, section.c.name, section.c.hash, section.c.body).where(
    section.c.ci_id.in_(bindparam("cis", expanding=True)),
    section.c.name.in_(bindparam("names", expanding=True)),
    section.c.body.is_not(None),
)
_NAMED = select(ci.c.id, ci.c.uid, ci.c.name, ci.c.ci_class, ci.c.ci_type, ci.c.state).where(
    ci.c.id.in_(bindparam("cis", expanding=True))
)

Place = tuple[int, int, str]
"""CI, source, section: what one body belongs to."""


@dataclass(frozen=True, slots=True)
class Head:
    """A body without itself: whose it is, its hash, who told it, and when it was last confirmed (ms)."""

    place: Place
    hash: bytes
    kind: str
    zone: str
    at: int


async def heads(connection: AsyncConnection, names: Collection[str]) -> list[Head]:
    """Return every body of `names` there is, by CI and section; an agent's before a sweep's, the newest before others.

    Software has no cables, and what is retired or archived has none any more.
    """
    rows = await connection.execute(_HEADS, {"names": list(names)})
    found = [
        Head(
            (row.ci_id, row.source_id, row.name), bytes(row.hash), row.kind, _zone(row.code),
            max(row.last_ok, row.confirmed_at),
        )
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda each: (each.place[0], each.place[2], each.kind != "agent", -each.at, each.place[1]))


def _zone(code: str) -> str:
    """Return the zone of a swept target (`snmp/ZONE/ADDRESS`); empty for the zone without a name, and for agents."""
    parts = code.split("/")
    return parts[1] if len(parts) > 2 else ""


async def bodies(
    connection: AsyncConnection, cis: Collection[int], names: Collection[str]
) -> dict[Place, tuple[bytes, bytes]]:
    """Return place → (hash, canonical body) of all `names` told of `cis`."""
    found: dict[Place, tuple[bytes, bytes]] = {}
    for part in interning.chunks(cis):
        rows = await connection.execute(_BODIES, {"cis": part, "names": list(names)})
        found.update({(row.ci_id, row.source_id, row.name): (bytes(row.hash), bytes(row.body)) for row in rows})
    return found


async def named(connection: AsyncConnection, cis: Collection[int]) -> Mapping[int, CiRef]:
    """Return CI id → how other things name it."""
    found: dict[int, CiRef] = {}
    for part in interning.chunks(cis):
        for row in await connection.execute(_NAMED, {"cis": part}):
            found[row.id] = CiRef(row.uid, row.name, row.ci_class, row.ci_type, row.state)
    return found


async def troubled(connection: AsyncConnection) -> dict[str, list[str]]:
    """Return CI by uid → the severities of its open incidents."""
    statement = select(ci.c.uid, incident.c.severity).join(incident, incident.c.ci_id == ci.c.id)
    found: dict[str, list[str]] = {}
    for row in await connection.execute(statement.where(incident.c.resolved_at.is_(None))):
        found.setdefault(row.uid, []).append(row.severity)
    return found
