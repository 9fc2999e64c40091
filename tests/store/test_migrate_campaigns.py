"""Findings and campaigns of versions before come through the migrations of campaigns, as they stood."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from collector.store import campaigns, findings
from collector.store.engine import Store, open_store, sqlite_url
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


TOLD = (
    *(row.replace(", resolved_by, reason", "").replace(", NULL, ''", "") for row in ROWS),
    "INSERT INTO val (id, hash, text) VALUES (1, x'01', '\"11\"'), (2, x'02', '\"12\"')",
    "UPDATE finding_item SET old_val_id = 1, new_val_id = 2",
    "INSERT INTO campaign (id, path_id, field, old_val_id, new_val_id, opened_at) VALUES (3, 1, '', 1, 2, 30)",
    "UPDATE finding SET campaign_id = 3",
)


async def migrated(folder: Path, revision: str, rows: Sequence[str], patch: pytest.MonkeyPatch) -> Store:
    """Return a store that held these rows when it was of that revision."""
    store = open_store(sqlite_url(folder / "old.db"))
    with patch.context() as before:
        before.setattr(ScriptDirectory, "get_current_head", lambda _: revision)
        await migrate(store)
    async with store.write() as tx:
        for row in rows:
            await tx.exec_driver_sql(row)
    await migrate(store)
    return store


async def test_a_campaign_stays_what_it_is_and_moved_from_one_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await migrated(tmp_path, "0023", TOLD, monkeypatch)
    async with store.read() as reader:
        (one,) = await campaigns.told(reader, [3])
        assert await campaigns.known(reader, 7) == 3
    assert (one.number, one.cis, one.old, one.new, one.several) == (3, 1, "11", "12", False)
    await store.close()


async def test_an_open_finding_stays_what_it_is_and_is_of_no_campaign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await migrated(tmp_path, "0021", ROWS, monkeypatch)
    async with store.read() as reader:
        (one,) = await findings.of_cis(reader, [1])
    assert (one.id, one.verdict, one.lo, one.hi, one.opened_at, one.campaign) == (7, "unapproved", 10, 20, 30, 0)
    assert [(each.path.section, each.path.key) for each in one.items] == [("os", "version")]
    await store.close()
