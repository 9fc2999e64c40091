"""What several sources say of the values of several CIs, and what stands there: the two sides reconcile works with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import FromClause, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import FOREVER, Claim, Fact, Path
from collector.store import interning, pairs, schema
from collector.store.pairs import Asked, Asking
from wire.observation import Status

Place = tuple[int, Path]
"""A CI and a path of it."""

Claims = dict[Place, list[Claim]]

_claim, _section, _fact = schema.claim.c, schema.section.c, schema.fact.c


def _claims(among: FromClause) -> Any:
    """Return the question for the claims that stand `among` those."""
    told = (
        among.join(schema.path, schema.path.c.id == _claim.path_id)
        .join(schema.source, schema.source.c.id == _claim.source_id)
        .join(schema.val, schema.val.c.id == _claim.val_id)
        .join(schema.section, (_section.ci_id == _claim.ci_id) & (_section.source_id == _claim.source_id)
              & (_section.name == schema.path.c.section))
    )  # fmt: skip
    return (
        select(
            _claim.ci_id, schema.path.c.section, schema.path.c.key, schema.source.c.code, _claim.source_id,
            schema.val.c.text, _claim.vf, _section.last_ok, _section.status, schema.source.c.confirmed_at,
        )
        .select_from(told)
        .where(_claim.vt == FOREVER, _claim.tt == FOREVER)
    )  # fmt: skip


_CLAIMS_IN = _claims(schema.claim).where(
    _claim.ci_id.in_(bindparam("cis", expanding=True)), schema.path.c.section == bindparam("section")
)
_CLAIMS_AT = Asking(
    lambda asked: _claims(
        asked.table.join(schema.claim, (_claim.ci_id == asked.ci_id) & (_claim.path_id == asked.path_id))
    )
)


def _held(asked: Asked) -> Any:
    here = asked.table.join(schema.fact, (_fact.ci_id == asked.ci_id) & (_fact.path_id == asked.path_id))
    told = here.join(schema.source, schema.source.c.id == _fact.source_id)
    return (
        select(_fact.ci_id, _fact.path_id, schema.source.c.code, schema.val.c.text, _fact.why, _fact.vf)
        .select_from(told.join(schema.val, schema.val.c.id == _fact.val_id))
        .where(_fact.vt == FOREVER, _fact.tt == FOREVER)
    )


_HELD = Asking(_held)


async def claims_at(
    connection: AsyncConnection, places: Iterable[Place], paths: Mapping[Path, int]
) -> tuple[Claims, dict[str, int]]:  # fmt: skip
    """Return every source's present claim at each of `places`, with its last confirmation, and code → source id."""
    found: Claims = {}
    ids: dict[str, int] = {}
    for part in interning.chunks(places, pairs.MOST):
        asked = pairs.text((ci_id, paths[path]) for ci_id, path in part)
        _take(await connection.execute(_CLAIMS_AT.of(connection), {"pairs": asked}), found, ids)
    return found, ids


async def claims_in(
    connection: AsyncConnection, sections: Iterable[tuple[int, str]]
) -> tuple[Claims, dict[str, int]]:  # fmt: skip
    """Return the same for everything in those sections (CI, section)."""
    found: Claims = {}
    ids: dict[str, int] = {}
    by_name: dict[str, list[int]] = {}
    for ci_id, name in sections:
        by_name.setdefault(name, []).append(ci_id)
    for name, ci_ids in by_name.items():
        for part in interning.chunks(ci_ids):
            _take(await connection.execute(_CLAIMS_IN, {"cis": part, "section": name}), found, ids)
    return found, ids


def _take(rows: Iterable[Any], found: Claims, ids: dict[str, int]) -> None:
    for row in rows:
        path = Path(row.section, row.key)
        fresh = max(row.last_ok, row.confirmed_at) if Status(row.status).speaks else row.last_ok
        claim = Claim(path, row.code, json.loads(row.text), row.vf, fresh)
        found.setdefault((row.ci_id, path), []).append(claim)
        ids[row.code] = row.source_id


async def held(connection: AsyncConnection, places: Iterable[Place], paths: Mapping[Path, int]) -> dict[Place, Fact]:
    """Return the fact that stands at each of `places` that has one; `paths`: their interned ids."""
    names = {path_id: path for path, path_id in paths.items()}
    found: dict[Place, Fact] = {}
    for part in interning.chunks(places, pairs.MOST):
        asked = pairs.text((ci_id, paths[path]) for ci_id, path in part)
        for row in await connection.execute(_HELD.of(connection), {"pairs": asked}):
            path = names[row.path_id]
            found[row.ci_id, path] = Fact(path, json.loads(row.text), row.code, row.why, row.vf)
    return found
