"""Reverts that were asked for before they were tasks, and wait still, come through the migration as tasks."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from collector.reverting import DAY_MS
from collector.store import reverts, schema
from tests.store.test_migrate_campaigns import migrated

ROWS = (
    "INSERT INTO ci (id, uid, ci_class, ci_type, name, state, created_at)"
    " VALUES (1, 'u', 'server', 'pc_server', 'n', 'active', 0)",
    "INSERT INTO source (id, code, kind) VALUES (1, 'snmp//192.0.2.1', 'snmp')",
    "INSERT INTO finding (id, ci_id, source_id, verdict, lo, hi, opened_at, closed_at) VALUES"
    " (1, 1, 1, 'unapproved', 1, 2, 3, NULL), (2, 1, 1, 'reverted', 1, 2, 3, 9),"
    " (3, 1, 1, 'unapproved', 1, 2, 3, NULL)",
    "INSERT INTO finding_mark (finding_id, at, who, act, reason, until, reference) VALUES"
    " (1, 10, 'bea', 'undo', 'first', NULL, 'ann'), (1, 20, 'bea', 'undo', 'then', NULL, 'cid'),"
    " (2, 10, 'bea', 'undo', 'it is closed', NULL, 'cid'),"
    " (3, 10, 'bea', 'undo', 'it was waived since', NULL, 'cid'), (3, 20, 'bea', 'waive', 'a while', 99, '')",
)


async def test_the_last_word_on_an_open_finding_that_it_is_to_be_put_back_is_a_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await migrated(tmp_path, "0032", ROWS, monkeypatch)
    async with store.read() as reader:
        tasks = await reverts.of_findings(reader, [1, 2, 3])
        asked = (await reader.execute(select(schema.agent.c.look_asked_at))).all()
    assert tasks.keys() == {1}
    task = tasks[1]
    assert (task.finding_id, task.assignee, task.asked_by, task.asked_at, task.state, task.reason) == (
        1, "cid", "bea", 20, "open", "then",
    )  # fmt: skip
    assert task.due_at > 300 * DAY_MS, "from now on, not from when it was asked for"
    assert asked == []
    await store.close()
