"""The agents: who is enrolled, when each was last heard, and which host it sits on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.browse.page import AnyRow, AnySelect, Key, Order, Page, Window, fetch
from collector.store.browse.ref import CiRef
from collector.store.schema import agent, ci, source, subject_ci

SORTS = {"hostname": agent.c.hostname, "seen": agent.c.last_seen, "enrolled": agent.c.enrolled_at}


@dataclass(frozen=True, slots=True)
class AgentQuery:
    """Which agents. States: active, silent, banned, retired; silent: active, not heard since `silent_before` (ms)."""

    silent_before: int
    states: tuple[str, ...] = ()
    q: str = ""
    sort: str = "hostname"


@dataclass(frozen=True, slots=True)
class AgentRow:
    """One agent; times in ms, 0: never; sizes in bytes."""

    uid: str
    hostname: str
    state: str
    address: str
    enrolled_at: int
    last_seen: int
    certificate_until: int
    version: str
    clock_offset_ms: int
    spool_depth: int
    dropped_total: int
    rss_bytes: int
    cpu_ms: int
    failing_sections: tuple[str, ...]
    state_reason: str
    host: CiRef | None = None


def state_now(silent_before: int) -> ColumnElement[str]:
    """Return the state people mean: an active agent that has not been heard is silent."""
    quiet = and_(agent.c.state == "active", agent.c.last_seen < silent_before, agent.c.enrolled_at < silent_before)
    return case((quiet, literal("silent")), else_=agent.c.state)


async def heard(connection: AsyncConnection) -> dict[tuple[str, str], int]:
    """Return (agent uid, what) → how often the receiver of an active agent heard it, or did not hear it."""
    told = select(agent.c.uid, agent.c.heard).where(agent.c.state == "active", agent.c.heard != "{}")
    rows = await connection.execute(told.order_by(agent.c.uid))
    return {(row[0], what): number for row in rows for what, number in json.loads(row[1]).items()}


async def list_agents(connection: AsyncConnection, query: AgentQuery, window: Window) -> Page[AgentRow]:
    """Return one page of agents; raise `BadCursor`, and KeyError for a sort that is not in `SORTS`."""
    where = _where(query)
    count = (await connection.execute(select(func.count()).select_from(agent).where(*where))).scalar_one()
    page = await fetch(connection, _agents(query.silent_before).where(*where), _order(query.sort), window, count)
    return page.of(await _dressed(connection, page.items))


async def one_agent(connection: AsyncConnection, uid: str, silent_before: int) -> AgentRow | None:
    rows = (await connection.execute(_agents(silent_before).where(agent.c.uid == uid))).all()
    found = await _dressed(connection, rows)
    return found[0] if found else None


async def by_state(connection: AsyncConnection, silent_before: int) -> dict[str, int]:
    """Return how many agents there are in each state."""
    state = state_now(silent_before)
    return {row[0]: row[1] for row in await connection.execute(select(state, func.count()).group_by(state))}


async def failing(connection: AsyncConnection) -> dict[str, int]:
    """Return section → how many active agents cannot read it."""
    rows = await connection.execute(
        select(agent.c.failing_sections).where(agent.c.state == "active", agent.c.failing_sections != "[]")
    )
    counts: dict[str, int] = {}
    for (text,) in rows:
        for name in _names(text):
            counts[name] = counts.get(name, 0) + 1
    return counts


async def host_of(connection: AsyncConnection, hostname: str) -> CiRef | None:
    """Return the host CI of the agent that calls itself `hostname`."""
    found = await connection.execute(_hosts().where(agent.c.hostname == hostname).order_by(agent.c.id).limit(1))
    row = found.first()
    return CiRef(*row[1:]) if row else None


async def agent_of(connection: AsyncConnection, ci_id: int) -> str | None:
    """Return the uid of the agent that sits on a CI."""
    statement = (
        select(agent.c.uid)
        .join(source, source.c.agent_id == agent.c.id)
        .join(subject_ci, subject_ci.c.source_id == source.c.id)
        .where(subject_ci.c.ci_id == ci_id, subject_ci.c.role == "host")
        .order_by(agent.c.last_seen.desc())
    )
    return (await connection.execute(statement)).scalars().first()


def _agents(silent_before: int) -> AnySelect:
    return select(
        agent.c.id, agent.c.uid, agent.c.hostname, state_now(silent_before).label("state_now"), agent.c.address,
        agent.c.enrolled_at, agent.c.last_seen, agent.c.certificate_until, agent.c.version, agent.c.clock_offset_ms,
        agent.c.spool_depth, agent.c.dropped_total, agent.c.rss_bytes, agent.c.cpu_ms, agent.c.failing_sections,
        agent.c.state_reason,
    )  # fmt: skip


def _where(query: AgentQuery) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if query.states:
        where.append(state_now(query.silent_before).in_(query.states))
    if query.q:
        where.append(
            or_(
                agent.c.hostname.icontains(query.q, autoescape=True),
                agent.c.uid.startswith(query.q.lower(), autoescape=True),
                agent.c.address.contains(query.q, autoescape=True),
            )
        )
    return where


def _order(sort: str) -> Order:
    column = SORTS[sort.removeprefix("-")]

    def bound(key: Key) -> tuple[Any, ...]:
        return (select(column).where(agent.c.id == key[0]).scalar_subquery(), key[0])

    return Order((column, agent.c.id), lambda row: (row.id,), bound, (int,), sort.startswith("-"))


def _hosts() -> AnySelect:
    return (
        select(agent.c.id, ci.c.uid, ci.c.name, ci.c.ci_class, ci.c.ci_type, ci.c.state)
        .join(source, source.c.agent_id == agent.c.id)
        .join(subject_ci, (subject_ci.c.source_id == source.c.id) & (subject_ci.c.role == "host"))
        .join(ci, ci.c.id == subject_ci.c.ci_id)
    )


async def _dressed(connection: AsyncConnection, rows: Sequence[AnyRow]) -> tuple[AgentRow, ...]:
    found = await connection.execute(_hosts().where(agent.c.id.in_([row.id for row in rows])))
    hosts = {row[0]: CiRef(*row[1:]) for row in found}
    return tuple(_agent(row, hosts.get(row.id)) for row in rows)


def _agent(row: AnyRow, host: CiRef | None) -> AgentRow:
    told = dict(row._mapping)
    for ours in ("id", "state_now", "failing_sections"):
        del told[ours]
    return AgentRow(state=row.state_now, failing_sections=_names(row.failing_sections), host=host, **told)


def _names(text: str) -> tuple[str, ...]:
    """A JSON array as check-in stored it; what is no array of texts says nothing."""
    try:
        listed = json.loads(text)
    except ValueError:
        return ()
    return tuple(each for each in listed if isinstance(each, str)) if isinstance(listed, list) else ()
