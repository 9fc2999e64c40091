"""Findings and their items."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Drift, Finding, FindingPlan, OpenFinding, Path, Verdict
from collector.store import interning, schema
from collector.store.engine import insert
from collector.store.lanes import Ids, Origin

_finding, _item = schema.finding.c, schema.finding_item.c
_authorised, _old, _new = (schema.val.alias(name) for name in ("authorised", "old", "new"))
_OPEN_PATHS = (
    select(
        _finding.id, _finding.ci_id, _finding.source_id, _finding.lo, _finding.hi,
        schema.path.c.section, schema.path.c.key,
    )
    .select_from(schema.finding.join(schema.finding_item).join(schema.path))
    .where(_finding.ci_id.in_(bindparam("cis", expanding=True)))
    .where(_finding.closed_at.is_(None), _item.state == "open")
    .order_by(_finding.id)
)  # fmt: skip
_WIDEN = (
    update(schema.finding)
    .where(_finding.id == bindparam("b_id"), or_(_finding.lo > bindparam("b_lo"), _finding.hi < bindparam("b_hi")))
    .values(
        lo=case((_finding.lo > bindparam("b_lo"), bindparam("b_lo")), else_=_finding.lo),
        hi=case((_finding.hi < bindparam("b_hi"), bindparam("b_hi")), else_=_finding.hi),
    )
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


async def open_ones(connection: AsyncConnection, ci_ids: Iterable[int]) -> dict[tuple[int, int], list[OpenFinding]]:
    """Return (CI, source) → the findings that are open there, with the paths of their open items."""
    found: dict[int, tuple[int, int, OpenFinding, set[Path]]] = {}
    for part in interning.chunks(ci_ids):
        for row in await connection.execute(_OPEN_PATHS, {"cis": part}):
            head = (row.ci_id, row.source_id, OpenFinding(row.id, row.lo, row.hi, frozenset()), set[Path]())
            found.setdefault(row.id, head)[3].add(Path(row.section, row.key))
    grouped: dict[tuple[int, int], list[OpenFinding]] = {}
    for ci_id, source_id, one, paths in found.values():
        grouped.setdefault((ci_id, source_id), []).append(replace(one, paths=frozenset(paths)))
    return grouped


async def apply(connection: AsyncConnection, plans: Iterable[tuple[Origin, FindingPlan]], ids: Ids) -> None:
    """Write what each plan says, at the time its origin was recorded."""
    items: list[dict[str, Any]] = []
    for origin, plan in plans:
        if plan.new:
            items += _items_of(origin, await _create(connection, origin, plan.new), plan.new, ids)
        for finding_id, joined in plan.joined.items():
            items += _items_of(origin, finding_id, joined, ids)
            await _widen(connection, finding_id, joined)
        for finding_id, paths in plan.settled.items():
            await _settle(connection, finding_id, [ids.paths[path] for path in paths])
        if plan.closed:
            await close(connection, plan.closed, Verdict.REVERTED, origin.recorded_at)
    await _save_items(connection, items)


async def _create(connection: AsyncConnection, origin: Origin, items: Sequence[Drift]) -> int:
    row = {
        "ci_id": origin.ci_id, "source_id": origin.source_id, "verdict": str(Verdict.UNAPPROVED),
        "lo": min(item.lo for item in items), "hi": max(item.hi for item in items), "opened_at": origin.recorded_at,
    }  # fmt: skip
    made = await connection.execute(insert(connection, schema.finding).values(row).returning(schema.finding.c.id))
    return int(made.scalar_one())


def _items_of(origin: Origin, finding_id: int, items: Sequence[Drift], ids: Ids) -> list[dict[str, Any]]:
    return [
        {"finding_id": finding_id, "path_id": ids.paths[item.path], "auth_val_id": ids.value(item.authorised),
         "old_val_id": ids.value(item.old), "new_val_id": ids.value(item.new), "lo": item.lo, "hi": item.hi,
         "observation_id": origin.observation_id}
        for item in items
    ]  # fmt: skip


async def _save_items(connection: AsyncConnection, rows: list[dict[str, Any]]) -> None:
    if rows:
        statement = insert(connection, schema.finding_item)
        moved = {name: statement.excluded[name] for name in ("new_val_id", "hi", "observation_id")}
        await connection.execute(
            statement.on_conflict_do_update(index_elements=["finding_id", "path_id"], set_=moved | {"state": "open"}),
            rows,
        )


async def _widen(connection: AsyncConnection, finding_id: int, items: Sequence[Drift]) -> None:
    """Let the bracket of a finding take in those of `items`; most of the time it does already."""
    lo, hi = min(item.lo for item in items), max(item.hi for item in items)
    await connection.execute(_WIDEN, {"b_id": finding_id, "b_lo": lo, "b_hi": hi})


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
