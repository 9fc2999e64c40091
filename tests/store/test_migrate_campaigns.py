"""Findings of the version before come through the migration that gave them campaigns, as they stood."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from collector.store import findings
from collector.store.engine import open_store, sqlite_url
from collector.store.migrate import migrate

ROWS = (
    "INSERT INTO ci (id, uid, ci_class, ci_type, name, state, created_at)"
    " VALUES (1, 'u', 'server', 'pc_server', 'n', 'active', 0)",
    "INSERT INTO source (id, code, kind) VALUES (1, 'snmp//192.0.2.1', 'snmp')",
    "INSERT INTO path (id, section, key) VALUES (1, 'os', 'version')",
    "INSERT INTO finding (id, ci_id, source_id, verdict, lo, hi, opened_at, resolved_by, reason)"
    " VALUES (7, 1, 1, 'unapproved', 10, 20, 30, NULL, '')",
    "INSERT INTO finding_item (finding_id, path_id, field, hi, lo, verdict) VALUES (7, 1, '', 20, 10, 'unapproved')",
)


async def test_an_open_finding_stays_what_it_is_and_is_of_no_campaign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(sqlite_url(tmp_path / "old.db"))
    with monkeypatch.context() as before:
        before.setattr(ScriptDirectory, "get_current_head", lambda _: "0021")
        await migrate(store)
    async with store.write() as tx:
        for row in ROWS:
            await tx.exec_driver_sql(row)
    await migrate(store)
    async with store.read() as reader:
        (one,) = await findings.of_cis(reader, [1])
    assert (one.id, one.verdict, one.lo, one.hi, one.opened_at, one.campaign) == (7, "unapproved", 10, 20, 30, 0)
    assert [(each.path.section, each.path.key) for each in one.items] == [("os", "version")]
    await store.close()
