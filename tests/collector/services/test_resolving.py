"""What was resolved in a ticket system is resolved at the service desk, with its words, its trail and its row."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from collector.desk.table import load
from collector.incident import Plan
from collector.model import Cause
from collector.services.channels.resolving import Resolving
from collector.services.incidents.desk import ServiceDesk
from collector.store import incidents, schema
from collector.store.engine import Store
from collector.workcalendar import Calendar
from tests.architecture.checkout import ROOT

NOW = 1_768_464_000_000


@pytest.fixture
async def opened(store: Store) -> Store:
    cause = Cause("k", None, "foreign_alert", "error", {"zh": "盘", "en": "disk"}, {}, NOW)
    async with store.write() as tx:
        await incidents.apply(tx, Plan(open=(cause,)), NOW)
    return store


async def test_it_is_taken_and_resolved_in_their_words_and_only_once(opened: Store) -> None:
    resolving = Resolving(ServiceDesk(load(ROOT / "rules" / "desk.yaml", Calendar())))
    said = "resolved in desk by beth (INC0010023)"
    async with opened.write() as tx:
        assert await resolving(tx, "INC-000001", said, NOW + 9)
        assert not await resolving(tx, "INC-000001", said, NOW + 10)
        assert not await resolving(tx, "INC-999999", said, NOW + 10)
    async with opened.read() as connection:
        row = (await connection.execute(select(schema.incident))).one()
        told = list(await connection.execute(select(schema.audit)))
    assert (row.state, row.resolved_at, row.resolution, row.assignee) == ("resolved", NOW + 9, said, "collector")
    assert [each.actor for each in told] == ["collector", "collector"]
