"""Sections as each source last told them: how each stands, and the canonical body of what may be compared or judged."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store import interning, schema
from collector.store.engine import upsert
from wire.observation import Status


@dataclass(slots=True)
class SectionState:
    """The last word of one source on one section of one CI."""

    status: Status
    hash: bytes
    revision: int
    last_ok: int
    last_try: int
    misses: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SectionRow:
    """A section to write; `body` None keeps the one that is there."""

    ci_id: int
    source_id: int
    name: str
    state: SectionState
    body: bytes | None


_STATE = ("status", "reason", "last_try", "last_ok", "misses", "revision", "hash")


async def save(connection: AsyncConnection, rows: Sequence[SectionRow]) -> None:
    """Insert or update sections: those with a body and those without in one statement each."""
    for with_body in (True, False):
        part = [row for row in rows if (row.body is not None) is with_body]
        if part:
            names = (*_STATE, "body") if with_body else _STATE
            saving = upsert(connection, schema.section, ("ci_id", "source_id", "name"), *names)
            await connection.execute(saving, [_values(row) for row in part])


def _values(row: SectionRow) -> dict[str, object]:
    state = row.state
    return {
        "ci_id": row.ci_id, "source_id": row.source_id, "name": row.name, "status": int(state.status),
        "reason": state.reason, "last_try": state.last_try, "last_ok": state.last_ok, "misses": state.misses,
        "revision": state.revision, "hash": state.hash, "body": row.body,
    }  # fmt: skip


BodyKey = tuple[int, int, str]
"""CI id, source id, section."""

_KEPT = (
    select(schema.section.c.ci_id, schema.section.c.source_id, schema.section.c.name, schema.section.c.body)
    .where(schema.section.c.ci_id.in_(bindparam("cis", expanding=True)))
    .where(schema.section.c.name.in_(bindparam("names", expanding=True)), schema.section.c.body.is_not(None))
)
_SPEAKERS = union_all(
    select(schema.section.c.ci_id, func.min(schema.section.c.source_id), func.max(schema.section.c.source_id))
    .where(schema.section.c.ci_id.in_(bindparam("cis", expanding=True)))
    .group_by(schema.section.c.ci_id),
    select(schema.value_lock.c.ci_id, literal(0), literal(0))  # whoever holds a lock has a say, and is no such source
    .where(schema.value_lock.c.ci_id.in_(bindparam("cis", expanding=True)), schema.value_lock.c.ended_at.is_(None)),
)  # fmt: skip


async def bodies(connection: AsyncConnection, keys: Collection[BodyKey]) -> dict[BodyKey, bytes]:
    """Return the kept canonical bodies of those sections that have one.

    One statement for all CIs of which the same sections are asked: a list of whole keys SQLite would look up by
    reading the table from end to end.
    """
    names: dict[int, set[str]] = {}
    for ci_id, _, name in keys:
        names.setdefault(ci_id, set()).add(name)
    found: dict[BodyKey, bytes] = {}
    for wanted in set(map(frozenset, names.values())):
        for part in interning.chunks(ci_id for ci_id, its in names.items() if its == wanted):
            rows = await connection.execute(_KEPT, {"cis": part, "names": sorted(wanted)})
            found |= {(ci_id, source_id, name): bytes(body) for ci_id, source_id, name, body in rows}
    return {key: found[key] for key in keys if key in found}


_TOLD = (
    select(schema.section.c.ci_id, schema.section.c.name)
    .where(schema.section.c.ci_id.in_(bindparam("cis", expanding=True)), schema.section.c.last_ok > 0)
    .distinct()
)
_NAMED_SPEAKERS = (
    select(schema.section.c.ci_id, schema.source.c.code)
    .select_from(schema.section.join(schema.source, schema.source.c.id == schema.section.c.source_id))
    .where(schema.section.c.ci_id.in_(bindparam("cis", expanding=True)), schema.section.c.name == bindparam("name"))
    .where(schema.source.c.kind == bindparam("kind"))
    .order_by(schema.source.c.id)
)


async def told(connection: AsyncConnection, ci_ids: Iterable[int]) -> set[tuple[int, str]]:
    """Return which sections of which CIs any source has said anything of (CI id, section)."""
    found: set[tuple[int, str]] = set()
    for part in interning.chunks(ci_ids):
        found.update((ci_id, name) for ci_id, name in await connection.execute(_TOLD, {"cis": part}))
    return found


async def speakers(connection: AsyncConnection, ci_ids: Iterable[int], name: str, kind: str) -> dict[int, list[str]]:
    """Return CI → the sources (codes) of that kind that have said anything of section `name`."""
    found: dict[int, list[str]] = {}
    for part in interning.chunks(ci_ids):
        for ci_id, code in await connection.execute(_NAMED_SPEAKERS, {"cis": part, "name": name, "kind": kind}):
            found.setdefault(ci_id, []).append(code)
    return found


async def shared(connection: AsyncConnection, speakers: Mapping[int, int]) -> set[int]:
    """Return those CIs of `speakers` (CI → source) on which any other source has a say too, or holds a lock."""
    found: set[int] = set()
    for part in interning.chunks(speakers):
        for ci_id, lowest, highest in await connection.execute(_SPEAKERS, {"cis": part}):
            if {lowest, highest} != {speakers[ci_id]}:
                found.add(ci_id)
    return found
