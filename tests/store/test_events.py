"""Rows of events, on both engines: pages, filters, adoption, and what is forgotten."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collector.model import Event
from collector.store import events
from collector.store.browse.events import EventQuery, list_events
from collector.store.browse.page import Window
from collector.store.engine import Store
from collector.store.events import Spoken
from tests.store.ground import with_cis

DOWN = Event(1_000, "link_down", "", "", "Gi0/1", "warning", "Gi0/1 went down", "trap", "1.3.6.1.6.3.1.1.5.3", 1_500, 3)
LOGIN = Event(2_000, "login", "wang", "10.0.0.5", "", "info", "logged in", "syslog", "", 2_000, 1, True)
HERE = Spoken(None, "", "192.0.2.1", 7)


async def fill(store: Store, *told: Event, spoken: Spoken = HERE) -> None:
    async with store.write() as tx:
        await events.add(tx, told, spoken)


async def kinds(store: Store, query: EventQuery = EventQuery()) -> list[str]:  # noqa: B008  a frozen value
    async with store.read() as connection:
        return [row.kind for row in (await list_events(connection, query, Window(50))).items]


async def test_events_are_listed_newest_first_with_all_they_say(store: Store) -> None:
    await fill(store, DOWN, LOGIN)
    async with store.read() as connection:
        page = await list_events(connection, EventQuery(), Window(1))
        login = page.items[0]
        assert (page.count, login.kind, login.actor, login.authentic, login.ci) == (2, "login", "wang", True, None)
        rest = await list_events(connection, EventQuery(), Window(1, page.next))
        (down,) = rest.items
        assert (down.object, down.count, down.at, down.until, down.address) == ("Gi0/1", 3, 1_000, 1_500, "192.0.2.1")
        assert rest.next is None


@pytest.mark.parametrize(("query", "found"), [
    (EventQuery(kinds=("login",)), ["login"]), (EventQuery(severities=("warning", "error")), ["link_down"]),
    (EventQuery(address="192.0.2.2"), []), (EventQuery(since=2_000), ["login"]),
    (EventQuery(until=2_000), ["link_down"]),
    (EventQuery(q="WANG"), ["login"]), (EventQuery(q="went down"), ["link_down"]), (EventQuery(q="%"), []),
    (EventQuery(ci_id=1), []),
])  # fmt: skip
async def test_filters_leave_what_was_asked_for(store: Store, query: EventQuery, found: list[str]) -> None:
    await fill(store, DOWN, LOGIN)
    assert await kinds(store, query) == found


async def test_a_ci_adopts_what_was_said_from_its_address_and_nothing_else(store: Store) -> None:
    await fill(store, DOWN)
    await fill(store, LOGIN, spoken=replace(HERE, zone="plant-2"))
    await with_cis(store, 1)
    ci = 1
    async with store.write() as tx:
        await events.adopt(tx, "", "192.0.2.1", ci)
    assert await kinds(store, EventQuery(ci_id=ci)) == ["link_down"]
    async with store.read() as connection:
        assert await events.of_cis(connection, [ci], 1_200, 1_200, ["link_down"]) == {ci: [DOWN]}
        assert await events.of_cis(connection, [ci], 1_501, 9_000, ["link_down"]) == {}
        assert await events.of_cis(connection, [ci], 0, 9_000, ["login"]) == {}


async def test_what_is_too_old_or_too_much_is_forgotten(store: Store) -> None:
    await fill(store, *(replace(DOWN, at=each, until=each) for each in range(10)))
    async with store.write() as tx:
        assert await events.forget(tx, 4, 100) == 4
        assert await events.forget(tx, 4, 100) == 0
        assert await events.forget(tx, 0, 3) == 3
    async with store.read() as connection:
        kept = await list_events(connection, EventQuery(), Window(50))
    assert [row.at for row in kept.items] == [9, 8, 7]
