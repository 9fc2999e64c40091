"""What a CI is made of: facts now or at any past time, who says what of one value, and how each section stands."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Table, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import FOREVER, Value
from collector.store import asof
from collector.store.asof import Moment as Moment
from collector.store.browse.page import AnySelect
from collector.store.schema import auth, claim, fact, path, section, source, val
from wire.observation import Status
from wire.sections import APART


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


def holds(table: Table) -> ColumnElement[bool]:
    """Return the condition under which a row of a lane holds now."""
    return (table.c.vt == FOREVER) & (table.c.tt == FOREVER)


async def facts(
    connection: AsyncConnection, ci_id: int, moment: Moment | None = None, name: str | None = None
) -> tuple[FactRow, ...]:
    """Return the facts of a CI by section and key, now or at `moment`; of one section when `name` is given."""
    asked: dict[str, object] = {"ci": ci_id, "name": name}
    if moment is not None:
        asked |= {"valid_at": moment.valid_at, "known_at": moment.known_at}
    rows = await connection.execute(_facts(moment is not None, name is not None), asked)
    return tuple(FactRow(row[0], row[1], json.loads(row[2]), row[3], row[4], row[5]) for row in rows)


@cache
def _facts(is_past: bool, is_named: bool) -> AnySelect:
    row = asof.held(fact, fact.c.ci_id == bindparam("ci"), asof.ASKED if is_past else None)
    statement = (
        select(path.c.section, path.c.key, val.c.text, source.c.code, row.c.why, row.c.vf)
        .join(path, path.c.id == row.c.path_id)
        .join(val, val.c.id == row.c.val_id)
        .join(source, source.c.id == row.c.source_id)
        .order_by(path.c.section, path.c.key)
    )
    return statement.where(path.c.section == bindparam("name")) if is_named else statement


async def count_by_section(connection: AsyncConnection, ci_id: int) -> dict[str, int]:
    """Return section → how many facts a CI has there now."""
    statement = (
        select(path.c.section, func.count())
        .join(fact, fact.c.path_id == path.c.id)
        .where(fact.c.ci_id == ci_id, holds(fact))
        .group_by(path.c.section)
    )
    return {row[0]: row[1] for row in await connection.execute(statement)}


_SECTIONS = (
    select(section, source.c.code, source.c.confirmed_at)
    .join(source, source.c.id == section.c.source_id)
    .where(section.c.ci_id == bindparam("ci"))
    .order_by(section.c.name, source.c.code)
)


async def sections(connection: AsyncConnection, ci_id: int) -> tuple[SectionRow, ...]:
    """Return every section of a CI. A source that says "nothing moved" confirms those that last spoke."""
    return tuple(_section(row) for row in await connection.execute(_SECTIONS, {"ci": ci_id}))


def status_of(number: int) -> Status:
    """Return the status a row holds; a number of a newer program says nothing."""
    try:
        return Status(number)
    except ValueError:
        return Status.UNSPECIFIED


def _section(row: Any) -> SectionRow:
    status = status_of(row.status)
    silent = row.name in APART
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


async def claims(
    connection: AsyncConnection, ci_id: int, name: str, key: str, moment: Moment | None = None
) -> tuple[ClaimRow, ...]:
    """Return what every source says of one value, now or at `moment`; when it last said so is known of now."""
    greater: Any = func.greatest if connection.dialect.name == "postgresql" else func.max
    confirmed = greater(func.coalesce(section.c.last_ok, 0), source.c.confirmed_at)
    row = asof.held(claim, _of_path(claim, ci_id, name, key), moment)
    told = (section.c.ci_id == row.c.ci_id) & (section.c.source_id == row.c.source_id) & (section.c.name == name)
    statement = (
        select(source.c.code, val.c.text, row.c.vf, row.c.lo, confirmed, row.c.cause)
        .select_from(row.join(val, val.c.id == row.c.val_id).join(source, source.c.id == row.c.source_id))
        .outerjoin(section, told)
        .order_by(source.c.code)
    )
    rows = await connection.execute(statement)
    return tuple(ClaimRow(row[0], json.loads(row[1]), row[2], row[3], row[4], row[5]) for row in rows)


def _of_path(lane: Table, ci_id: int, name: str, key: str) -> ColumnElement[bool]:
    wanted = select(path.c.id).where(path.c.section == name, path.c.key == key).scalar_subquery()
    return (lane.c.ci_id == ci_id) & (lane.c.path_id == wanted)


async def admitted(connection: AsyncConnection, ci_id: int, by: str) -> AuthRow | None:
    """Return the first value of a CI that its arrival authorised, where its reference begins with `by`."""
    statement = (
        select(val.c.text, auth.c.basis, auth.c.ref, auth.c.vf)
        .join(val, val.c.id == auth.c.val_id)
        .where(auth.c.ci_id == ci_id, auth.c.basis == "arrival", auth.c.ref.startswith(by, autoescape=True))
        .order_by(auth.c.vf)
        .limit(1)
    )
    row = (await connection.execute(statement)).first()
    return AuthRow(json.loads(row[0]), row[1], row[2], row[3]) if row else None


async def authorised(
    connection: AsyncConnection, ci_id: int, name: str, key: str, moment: Moment | None = None
) -> AuthRow | None:
    """Return the authorised value of one path, now or at `moment`; None when nothing is authorised there."""
    row = asof.held(auth, _of_path(auth, ci_id, name, key), moment)
    statement = select(val.c.text, row.c.basis, row.c.ref, row.c.vf).join(val, val.c.id == row.c.val_id)
    found = (await connection.execute(statement)).first()
    return AuthRow(json.loads(found[0]), found[1], found[2], found[3]) if found else None
