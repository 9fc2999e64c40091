"""Events are kept for a season, however many came in it up to a bound, and then let go bit by bit."""

from __future__ import annotations

import pytest

from collector.model import Event
from collector.services import events
from collector.services.retention import Retention
from collector.store import events as kept
from collector.store.browse.events import EventQuery
from collector.store.browse.page import Window
from collector.store.engine import Store
from collector.store.events import Spoken

NOW = events.KEPT_MS + 1_000


async def test_what_is_older_than_a_season_goes_however_much_it_is(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "FORGOTTEN_AT_ONCE", 7)
    old = [Event(each, "login", until=each) for each in range(30)]
    async with sqlite_store.write() as tx:
        await kept.add(tx, [*old, Event(2_000, "login", until=2_000)], Spoken(None, "", "192.0.2.1", 1))
    assert await Retention(sqlite_store, 400, lambda: NOW).step() == 30
    async with sqlite_store.read() as connection:
        assert (await events.listed(connection, EventQuery(), Window())).count == 1
