"""Findings and their items."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Drift, Finding, FindingPlan, OpenFinding, Path, Verdict
from collector.store import interning, schema
from collector.store.engine import insert
from collector.store.lanes import Ids, Origin

_finding, _item = schema.finding.c, schema.finding_item.c
_authorised, _old, _new = (schema.val.alias(name) for name in ("authorised", "old", "new"))
_OPEN_PATHS = (
    select(_finding.id, _finding.lo, _finding.hi, schema.path.c.section, schema.path.c.key)
    .select_from(schema.finding.join(schema.finding_item).join(schema.path))
    .where(_finding.ci_id == bindparam("ci"), _finding.source_id == bindparam("source"))
    .where(_finding.closed_at.is_(None), _item.state == "open")
    .order_by(_finding.id)
)
_OPEN_OF_CIS = (
    select(schema.finding)
    .where(_finding.ci_id.in_(bindparam("cis", expanding=True)), _finding.closed_at.is_(None))
    .order_by(_finding.id)
)
_ITEMS = (
    select(
        _item.finding_id, _item.lo, _item.hi, schema.path.c.section, schema.path.c.key,
        _authorised.c.text.label("a"), _old.c.text.label("o"), _new.c.text.label("n"),
    )
    .select_from(
        schema.finding_item.join(schema.path)
        .join(_authorised, _authorised.c.id == _item.auth_val_id, isouter=True)
        .join(_old, _old.c.id == _item.old_val_id, isouter=True)
        .join(_new, _new.c.id == _item.new_val_id, isouter=True)
    )
    .where(_item.finding_id.in_(bindparam("findings", expanding=True)), _item.state == "open")
    .order_by(schema.path.c.section, schema.path.c.key)
)  # fmt: skip


async def open_ones(connection: AsyncConnection, ci_id: int, source_id: int) -> list[OpenFinding]:
    """Return the findings of one CI and source that are open, with the paths of their open items."""
    rows = await connection.execute(_OPEN_PATHS, {"ci": ci_id, "source": source_id})
    found: dict[int, tuple[int, int, set[Path]]] = {}
    for row in rows:
        found.setdefault(row.id, (row.lo, row.hi, set()))[2].add(Path(row.section, row.key))
    return [OpenFinding(key, lo, hi, frozenset(paths)) for key, (lo, hi, paths) in found.items()]


async def apply(connection: AsyncConnection, origin: Origin, plan: FindingPlan, ids: Ids) -> None:
    """Write what `plan` says, at the time `origin` was recorded."""
    if plan.new:
        finding_id = await _create(connection, origin, plan.new)
        await _save_items(connection, origin, finding_id, plan.new, ids)
    for finding_id, items in plan.joined.items():
        await _save_items(connection, origin, finding_id, items, ids)
        await _widen(connection, finding_id, items)
    for finding_id, paths in plan.settled.items():
        await _settle(connection, finding_id, [ids.paths[path] for path in paths])
    if plan.closed:
        await close(connection, plan.closed, Verdict.REVERTED, origin.recorded_at)


async def _create(connection: AsyncConnection, origin: Origin, items: Sequence[Drift]) -> int:
    row = {
        "ci_id": origin.ci_id, "source_id": origin.source_id, "verdict": str(Verdict.UNAPPROVED),
        "lo": min(item.lo for item in items), "hi": max(item.hi for item in items), "opened_at": origin.recorded_at,
    }  # fmt: skip
    made = await connection.execute(insert(connection, schema.finding).values(row).returning(schema.finding.c.id))
    return int(made.scalar_one())


async def _save_items(
    connection: AsyncConnection, origin: Origin, finding_id: int, items: Sequence[Drift], ids: Ids
) -> None:
    statement = insert(connection, schema.finding_item)
    rows = [
        {"finding_id": finding_id, "path_id": ids.paths[item.path], "auth_val_id": ids.value(item.authorised),
         "old_val_id": ids.value(item.old), "new_val_id": ids.value(item.new), "lo": item.lo, "hi": item.hi,
         "observation_id": origin.observation_id}
        for item in items
    ]  # fmt: skip
    moved = {name: statement.excluded[name] for name in ("new_val_id", "hi", "observation_id")}
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["finding_id", "path_id"], set_=moved | {"state": "open"}), rows
    )


async def _widen(connection: AsyncConnection, finding_id: int, items: Sequence[Drift]) -> None:
    table = schema.finding
    lo, hi = min(item.lo for item in items), max(item.hi for item in items)
    await connection.execute(update(table).where(table.c.id == finding_id, table.c.lo > lo).values(lo=lo))
    await connection.execute(update(table).where(table.c.id == finding_id, table.c.hi < hi).values(hi=hi))


async def _settle(connection: AsyncConnection, finding_id: int, path_ids: Sequence[int]) -> None:
    table = schema.finding_item
    settled = update(table).where(table.c.finding_id == finding_id, table.c.path_id == bindparam("b_path"))
    await connection.execute(settled.values(state="reverted"), [{"b_path": each} for each in path_ids])


async def close(connection: AsyncConnection, ids: Iterable[int], verdict: Verdict, at: int) -> None:
    table = schema.finding
    for part in interning.chunks(sorted(ids)):
        await connection.execute(update(table).where(table.c.id.in_(part)).values(verdict=str(verdict), closed_at=at))


async def of_cis(connection: AsyncConnection, ci_ids: Iterable[int]) -> list[Finding]:
    """Return the open findings of those CIs, with their items."""
    heads: dict[int, Finding] = {}
    for part in interning.chunks(ci_ids):
        for row in await connection.execute(_OPEN_OF_CIS, {"cis": part}):
            heads[row.id] = Finding(row.id, row.ci_id, Verdict(row.verdict), row.lo, row.hi, row.opened_at, ())
    items = await _items(connection, heads)
    return [_with_items(finding, items.get(finding.id, [])) for finding in heads.values()]


def _with_items(finding: Finding, items: list[Drift]) -> Finding:
    return Finding(finding.id, finding.ci_id, finding.verdict, finding.lo, finding.hi, finding.opened_at, tuple(items))


async def _items(connection: AsyncConnection, finding_ids: Mapping[int, Finding]) -> dict[int, list[Drift]]:
    found: dict[int, list[Drift]] = {}
    for part in interning.chunks(finding_ids):
        rows = await connection.execute(_ITEMS, {"findings": part})
        for row in rows:
            authorised_value, old_value, new_value = (each and json.loads(each) for each in (row.a, row.o, row.n))
            drift = Drift(Path(row.section, row.key), authorised_value, old_value, new_value, row.lo, row.hi)
            found.setdefault(row.finding_id, []).append(drift)
    return found


async def count_open(connection: AsyncConnection) -> int:
    row = await connection.execute(select(func.count()).where(schema.finding.c.closed_at.is_(None)))
    return int(row.scalar_one())
