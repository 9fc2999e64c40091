"""Alerts of the version before come through the migration that gave them timers: what fired is told, once."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from collector.store import alerts, windows
from collector.store.engine import open_store, sqlite_url
from collector.store.migrate import migrate

CI = (
    "INSERT INTO ci (id, uid, ci_class, ci_type, name, state, created_at)"
    " VALUES (1, 'u', 'server', 'x', 'n', 'active', 0)"
)
ALERT = (
    "INSERT INTO alert (rule, ci_id, instance, state, outcome, since, changed_at, evidence, reason)"
    " VALUES ('{0}', 1, '', '{0}', '{1}', 5, 9, '{{}}', '{2}')"
)


async def test_alerts_of_the_version_before_come_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(sqlite_url(tmp_path / "old.db"))
    with monkeypatch.context() as before:
        before.setattr(ScriptDirectory, "get_current_head", lambda _: "0013")
        await migrate(store)
    async with store.write() as tx:
        await tx.exec_driver_sql(CI)
        for state, outcome, reason in (
            ("firing", "PROBLEM", ""), ("pending", "PROBLEM", ""), ("ok", "UNKNOWN", "stale: ntp"),
        ):  # fmt: skip
            await tx.exec_driver_sql(ALERT.format(state, outcome, reason))
    await migrate(store)
    async with store.read() as reader:
        found = {key[0]: each for key, each in (await alerts.load(reader, [1])).items()}
        assert [each.rule for each in await alerts.firing(reader, [1])] == ["firing"]
        assert await alerts.by_clock(reader, [1]) == ({("pending", 1)}, {("ok", 1)})
        assert await windows.alive(reader, 0) == []
    assert [(found[name].episode, found[name].told) for name in ("firing", "pending", "ok")] == [
        (1, True), (0, False), (0, False),
    ]  # fmt: skip
    assert (found["pending"].seen_at, found["pending"].samples) == (9, 1)
    await store.close()
