"""The page of events: what devices said by themselves."""

from __future__ import annotations

from collector.model import Event
from collector.store import events
from collector.store.events import Spoken
from tests.people import World

TOLD = (
    Event(1_000, "link_down", object="<b>Gi0/1</b>", severity="warning", until=9_000, count=3, source="trap"),
    Event(2_000, "config_changed", actor="wang", message="=cmd|' /C calc'!A1", until=2_000, source="syslog"),
)


async def fill(world: World) -> None:
    async with world.store.write() as tx:
        await events.add(tx, TOLD[:1], Spoken(world.estate.web.id, "", "192.0.2.1", 1))
        await events.add(tx, TOLD[1:], Spoken(None, "", "192.0.2.99", 2))


async def test_events_stand_with_the_ci_or_the_address_nobody_knows_yet(world: World) -> None:
    await fill(world)
    body = (await (await world.person("viewer")).get("/events")).text
    assert f"/cis/{world.estate.web.uid}" in body
    assert "192.0.2.99" in body
    assert "wang" in body


async def test_what_a_device_said_is_inert(world: World) -> None:
    await fill(world)
    viewer = await world.person("viewer")
    assert "<b>Gi0/1</b>" not in (await viewer.get("/events")).text
    assert "'=cmd|" in (await viewer.get("/events.csv")).text, "a spreadsheet would run it"


async def test_filters_leave_what_was_asked_for(world: World) -> None:
    await fill(world)
    viewer = await world.person("viewer")
    only = (await viewer.get("/events?event_kind=link_down")).text
    assert "192.0.2.99" not in only
    assert "192.0.2.99" in (await viewer.get("/events?q=calc")).text


async def test_who_may_not_read_cis_does_not_see_what_they_say(world: World) -> None:
    assert (await (await world.person("system_admin")).get("/events")).status_code == 403
