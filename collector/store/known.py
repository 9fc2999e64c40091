"""What is known now of some CIs, as rules need it: how fresh each section is, its body, who was heard when."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Row, bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store import interning, schema
from wire.observation import Status

_section, _bound, _agent = schema.section.c, schema.subject_ci.c, schema.agent.c
_CIS: BindParameter[int] = bindparam("cis", expanding=True)
_HEADS = (
    select(_section.ci_id, _section.name, _section.status, _section.last_ok, schema.source.c.confirmed_at)
    .select_from(schema.section.join(schema.source))
    .where(_section.ci_id.in_(_CIS))
)
_SPEAKS = exists().where(_bound.source_id == schema.source.c.id, _bound.ci_id == _section.ci_id)
_LOOKS = _HEADS.add_columns(schema.source.c.code, _SPEAKS.label("still"))
_READ = (
    _HEADS.add_columns(_section.body)
    .where(_section.name.in_(bindparam("names", expanding=True)))
    .order_by(_section.last_ok)
)
_AGENTS = (
    select(_bound.ci_id, _agent.id, _agent.last_seen, _agent.version)
    .select_from(schema.subject_ci.join(schema.source).join(schema.agent))
    .where(_bound.ci_id.in_(_CIS), _bound.role == "host", _agent.state == "active")
    .order_by(_agent.last_seen)
)


@dataclass(frozen=True, slots=True)
class Known:
    """How the latest reading of a section came about, and when the section was last confirmed (ms)."""

    status: Status
    last_ok: int


async def heads(connection: AsyncConnection, ci_ids: Collection[int]) -> dict[int, dict[str, Known]]:
    """Return CI → section → what is known of it; of several sources the one that confirmed it last."""
    found: dict[int, dict[str, Known]] = {ci_id: {} for ci_id in ci_ids}
    for part in interning.chunks(ci_ids):
        for row in await connection.execute(_HEADS, {"cis": part}):
            _hold(found[row.ci_id], row)
    return found


def _hold(held: dict[str, Known], row: Row[*tuple[Any, ...]]) -> None:
    """Keep what a source last looked at, unless another one confirmed the section later."""
    status = Status(row.status)
    fresh = max(row.last_ok, row.confirmed_at) if status.speaks else row.last_ok
    known = held.get(row.name)
    if known is None or known.last_ok < fresh:
        held[row.name] = Known(status, fresh)


Heads = dict[int, dict[str, Known]]
Bodies = dict[tuple[int, str], bytes]


async def read(connection: AsyncConnection, wanted: Mapping[int, Iterable[str]]) -> tuple[Heads, Bodies]:
    """Return what `heads` does, of the sections `wanted` (CI → names), and their canonical bodies.

    Of several sources the body is that of the one that read it last.
    """
    held: Heads = {ci_id: {} for ci_id in wanted}
    found: Bodies = {}
    for names, ci_ids in interning.alike(wanted).items():
        for part in interning.chunks(ci_ids):
            for row in await connection.execute(_READ, {"cis": part, "names": sorted(names)}):
                _hold(held[row.ci_id], row)
                if row.body is not None:
                    found[row.ci_id, row.name] = bytes(row.body)
    return held, found


@dataclass(frozen=True, slots=True)
class Seen:
    """The agent heard last on a CI; `last_seen` in ms."""

    agent_id: int
    last_seen: int
    version: str

    def facts(self, watches: Mapping[int, int | None]) -> dict[str, object]:
        """Return what rules read of it. `watches`: agent → when its next watch is due (ms, None: it may not), of those
        that watch."""
        told: dict[str, object] = {"last_seen": self.last_seen, "version": self.version}
        if self.agent_id in watches:
            told |= {"watches": True, "watch_due": watches[self.agent_id]}
        return told


async def agents(connection: AsyncConnection, ci_ids: Collection[int]) -> dict[int, Seen]:
    """Return CI → the agent heard last on it."""
    found: dict[int, Seen] = {}
    for part in interning.chunks(ci_ids):
        rows = await connection.execute(_AGENTS, {"cis": part})
        found.update({row.ci_id: Seen(row.id, row.last_seen, row.version) for row in rows})
    return found


async def looks(connection: AsyncConnection, ci_ids: Collection[int]) -> dict[tuple[int, str], dict[str, int]]:
    """Return (CI, section) → source → when it last looked and could say (ms); 0: it never could."""
    found: dict[tuple[int, str], dict[str, int]] = {}
    for part in interning.chunks(ci_ids):
        for row in await connection.execute(_LOOKS, {"cis": part}):
            confirmed = row.still and Status(row.status).speaks  # a quiet look is of what the source speaks of now
            fresh = max(row.last_ok, row.confirmed_at) if confirmed else row.last_ok
            found.setdefault((row.ci_id, row.name), {})[row.code] = fresh
    return found


async def hosts(connection: AsyncConnection) -> list[int]:
    """Return every CI that some source calls its host."""
    bound = schema.subject_ci.c
    rows = await connection.execute(select(bound.ci_id).where(bound.role == "host").distinct().order_by(bound.ci_id))
    return [row.ci_id for row in rows]
