"""Alerts of other systems come through the migration that lets them be held back: what stands of a CI is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from collector.store import foreign_alerts
from collector.store.engine import open_store, sqlite_url
from collector.store.migrate import migrate
from tests.store.test_migrate_alerting import CI

ALERT = (
    "INSERT INTO foreign_alert (source, fingerprint, state, severity, title, detail, started_at, first_at, seen_at,"
    " ci_id) VALUES ('am', '{0}', '{1}', 'error', 't',"
    ' \'{{"name": "Down", "text": "", "link": "", "labels": {{}}, "incomplete": 0}}\', 5, 5, 5, {2})'
)


async def test_alerts_of_the_version_before_come_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(sqlite_url(tmp_path / "old.db"))
    with monkeypatch.context() as before:
        before.setattr(ScriptDirectory, "get_current_head", lambda _: "0024")
        await migrate(store)
    async with store.write() as tx:
        await tx.exec_driver_sql(CI)
        for name, state, ci_id in (("a", "firing", "1"), ("b", "resolved", "1"), ("c", "firing", "NULL")):
            await tx.exec_driver_sql(ALERT.format(name, state, ci_id))
    await migrate(store)
    async with store.read() as reader:
        found = await foreign_alerts.known(reader, "am", [("am", name) for name in "abc"])
        assert await foreign_alerts.counted(reader, [("am", "Down")]) == {("am", "Down"): {"error": 1}}
    assert {key[1]: each.held.told for key, each in found.items()} == {"a": True, "b": False, "c": False}
    assert {each.alert.name for each in found.values()} == {"Down"}
    kept = {(each.alert.account, each.alert.cause_key) for each in found.values()}
    assert kept == {("", f"foreign|am|{name}") for name in "abc"}, "of nobody yet, each still the cause it was"
    await store.close()
