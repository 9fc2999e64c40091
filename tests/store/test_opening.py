"""Findings opened with their items in a statement or two: each item hangs on its own finding, in the order given."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from collector.model import Path
from collector.store import interning, opening, schema
from collector.store.engine import Store, insert
from tests.store.ground import with_cis

VERSION = Path("os", "version")
SOURCE = 1


async def _grounded(store: Store) -> int:
    """Return the id of a path; there are three CIs, and a source."""
    await with_cis(store, 3)
    async with store.write() as tx:
        await tx.execute(insert(tx, schema.source), [{"id": SOURCE, "code": "agent/u1", "kind": "agent"}])
        return (await interning.path_ids(tx, [VERSION]))[VERSION]


def _head(ci_id: int) -> dict[str, Any]:
    return {
        "ci_id": ci_id, "source_id": SOURCE, "opened_at": 40, "verdict": "pending", "lo": 10, "hi": 20, "due_at": None,
        "closed_at": None,
    }  # fmt: skip


def _item(path_id: int, field: str) -> dict[str, Any]:
    return {
        "path_id": path_id, "field": field, "hi": 20, "source_id": SOURCE, "lo": 10, "auth_val_id": None,
        "old_val_id": None, "new_val_id": None, "actor": "运维 \"a\\b\"", "claimed": True, "verdict": "pending",
        "change": "", "flags": '["seen_once"]', "refused": "[]", "late_ms": 2**40, "due_at": 50, "closed_at": None,
        "once": True,
    }  # fmt: skip


async def test_every_item_hangs_on_its_own_finding_beside_those_there_were(store: Store) -> None:
    path_id = await _grounded(store)
    async with store.write() as tx:
        await opening.add(tx, [(_head(3), [_item(path_id, "before")])])
        fields = {2: ["a", "b"], 1: ["c"], 3: ["d", "e", "f"]}
        await opening.add(tx, [(_head(ci_id), [_item(path_id, each) for each in its]) for ci_id, its in fields.items()])
        await opening.add(tx, [])
    async with store.read() as reader:
        joined = schema.finding_item.join(schema.finding)
        wanted = select(schema.finding.c.id, schema.finding.c.ci_id, schema.finding_item).select_from(joined)
        rows = [row._mapping for row in await reader.execute(wanted.order_by("id", "field"))]
    assert [(row["ci_id"], row["field"]) for row in rows] == [
        (3, "before"), (2, "a"), (2, "b"), (1, "c"), (3, "d"), (3, "e"), (3, "f")
    ]  # fmt: skip
    for row in rows:
        assert {name: row[name] for name in _item(path_id, row["field"])} == _item(path_id, row["field"])
        assert row["looked_for"] is False
