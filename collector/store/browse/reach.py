"""How CIs can be reached, as people ask for it: with what they are called, and what explains it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.browse.ref import CiRef
from collector.store.schema import ci, reach

_ROOT = ci.alias("root")
_NAMED = ("uid", "name", "ci_class", "ci_type", "state")
_ROWS = select(
    reach,
    *(ci.c[name].label(f"ci_{name}") for name in _NAMED),
    *(_ROOT.c[name].label(f"root_{name}") for name in _NAMED),
).select_from(reach.join(ci, ci.c.id == reach.c.ci_id).outerjoin(_ROOT, _ROOT.c.id == reach.c.behind))


@dataclass(frozen=True, slots=True)
class ReachRow:
    """How one CI stands since when (ms), why nobody can say, by which methods (true, false, null: in doubt).

    `behind`: the CI whose failure explains its own; `held`: that is not decided yet; `answered_at` 0: never.
    """

    ci: CiRef
    state: str
    since: int
    why: str
    answered_at: int
    methods: Mapping[str, bool | None]
    behind: CiRef | None
    held: bool


def _row(row: Row[Any]) -> ReachRow:
    its = row._mapping
    root = CiRef(*(its[f"root_{name}"] for name in _NAMED)) if row.root_uid else None
    return ReachRow(
        CiRef(*(its[f"ci_{name}"] for name in _NAMED)), row.state, row.since, row.why, row.answered_at,
        json.loads(row.ways), root, row.held,
    )  # fmt: skip


async def one(connection: AsyncConnection, ci_id: int) -> ReachRow | None:
    row = (await connection.execute(_ROWS.where(reach.c.ci_id == ci_id))).first()
    return _row(row) if row else None


async def listed(connection: AsyncConnection, states: Collection[str], after: str, limit: int) -> list[ReachRow]:
    """Return CIs by uid, those behind the uid `after`; of these states, or of all."""
    statement = _ROWS.where(ci.c.merged_into.is_(None), ci.c.uid > after).order_by(ci.c.uid).limit(limit)
    if states:
        statement = statement.where(reach.c.state.in_(sorted(states)))
    return [_row(row) for row in await connection.execute(statement)]


async def behind(connection: AsyncConnection, ci_id: int, limit: int) -> tuple[int, list[CiRef]]:
    """Return how many CIs have the failure of this one for their reason, and some of them by name."""
    its = reach.c.behind == ci_id
    count = (await connection.execute(select(func.count()).select_from(reach).where(its))).scalar_one()
    if not count:
        return 0, []
    rows = await connection.execute(_ROWS.where(its).order_by(ci.c.name, ci.c.id).limit(limit))
    return int(count), [_row(row).ci for row in rows]
