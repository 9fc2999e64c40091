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
_SETTLE = (
    update(schema.finding_item)
    .where(_item.finding_id == bindparam("b_finding"), _item.path_id == bindparam("b_path"))
    .values(state="reverted")
)
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


async def apply(connection: AsyncConnection, plans: Sequence[tuple[Origin, FindingPlan]], ids: Ids) -> None:
    """Write what each plan says, at the time its origin was recorded."""
    new = [(origin, plan.new) for origin, plan in plans if plan.new]
    joined = [(origin, key, items) for origin, plan in plans for key, items in plan.joined.items()]
    homes = zip(new, await _create(connection, new), strict=True)
    rows = [row for (origin, items), key in homes for row in _items_of(origin, key, items, ids)]
    rows += [row for origin, key, items in joined for row in _items_of(origin, key, items, ids)]
    await _save_items(connection, rows)
    await _widen(connection, [(key, items) for _, key, items in joined])
    await _settle(
        connection, [(key, ids.paths[path]) for _, plan in plans for key, its in plan.settled.items() for path in its]
    )
    for origin, plan in plans:
        if plan.closed:
            await close(connection, plan.closed, Verdict.REVERTED, origin.recorded_at)


async def _create(connection: AsyncConnection, new: Sequence[tuple[Origin, Sequence[Drift]]]) -> Sequence[int]:
    """Open a finding for each and return their ids in that order."""
    rows = [
        {"ci_id": origin.ci_id, "source_id": origin.source_id, "verdict": str(Verdict.UNAPPROVED),
         "lo": min(item.lo for item in items), "hi": max(item.hi for item in items), "opened_at": origin.recorded_at}
        for origin, items in new
    ]  # fmt: skip
    if not rows:
        return []
    opened = insert(connection, schema.finding).returning(_finding.id, sort_by_parameter_order=True)
    return (await connection.execute(opened, rows)).scalars().all()


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


async def _widen(connection: AsyncConnection, joined: Sequence[tuple[int, Sequence[Drift]]]) -> None:
    """Let the brackets of findings take in those of the items that joined them; most do already."""
    rows = [
        {"b_id": key, "b_lo": min(item.lo for item in items), "b_hi": max(item.hi for item in items)}
        for key, items in joined
    ]
    if rows:
        await connection.execute(_WIDEN, rows)


async def _settle(connection: AsyncConnection, settled: Sequence[tuple[int, int]]) -> None:
    if settled:
        await connection.execute(_SETTLE, [{"b_finding": key, "b_path": path_id} for key, path_id in settled])


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
