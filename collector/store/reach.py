"""Whether CIs can be reached: looks, standings, how they moved, and the watches that look."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from sqlalchemy import Row, and_, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import FOREVER
from collector.reachability import METHODS, Method, Methods, Reach, Standing
from collector.store import interning, schema
from collector.store.browse.swept import PROTOCOLS
from collector.store.engine import insert, upsert
from collector.store.sweeps import RUNNING, WAITING

_look, _reach, _move, _ci = schema.reach_look.c, schema.reach.c, schema.reach_move.c, schema.ci.c
_bound, _source, _agent = schema.subject_ci.c, schema.source.c, schema.agent.c
STANDS = ("proposed", "active", "unreachable", "missing")
"""States in which a CI should be there."""

Address = tuple[str, str]
"""Zone and address."""


@dataclass(frozen=True, slots=True)
class Look:
    """How each way of asking one address went, as far as is known; the probe `agent_id` asked last, at `looked_at`."""

    zone: str
    address: str
    agent_id: int | None
    methods: Methods
    looked_at: int


# --- looks


async def put_looks(tx: AsyncConnection, looks: Sequence[Look]) -> None:
    if not looks:
        return
    putting = upsert(tx, schema.reach_look, ("zone", "address"), "agent_id", "methods", "looked_at")
    rows = [
        {"zone": each.zone, "address": each.address, "agent_id": each.agent_id, "methods": _packed(each.methods),
         "looked_at": each.looked_at}
        for each in looks
    ]  # fmt: skip
    await tx.execute(putting, rows)


async def looks_at(connection: AsyncConnection, zone: str, addresses: Collection[str]) -> dict[str, Look]:
    """Return address → what is known of it, of those that were looked at before."""
    found: dict[str, Look] = {}
    for part in interning.chunks(sorted(addresses)):
        rows = await connection.execute(select(schema.reach_look).where(_look.zone == zone, _look.address.in_(part)))
        found |= {row.address: _opened(row) for row in rows}
    return found


async def looks(connection: AsyncConnection) -> dict[Address, Look]:
    """Return every look."""
    return {(row.zone, row.address): _opened(row) for row in await connection.execute(select(schema.reach_look))}


def _opened(row: Row[Any]) -> Look:
    methods = {name: Method(*each) for name, each in json.loads(row.methods).items()}
    return Look(row.zone, row.address, row.agent_id, methods, row.looked_at)


def _packed(methods: Methods) -> str:
    return json.dumps({name: astuple(each) for name, each in methods.items()}, separators=(",", ":"))


# --- what there is to be asked


async def addresses(connection: AsyncConnection) -> list[tuple[int, Address]]:
    """Return (CI, zone and address) of all that sweeps know and that should be there."""
    found = (
        select(_bound.ci_id, _source.code)
        .select_from(schema.subject_ci.join(schema.source).join(schema.ci))
        .where(_source.kind.in_(PROTOCOLS), _bound.role == "host", _ci.merged_into.is_(None), _ci.state.in_(STANDS))
    )
    its = ((ci_id, code.split("/")) for ci_id, code in await connection.execute(found))
    return sorted({(ci_id, (parts[1], parts[2])) for ci_id, parts in its if len(parts) > 2})


async def heartbeats(connection: AsyncConnection) -> dict[int, int]:
    """Return CI → when its agent was last heard (ms), of all hosts that have one and should be there."""
    found = (
        select(_bound.ci_id, func.max(_agent.last_seen))
        .select_from(schema.subject_ci.join(schema.source).join(schema.agent).join(schema.ci))
        .where(_bound.role == "host", _agent.state == "active", _ci.merged_into.is_(None), _ci.state.in_(STANDS))
        .group_by(_bound.ci_id)
    )
    return {row[0]: row[1] for row in await connection.execute(found)}


async def watchers(connection: AsyncConnection) -> dict[int, tuple[int | None, str, str]]:
    """Return agent → the CI it runs on, its uid and its name."""
    bound = schema.source.outerjoin(
        schema.subject_ci, and_(_bound.source_id == _source.id, _bound.role == "host")
    ).join(schema.agent, _agent.id == _source.agent_id)
    rows = await connection.execute(select(_agent.id, _bound.ci_id, _agent.uid, _agent.hostname).select_from(bound))
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


async def busy(connection: AsyncConnection) -> frozenset[int]:
    """Return the agents that carry out a sweep while the watch of its zone waits: those of a version without lanes."""
    its, watch = schema.sweep.c, schema.sweep.alias().c
    running = (its.state == RUNNING, its.agent_id.is_not(None))
    waits = (watch.zone == its.zone, watch.state == WAITING, watch.id.in_(select(schema.reach_watch.c.sweep_id)))
    found = select(its.agent_id).where(*running, exists().where(*waits))
    return frozenset((await connection.execute(found)).scalars())


async def dependencies(connection: AsyncConnection, kinds: Collection[str]) -> list[tuple[int, str, int]]:
    """Return (a, kind, b) of the relations of these kinds that hold now."""
    its = schema.relation.c
    rows = await connection.execute(
        select(its.a, its.kind, its.b).where(its.kind.in_(kinds), its.vt == FOREVER).distinct()
    )
    return [(row.a, row.kind, row.b) for row in rows]


# --- how they stand


async def standings(connection: AsyncConnection, ci_ids: Iterable[int] | None = None) -> dict[int, Standing]:
    """Return CI → how it stands, of these CIs or of all."""
    if ci_ids is None:
        return {row.ci_id: _standing(row) for row in await connection.execute(select(schema.reach))}
    found: dict[int, Standing] = {}
    for part in interning.chunks(sorted(ci_ids)):
        rows = await connection.execute(select(schema.reach).where(_reach.ci_id.in_(part)))
        found |= {row.ci_id: _standing(row) for row in rows}
    return found


def _standing(row: Row[Any]) -> Standing:
    return Standing(
        row.ci_id, Reach(row.state), row.since, row.why, row.answered_at, row.missed_at, row.behind or 0, row.held,
        json.loads(row.ways),
    )  # fmt: skip


async def facts(connection: AsyncConnection, ci_ids: Iterable[int]) -> dict[int, dict[str, object]]:
    """Return CI → what rules read of it: state (None: nobody can say), since (ms), and each method (None: in doubt)."""
    return {ci_id: _facts(each) for ci_id, each in (await standings(connection, ci_ids)).items()}


def _facts(each: Standing) -> dict[str, object]:
    state = None if each.state is Reach.UNKNOWN else str(each.state)
    return {"state": state, "since": each.since, **{name: each.ways.get(name) for name in METHODS}}


async def put(tx: AsyncConnection, standings: Sequence[Standing]) -> None:
    """Write how some CIs stand now."""
    if not standings:
        return
    rows = [
        {"ci_id": each.ci_id, "state": str(each.state), "since": each.since, "why": each.why,
         "answered_at": each.answered_at, "missed_at": each.missed_at, "behind": each.behind or None,
         "held": each.held, "ways": json.dumps(dict(each.ways), separators=(",", ":"))}
        for each in standings
    ]  # fmt: skip
    await tx.execute(upsert(tx, schema.reach, ("ci_id",)), rows)


async def note(tx: AsyncConnection, moved: Sequence[Standing]) -> None:
    """Add how some CIs moved to their log; what is there already stays."""
    if moved:
        rows = [
            {"ci_id": each.ci_id, "at": each.since, "state": str(each.state), "why": each.why,
             "behind": each.behind or None}
            for each in moved
        ]  # fmt: skip
        await tx.execute(insert(tx, schema.reach_move).on_conflict_do_nothing(), rows)


async def forget(tx: AsyncConnection, before: int) -> None:
    """Forget moves from before `before` (ms)."""
    await tx.execute(delete(schema.reach_move).where(_move.at < before))


async def drop(tx: AsyncConnection, ci_ids: Collection[int]) -> None:
    """Forget how those stand that nobody watches any more."""
    for part in interning.chunks(sorted(ci_ids)):
        await tx.execute(update(schema.reach).where(_reach.behind.in_(part)).values(behind=None))
        await tx.execute(delete(schema.reach).where(_reach.ci_id.in_(part)))


async def cuts(connection: AsyncConnection) -> dict[int, int]:
    """Return CI → the failed CI that leaves no way to it."""
    return {row.ci_id: row.cut_by for row in await connection.execute(select(schema.reach_cut))}


async def put_cuts(tx: AsyncConnection, was: Mapping[int, int], now: Mapping[int, int]) -> None:
    """Write what is cut off now in the place of what was."""
    its = schema.reach_cut.c.ci_id
    for part in interning.chunks(sorted(was.keys() - now.keys())):
        await tx.execute(delete(schema.reach_cut).where(its.in_(part)))
    if rows := [{"ci_id": ci_id, "cut_by": by} for ci_id, by in now.items() if was.get(ci_id) != by]:
        await tx.execute(upsert(tx, schema.reach_cut, ("ci_id",)), rows)


# --- what people ask


@dataclass(frozen=True, slots=True)
class Move:
    """A CI came to stand so at `at` (ms). `behind`: CI whose failure explained it, None: its own."""

    ci_id: int
    at: int
    state: str
    why: str
    behind: int | None


async def moves(connection: AsyncConnection, ci_id: int, limit: int) -> list[Move]:
    """Return how a CI moved, the newest first."""
    columns = [_move[name] for name in Move.__slots__]
    wanted = select(*columns).where(_move.ci_id == ci_id).order_by(_move.at.desc()).limit(limit)
    return [Move(*row) for row in await connection.execute(wanted)]


async def counts(connection: AsyncConnection) -> dict[str, int]:
    """Return state → how many CIs are in it."""
    rows = await connection.execute(select(_reach.state, func.count()).group_by(_reach.state))
    return {row[0]: row[1] for row in rows}


# --- watches


@dataclass(frozen=True, slots=True)
class Watch:
    """The sweep of a zone that is begun again and again; `began_at`: last (ms). `lent`: to whom what, as last told."""

    zone: str
    sweep_id: int
    began_at: int
    lent: str


async def watches(connection: AsyncConnection) -> dict[str, Watch]:
    """Return zone → its watch."""
    columns = [schema.reach_watch.c[name] for name in Watch.__slots__]
    return {row[0]: Watch(*row) for row in await connection.execute(select(*columns))}


async def watch_of(connection: AsyncConnection, sweep_id: int) -> Watch | None:
    """Return the watch a sweep is, None when it is none."""
    columns = [schema.reach_watch.c[name] for name in Watch.__slots__]
    row = (await connection.execute(select(*columns).where(schema.reach_watch.c.sweep_id == sweep_id))).first()
    return Watch(*row) if row else None


async def put_watch(tx: AsyncConnection, watch: Watch) -> None:
    row = {name: getattr(watch, name) for name in Watch.__slots__}
    await tx.execute(upsert(tx, schema.reach_watch, ("zone",), "sweep_id", "began_at", "lent"), row)
