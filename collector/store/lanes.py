"""The three lanes: claims of each source, facts that won, values that are authorised.

An interval that ends is closed in place; a new one is opened at the same moment, so each lane
tiles time without gap or overlap.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import FOREVER, Claim, Path, Step, Value
from collector.store import interning, schema
from collector.store.engine import insert
from wire.observation import Status


@dataclass(frozen=True, slots=True)
class Origin:
    """What wrote a step: the CI, its source, the observation, and when it was recorded."""

    ci_id: int
    source_id: int
    observation_id: int
    recorded_at: int


@dataclass(frozen=True, slots=True)
class Basis:
    """What authorises a value: arrival, change, request, emergency, accepted, correction, and which one."""

    kind: str
    ref: str


@dataclass(frozen=True, slots=True)
class FactStep:
    """A fact that begins at `at` (value None: nobody claims it any more); `was_held` when another one ends there."""

    path: Path
    value: Value
    source_id: int
    why: str
    at: int
    was_held: bool


class Ids:
    """Interned ids of one transaction: look up many once, then translate; hand them on to whoever writes next."""

    def __init__(self, paths: Mapping[Path, int] | None = None, values: Mapping[str, int] | None = None) -> None:
        self.paths = dict(paths or {})
        self._values = dict(values or {})

    async def learn(
        self, connection: AsyncConnection, paths: Iterable[Path] = (), values: Iterable[Value] = ()
    ) -> None:
        """Look up those that are not here yet, and make them where they are new."""
        self.paths |= await interning.path_ids(connection, (each for each in paths if each not in self.paths))
        self._values |= await interning.value_ids(connection, values, self._values)

    def value(self, value: Value) -> int | None:
        return interning.id_of(self._values, value)


def _close(table: Table) -> Any:
    return (
        update(table)
        .where(table.c.ci_id == bindparam("b_ci"), table.c.path_id == bindparam("b_path"))
        .where(table.c.vt == FOREVER, table.c.tt == FOREVER)
        .values(vt=bindparam("b_at"))
    )


_CLOSE_CLAIM = (
    _close(schema.claim)
    .where(schema.claim.c.source_id == bindparam("b_source"))
    .values(gone_lo=bindparam("b_lo"), gone_cause=bindparam("b_cause"), gone_tf=bindparam("b_tf"))
)
_CLOSE_FACT, _CLOSE_AUTH = (_close(lane).values(gone_tf=bindparam("b_tf")) for lane in (schema.fact, schema.auth))


_FOLLOWED = {"b_lo": None, "b_cause": None, "b_tf": None}


def _went(origin: Origin, step: Step) -> dict[str, Any]:
    """Return what the next interval would say of how it came about, where there is none."""
    return {"b_lo": step.lo, "b_cause": step.cause, "b_tf": origin.recorded_at}


async def write_claims(connection: AsyncConnection, written: Iterable[tuple[Origin, Sequence[Step]]], ids: Ids) -> None:
    """Close the intervals that ended and open those that began, each in the lane of its origin's source.

    `written` names no CI twice, here and below: an interval opened by the one would have to be closed by the other.
    """
    ended: list[dict[str, Any]] = []
    opened: list[dict[str, Any]] = []
    for origin, steps in written:
        its = {"source_id": origin.source_id, "observation_id": origin.observation_id}
        for step in steps:
            if step.old is not None:
                closing = _closing(origin, ids.paths[step.path], step.hi) | {"b_source": origin.source_id}
                ended.append(closing | (_FOLLOWED if step.new is not None else _went(origin, step)))
            if step.new is not None:
                row = _opening(origin, ids, step.path, step.new, step.hi)
                opened.append(row | its | {"lo": step.lo, "cause": step.cause})
    await _write(connection, _CLOSE_CLAIM, ended, schema.claim, opened)


async def write_facts(
    connection: AsyncConnection, written: Iterable[tuple[Origin, Sequence[FactStep]]], ids: Ids
) -> None:
    """Let each fact hold from its moment on."""
    ended: list[dict[str, Any]] = []
    opened: list[dict[str, Any]] = []
    for origin, facts in written:
        for each in facts:
            if each.was_held:
                ended.append(_closing(origin, ids.paths[each.path], each.at) | _gone(origin, each.value))
            if each.value is not None:
                row = _opening(origin, ids, each.path, each.value, each.at)
                opened.append(row | {"source_id": each.source_id, "why": each.why})
    await _write(connection, _CLOSE_FACT, ended, schema.fact, opened)


@dataclass(frozen=True, slots=True)
class Authorising:
    """Values that are authorised from `at` on; never without a basis."""

    origin: Origin
    values: Mapping[Path, Value]
    at: int
    basis: Basis


async def write_authorised(connection: AsyncConnection, written: Iterable[Authorising], ids: Ids) -> None:
    """Let each value be authorised from its moment on; None ends what was authorised."""
    ended: list[dict[str, Any]] = []
    opened: list[dict[str, Any]] = []
    for each in written:
        its = {"basis": each.basis.kind, "ref": each.basis.ref}
        for path, value in each.values.items():
            ended.append(_closing(each.origin, ids.paths[path], each.at) | _gone(each.origin, value))
            if value is not None:
                opened.append(_opening(each.origin, ids, path, value, each.at) | its)
    await _write(connection, _CLOSE_AUTH, ended, schema.auth, opened)


def _gone(origin: Origin, then: Value) -> dict[str, Any]:
    """Return when an end was recorded; where something follows, that says so."""
    return {"b_tf": origin.recorded_at if then is None else None}


def _closing(origin: Origin, path_id: int, at: int) -> dict[str, Any]:
    return {"b_ci": origin.ci_id, "b_path": path_id, "b_at": at}


def _opening(origin: Origin, ids: Ids, path: Path, value: Value, at: int) -> dict[str, Any]:
    return {
        "ci_id": origin.ci_id, "path_id": ids.paths[path], "vf": at, "tf": origin.recorded_at,
        "val_id": ids.value(value),
    }  # fmt: skip


async def _write(
    connection: AsyncConnection, close: Any, ended: list[dict[str, Any]], table: Table, opened: list[dict[str, Any]]
) -> None:
    if ended:
        await connection.execute(close, ended)
    if opened:
        await connection.execute(insert(connection, table), opened)


_CIS = 100
"""CIs in one statement that asks each of them for all that holds."""
_STANDING = (
    select(schema.fact.c.ci_id, schema.path.c.section, schema.path.c.key, schema.val.c.text)
    .select_from(schema.fact.join(schema.path).join(schema.val))
    .where(schema.fact.c.ci_id.in_(bindparam("cis", expanding=True)))
    .where(schema.fact.c.vt == FOREVER, schema.fact.c.tt == FOREVER)
)
_AUTHORISED_SECTIONS = (
    select(schema.auth.c.ci_id, schema.path.c.section)
    .select_from(schema.auth.join(schema.path))
    .where(schema.auth.c.ci_id.in_(bindparam("cis", expanding=True)))
    .distinct()
)


async def standing(connection: AsyncConnection, ci_ids: Iterable[int]) -> dict[int, dict[Path, Value]]:
    """Return CI → path → the fact that holds now."""
    found: dict[int, dict[Path, Value]] = {}
    for part in interning.chunks(ci_ids, _CIS):
        for ci_id, section, key, text in await connection.execute(_STANDING, {"cis": part}):
            found.setdefault(ci_id, {})[Path(section, key)] = json.loads(text)
    return found


async def authorised_sections(connection: AsyncConnection, ci_ids: Iterable[int]) -> dict[int, set[str]]:
    """Return CI → the sections for which anything of it was ever authorised."""
    found: dict[int, set[str]] = {}
    for part in interning.chunks(ci_ids):
        for ci_id, section in await connection.execute(_AUTHORISED_SECTIONS, {"cis": part}):
            found.setdefault(ci_id, set()).add(section)
    return found


async def claims(
    connection: AsyncConnection, ci_id: int, paths: Sequence[Path]
) -> tuple[dict[Path, list[Claim]], dict[str, int]]:
    """Return every source's present claim for `paths`, with its section's last confirmation, and code → source id."""
    c, s = schema.claim.c, schema.section.c
    joined = (
        schema.claim.join(schema.path)
        .join(schema.source, schema.source.c.id == c.source_id)
        .join(schema.val, schema.val.c.id == c.val_id)
        .join(schema.section, (s.ci_id == c.ci_id) & (s.source_id == c.source_id) & (s.name == schema.path.c.section))
    )
    rows = await connection.execute(
        select(
            schema.path.c.section,
            schema.path.c.key,
            schema.source.c.code,
            c.source_id,
            schema.val.c.text,
            c.vf,
            s.last_ok,
            s.status,
            schema.source.c.confirmed_at,
        )
        .select_from(joined)
        .where(c.ci_id == ci_id, c.vt == FOREVER, c.tt == FOREVER)
        .where(schema.path.c.section.in_({path.section for path in paths}))
    )
    wanted, found, ids = set(paths), dict[Path, list[Claim]](), dict[str, int]()
    for row in rows:
        path = Path(row.section, row.key)
        if path in wanted:
            ids[row.code] = row.source_id
            fresh = max(row.last_ok, row.confirmed_at) if Status(row.status).speaks else row.last_ok
            found.setdefault(path, []).append(Claim(path, row.code, json.loads(row.text), row.vf, fresh))
    return found, ids
