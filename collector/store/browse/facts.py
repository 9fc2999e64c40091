"""What a CI is made of: facts now or at any past time, who says what of one value, and how each section stands."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import FOREVER, Value
from collector.store.schema import auth, claim, fact, path, section, source, val
from wire.observation import Status


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in both times: what was true at `valid_at`, as it was known at `known_at` (ms)."""

    valid_at: int
    known_at: int


@dataclass(frozen=True, slots=True)
class FactRow:
    """One value of a CI, who gave it, why it won (rank, takeover, rule, lock) and since when it holds (ms)."""

    section: str
    key: str
    value: Value
    source: str
    why: str
    since: int


@dataclass(frozen=True, slots=True)
class SectionRow:
    """How one source's section of a CI stands. `last_ok` 0: it never spoke."""

    name: str
    source: str
    status: Status
    reason: str
    last_try: int
    last_ok: int


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """What one source says of one value, since when, and when it last said so."""

    source: str
    value: Value
    since: int
    last_old: int
    confirmed_at: int
    cause: str


@dataclass(frozen=True, slots=True)
class AuthRow:
    """The authorised value, on what basis (arrival, change, accepted …) and which reference."""

    value: Value
    basis: str
    ref: str
    since: int


def holds(table: Table, moment: Moment | None) -> ColumnElement[bool]:
    """Return the condition under which a row of a lane holds now, or held at `moment`."""
    if moment is None:
        return (table.c.vt == FOREVER) & (table.c.tt == FOREVER)
    return (
        (table.c.vf <= moment.valid_at)
        & (moment.valid_at < table.c.vt)
        & (table.c.tf <= moment.known_at)
        & (moment.known_at < table.c.tt)
    )


async def facts(
    connection: AsyncConnection, ci_id: int, moment: Moment | None = None, name: str | None = None
) -> tuple[FactRow, ...]:
    """Return the facts of a CI by section and key; of one section when `name` is given."""
    statement = (
        select(path.c.section, path.c.key, val.c.text, source.c.code, fact.c.why, fact.c.vf)
        .join(path, path.c.id == fact.c.path_id)
        .join(val, val.c.id == fact.c.val_id)
        .join(source, source.c.id == fact.c.source_id)
        .where(fact.c.ci_id == ci_id, holds(fact, moment))
        .order_by(path.c.section, path.c.key)
    )
    if name is not None:
        statement = statement.where(path.c.section == name)
    rows = await connection.execute(statement)
    return tuple(FactRow(row[0], row[1], json.loads(row[2]), row[3], row[4], row[5]) for row in rows)


async def count_by_section(connection: AsyncConnection, ci_id: int) -> dict[str, int]:
    """Return section → how many facts a CI has there now."""
    statement = (
        select(path.c.section, func.count())
        .join(fact, fact.c.path_id == path.c.id)
        .where(fact.c.ci_id == ci_id, holds(fact, None))
        .group_by(path.c.section)
    )
    return {row[0]: row[1] for row in await connection.execute(statement)}


async def sections(connection: AsyncConnection, ci_id: int) -> tuple[SectionRow, ...]:
    """Return every section of a CI. A source that says "nothing moved" confirms those that last spoke."""
    statement = (
        select(section, source.c.code, source.c.confirmed_at)
        .join(source, source.c.id == section.c.source_id)
        .where(section.c.ci_id == ci_id)
        .order_by(section.c.name, source.c.code)
    )
    return tuple(_section(row) for row in await connection.execute(statement))


def status_of(number: int) -> Status:
    """Return the status a row holds; a number of a newer program says nothing."""
    try:
        return Status(number)
    except ValueError:
        return Status.UNSPECIFIED


def _section(row: Any) -> SectionRow:
    status = status_of(row.status)
    silent = row.name == "health"  # volatile sections are no part of "nothing moved"
    last_try = row.last_try if silent else max(row.last_try, row.confirmed_at)
    last_ok = max(row.last_ok, row.confirmed_at) if status.speaks and not silent else row.last_ok
    return SectionRow(row.name, row.code, status, row.reason, last_try, last_ok)


async def health(connection: AsyncConnection, ci_id: int) -> tuple[list[dict[str, Any]], int]:
    """Return the newest measurements of a CI (rows of metric, instance, value) and when they were taken (ms)."""
    statement = (
        select(section.c.body, section.c.last_ok)
        .where(section.c.ci_id == ci_id, section.c.name == "health", section.c.body.is_not(None))
        .order_by(section.c.last_ok.desc())
        .limit(1)
    )
    row = (await connection.execute(statement)).one_or_none()
    return (json.loads(row.body), row.last_ok) if row else ([], 0)


async def claims(connection: AsyncConnection, ci_id: int, name: str, key: str) -> tuple[ClaimRow, ...]:
    """Return what every source says now of one value."""
    greater: Any = func.greatest if connection.dialect.name == "postgresql" else func.max
    confirmed = greater(func.coalesce(section.c.last_ok, 0), source.c.confirmed_at)
    told = (section.c.ci_id == claim.c.ci_id) & (section.c.source_id == claim.c.source_id) & (section.c.name == name)
    statement = (
        select(source.c.code, val.c.text, claim.c.vf, claim.c.lo, confirmed, claim.c.cause)
        .join(path, path.c.id == claim.c.path_id)
        .join(val, val.c.id == claim.c.val_id)
        .join(source, source.c.id == claim.c.source_id)
        .outerjoin(section, told)
        .where(claim.c.ci_id == ci_id, path.c.section == name, path.c.key == key, holds(claim, None))
        .order_by(source.c.code)
    )
    rows = await connection.execute(statement)
    return tuple(ClaimRow(row[0], json.loads(row[1]), row[2], row[3], row[4], row[5]) for row in rows)


async def authorised(connection: AsyncConnection, ci_id: int, name: str, key: str) -> AuthRow | None:
    """Return the authorised value of one path; None when nothing is authorised there."""
    statement = (
        select(val.c.text, auth.c.basis, auth.c.ref, auth.c.vf)
        .join(path, path.c.id == auth.c.path_id)
        .join(val, val.c.id == auth.c.val_id)
        .where(auth.c.ci_id == ci_id, path.c.section == name, path.c.key == key, holds(auth, None))
    )
    row = (await connection.execute(statement)).first()
    return AuthRow(json.loads(row[0]), row[1], row[2], row[3]) if row else None
