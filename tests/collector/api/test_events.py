"""The REST of events, the time line they stand on, and the counts of those who hear them."""

from __future__ import annotations

import json

import pytest

from collector.model import Event
from collector.store import agents, events, schema
from collector.store.events import Spoken
from tests.collector.api.test_metrics import _samples, _text
from tests.estate import NOW
from tests.people import World

API = "/api/v1"
HOSTILE = "<script>alert(1)</script>\u202e"
CHANGED = Event(NOW - 5_000, "config_changed", "wang", "10.0.0.5", "", "notice", HOSTILE, "syslog", "", NOW - 4_000, 3)
DOWN = Event(
    NOW - 3_000, "link_down", "", "", "eth0", "warning", "eth0 down", "trap", "1.3.6.1.6.3.1.1.5.3", NOW - 3_000
)
STRAY = Event(NOW - 1_000, "login", "x", "", "", "info", "logged in", "syslog", "", NOW - 1_000)


@pytest.fixture
async def told(world: World) -> World:
    async with world.store.write() as tx:
        await events.add(tx, [CHANGED, DOWN], Spoken(world.estate.web.id, "", "192.0.2.10", 1))
        await events.add(tx, [STRAY], Spoken(None, "plant-2", "192.0.2.99", 2))
    return world


async def test_events_are_listed_with_the_ci_that_is_known_and_filtered(told: World) -> None:
    client = await told.person("viewer")
    page = (await client.get(f"{API}/events")).json()
    assert [each["kind"] for each in page["items"]] == ["login", "link_down", "config_changed"]
    stray, _, changed = page["items"]
    assert (stray["ci"], stray["zone"], stray["address"]) == (None, "plant-2", "192.0.2.99")
    assert (changed["ci"]["id"], changed["actor"], changed["count"]) == (told.estate.web.uid, "wang", 3)
    assert changed["message"] == HOSTILE
    for query, kinds in (
        (f"ci={told.estate.web.uid}", ["link_down", "config_changed"]), ("kind=login", ["login"]),
        ("severity=warning&severity=notice", ["link_down", "config_changed"]), ("q=WANG", ["config_changed"]),
        ("address=192.0.2.99", ["login"]), ("limit=1", ["login"]),
    ):  # fmt: skip
        answer = (await client.get(f"{API}/events?{query}")).json()
        assert [each["kind"] for each in answer["items"]] == kinds, query
    own = (await client.get(f"{API}/cis/{told.estate.web.uid}/events")).json()
    assert (own["count"], [each["kind"] for each in own["items"]]) == (2, ["link_down", "config_changed"])


async def test_pages_follow_one_another(told: World) -> None:
    client = await told.person("viewer")
    first = (await client.get(f"{API}/events?limit=2")).json()
    rest = (await client.get(f"{API}/events?limit=2&cursor={first['next_cursor']}")).json()
    assert [each["kind"] for each in rest["items"]] == ["config_changed"]


@pytest.mark.parametrize(("query", "status"), [
    ("since=yesterday", 422), ("nonsense=1", 422), ("cursor=x", 400), ("limit=0", 422),
])  # fmt: skip
async def test_what_cannot_be_asked_is_refused(told: World, query: str, status: int) -> None:
    client = await told.person("viewer")
    assert (await client.get(f"{API}/events?{query}")).status_code == status


async def test_nobody_reads_events_without_a_role(told: World) -> None:
    async with told.nobody() as client:
        assert (await client.get(f"{API}/events")).status_code == 401
    assert (await (await told.person("system_admin")).get(f"{API}/events")).status_code == 403
    assert (await (await told.person("viewer")).get(f"{API}/cis/none/events")).status_code == 404


@pytest.mark.parametrize(("language", "words"), [
    ("en", ("Configuration changed", "by wang@10.0.0.5", "Link down")),
    ("zh-CN", ("配置变更", "操作人 wang@10.0.0.5", "链路断开")),
])  # fmt: skip
async def test_the_page_of_a_ci_has_them_on_its_time_line(told: World, language: str, words: tuple[str, ...]) -> None:
    client = await told.person("viewer", language=language)
    page = (await client.get(f"/cis/{told.estate.web.uid}")).text
    line = page.partition('id="timeline"')[2]
    for word in words:
        assert word in line, word
    assert "eth0" in line
    assert "<script>alert(1)" not in page
    assert "\u202e" not in page


async def test_what_probes_have_heard_and_not_heard_is_told_in_metrics(world: World) -> None:
    heard = {"traps": 12, "too_fast": 7}
    async with world.store.write() as tx:
        await tx.execute(
            schema.agent.update().where(schema.agent.c.id == 1).values(heard=json.dumps(heard), state="active")
        )
        agent = next(each for each in await agents.everyone(tx) if each.id == 1)
    assert agent.heard == heard
    told = _samples(await _text(world, "/metrics"))
    for what, number in heard.items():
        assert told["muster_receiver_heard_total", (("agent", agent.uid), ("what", what))] == number
