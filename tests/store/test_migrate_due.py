"""Inspections and rounds of the version before come through: what is open has its incident due when it is itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from collector.store import inspection_runs, schema, stocktakes
from tests.store.test_migrate_campaigns import migrated

_INCIDENT = "INSERT INTO incident (number, cause_key, kind, severity, state, title, detail, opened_at, resolved_at)"
_RUN = (
    "INSERT INTO inspection_run (number, plan_id, version, title, scheduled_for, made_at, looked_at, due_at, missed,"
    " state, incident, warn_at, escalated_at)"
)
ROWS = (
    f"{_INCIDENT} VALUES ('INC-000001', 'maintenance|INS-000001', 'maintenance', 'notice', 'assigned', '{{}}', '{{}}',"
    " 1, NULL), ('INC-000002', 'maintenance|INS-000002', 'maintenance', 'notice', 'closed', '{}', '{}', 1, 2),"
    " ('INC-000003', 'maintenance|ST-000001', 'maintenance', 'notice', 'assigned', '{}', '{}', 1, NULL),"
    " ('INC-000004', 'rule|A|u|', 'alert', 'notice', 'new', '{}', '{}', 1, NULL)",
    "INSERT INTO inspection_plan (id, number, state, body, version, made_by, made_at)"
    " VALUES (1, 'PLN-0001', 'active', '{}', 1, 'eve', 0)",
    f"{_RUN} VALUES ('INS-000001', 1, 1, '{{}}', 2, 1, 1, 9000, 0, 'open', 'INC-000001', 7000, NULL),"
    " ('INS-000002', 1, 1, '{}', 1, 1, 1, 8000, 0, 'done', 'INC-000002', 0, 5)",
    "INSERT INTO stocktake (id, number, kind, title, scope, blind, opened_by, opened_at)"
    " VALUES (1, 'ST-000001', 'round', 'x', '{}', false, 'eve', 1)",
    "INSERT INTO stocktake_due (stocktake_id, plan_id, scheduled_for, due_at, assignee, missed, incident, warn_at)"
    " VALUES (1, 1, 1, 6000, 'ada', 0, 'INC-000003', 5000)",
)


async def test_what_is_open_has_its_incident_due_when_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = await migrated(tmp_path, "0025", ROWS, monkeypatch)
    async with store.read() as reader:
        its = schema.incident.c
        rows = (await reader.execute(select(its.number, its.due_at, its.wake_at).order_by(its.number))).all()
        run, kept = await inspection_runs.find(reader, "INS-000002"), await stocktakes.find(reader, "ST-000001")
    assert [(row.due_at, row.wake_at) for row in rows] == [(9000, 0), (None, None), (6000, 0), (None, None)]
    assert run
    assert kept
    assert (run.state, run.cancelled_at, kept.closed_at, kept.cancelled) == ("done", None, None, False)
    await store.close()
