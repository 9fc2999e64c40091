"""The three lanes: claims of each source, facts that won, values that are authorised.

An interval that ends is closed in place; a new one is opened at the same moment, so each lane
tiles time without gap or overlap.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, bindparam, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import FOREVER, Claim, Path, Step, Value
from collector.store import interning, schema
from collector.store.engine import insert


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
    """Interned ids for one transaction: look up many once, then translate."""

    def __init__(self, paths: Mapping[Path, int], values: Mapping[str, int]) -> None:
        self.paths = paths
        self._values = values

    @classmethod
    async def of(cls, connection: AsyncConnection, paths: Iterable[Path], values: Iterable[Value]) -> Ids:
        return cls(await interning.path_ids(connection, paths), await interning.value_ids(connection, values))

    def value(self, value: Value) -> int | None:
        return interning.id_of(self._values, value)


def _close(table: Table) -> Any:
    return (
        update(table)
        .where(table.c.ci_id == bindparam("b_ci"), table.c.path_id == bindparam("b_path"))
        .where(table.c.vt == FOREVER, table.c.tt == FOREVER)
        .values(vt=bindparam("b_at"))
    )


_CLOSE_CLAIM = _close(schema.claim).where(schema.claim.c.source_id == bindparam("b_source"))
_CLOSE_FACT, _CLOSE_AUTH = _close(schema.fact), _close(schema.auth)


async def write_claims(connection: AsyncConnection, origin: Origin, steps: Sequence[Step], ids: Ids) -> None:
    """Close the intervals that ended and open those that began, in the lane of `origin`'s source."""
    ended = [step for step in steps if step.old is not None]
    if ended:
        rows = [_closing(origin, ids.paths[step.path], step.hi) | {"b_source": origin.source_id} for step in ended]
        await connection.execute(_CLOSE_CLAIM, rows)
    opened = [
        _opening(origin, ids, step.path, step.new, step.hi)
        | {"source_id": origin.source_id, "lo": step.lo, "observation_id": origin.observation_id, "cause": step.cause}
        for step in steps
        if step.new is not None
    ]
    await _open(connection, schema.claim, opened)


async def write_facts(connection: AsyncConnection, origin: Origin, facts: Sequence[FactStep], ids: Ids) -> None:
    """Let each fact hold from its moment on."""
    ended = [_closing(origin, ids.paths[each.path], each.at) for each in facts if each.was_held]
    if ended:
        await connection.execute(_CLOSE_FACT, ended)
    opened = [
        _opening(origin, ids, each.path, each.value, each.at) | {"source_id": each.source_id, "why": each.why}
        for each in facts
        if each.value is not None
    ]
    await _open(connection, schema.fact, opened)


async def write_authorised(
    connection: AsyncConnection, origin: Origin, values: Mapping[Path, Value], at: int, ids: Ids, basis: Basis
) -> None:
    """Authorise `values` from `at` on; never without a basis."""
    if not values:
        return
    await connection.execute(_CLOSE_AUTH, [_closing(origin, ids.paths[path], at) for path in values])
    opened = [
        _opening(origin, ids, path, value, at) | {"basis": basis.kind, "ref": basis.ref}
        for path, value in values.items()
        if value is not None
    ]
    await _open(connection, schema.auth, opened)


def _closing(origin: Origin, path_id: int, at: int) -> dict[str, int]:
    return {"b_ci": origin.ci_id, "b_path": path_id, "b_at": at}


def _opening(origin: Origin, ids: Ids, path: Path, value: Value, at: int) -> dict[str, Any]:
    return {
        "ci_id": origin.ci_id, "path_id": ids.paths[path], "vf": at, "tf": origin.recorded_at, "val_id": ids.value(value),
    }  # fmt: skip


async def _open(connection: AsyncConnection, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        await connection.execute(insert(connection, table), rows)


_AUTHORISED = (
    select(schema.path.c.section, schema.path.c.key, schema.val.c.text)
    .select_from(schema.auth.join(schema.path).join(schema.val))
    .where(schema.auth.c.ci_id == bindparam("ci"))
    .where(tuple_(schema.path.c.section, schema.path.c.key).in_(bindparam("paths", expanding=True)))
    .where(schema.auth.c.vt == FOREVER, schema.auth.c.tt == FOREVER)
)
_AUTHORISED_SECTIONS = (
    select(schema.path.c.section)
    .select_from(schema.auth.join(schema.path))
    .where(schema.auth.c.ci_id == bindparam("ci"))
    .distinct()
)


async def authorised(connection: AsyncConnection, ci_id: int, paths: Sequence[Path]) -> dict[Path, Value]:
    """Return what is authorised now for those of `paths` that have a value."""
    found: dict[Path, Value] = {}
    for part in interning.chunks(paths):
        pairs = [(path.section, path.key) for path in part]
        for row in await connection.execute(_AUTHORISED, {"ci": ci_id, "paths": pairs}):
            found[Path(row.section, row.key)] = json.loads(row.text)
    return found


async def authorised_sections(connection: AsyncConnection, ci_id: int) -> set[str]:
    """Return the sections of a CI for which anything was ever authorised."""
    return {row.section for row in await connection.execute(_AUTHORISED_SECTIONS, {"ci": ci_id})}


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
            found.setdefault(path, []).append(Claim(path, row.code, json.loads(row.text), row.vf, row.last_ok))
    return found, ids
