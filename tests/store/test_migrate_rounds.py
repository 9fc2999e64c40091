"""Plans of the version before come through the migration that gave them company, and are inspections still."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from collector.store.engine import open_store, sqlite_url
from collector.store.migrate import migrate
from collector.store.plans import INSPECTIONS, ROUNDS
from tests.collector.inspecting.hall import PLAN


async def test_plans_of_the_version_before_are_inspections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(sqlite_url(tmp_path / "old.db"))
    with monkeypatch.context() as before:
        before.setattr(ScriptDirectory, "get_current_head", lambda _: "0022")
        await migrate(store)
    async with store.write() as tx:
        await tx.exec_driver_sql(
            "INSERT INTO inspection_plan (id, number, version, body, made_by, made_at, next_for, next_at)"
            " VALUES (1, 'PLN-0001', 1, ?, 'eve', 5, 9, 7)",
            (json.dumps(PLAN),),
        )
    await migrate(store)
    async with store.read() as reader:
        (kept,) = await INSPECTIONS.every(reader)
        assert (kept.number, kept.next_for, kept.plan.assignee) == ("PLN-0001", 9, "ada")
        assert [each.number for each in await INSPECTIONS.due(reader, 7)] == ["PLN-0001"]
        assert await ROUNDS.every(reader) == []
    await store.close()
