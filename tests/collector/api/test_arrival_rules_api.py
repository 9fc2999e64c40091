"""Arrival rules over REST: tried, written, turned on with what was listed, in one's own classes."""

from __future__ import annotations

import pytest

from tests.collector.arriving import arrives, switch
from tests.people import World

API = "/api/v1/arrival-rules"
RULE = {"name": "access", "class": "network", "type": "switch", "ranges": ["192.0.2.0/25"]}


async def test_a_rule_is_tried_made_turned_on_and_off_and_says_what_it_did(world: World) -> None:
    first = await arrives(world, "192.0.2.1", switch(1))
    await arrives(world, "198.51.100.1", switch(2))
    async with await world.program("config_admin:network") as client:
        asked = {"class": "network", "type": "switch", "range": ["192.0.2.0/25"]}
        tried = (await client.get(f"{API}/fit", params=asked)).json()
        assert ([each["id"] for each in tried["fits"]], tried["fitting"], tried["leaving"]) == ([first], 1, 0)
        assert tried["fits"][0]["addresses"] == ["192.0.2.1"]
        made = await client.post(API, json=RULE | {"gives": {"owner": "NOC"}, "ends": "2040-01-01T00:00:00Z"})
        number = made.json()["number"]
        assert (made.status_code, made.json()["state"], made.json()["version"]) == (201, "off", 1)
        assert (await client.get(f"{API}/{number}/fit")).json() == tried
        listed = [{name: each[name] for name in ("id", "class", "type")} for each in tried["fits"]]
        answer = await client.post(f"{API}/{number}/on", json={"version": 1, "accept": listed})
        assert answer.json() == {"accepted": 1, "left": []}
        again = await client.post(f"{API}/{number}/on", json={"version": 2, "accept": listed})
        assert again.json() == {"accepted": 0, "left": [{"id": first, "why": "gone"}]}
        ci = (await client.get(f"/api/v1/cis/{first}")).json()
        assert ci["state"] == "active"
        why = (await client.get(f"/api/v1/cis/{first}/why?section=record&key=owner")).json()
        assert (why["authorised"]["ref"], why["fact"]["value"]) == (f"registered by rule:{number}", "NOC")
        world.clock.at += 1000
        third = await arrives(world, "192.0.2.3", switch(3))
        assert (await client.get(f"/api/v1/cis/{third}")).json()["state"] == "active"
        off = await client.post(f"{API}/{number}/off")
        assert (off.json()["state"], off.json()["version"]) == ("off", 3)
        versions = (await client.get(f"{API}/{number}/versions")).json()
        assert [each["state"] for each in versions] == ["off", "on", "off"]
        assert [each["number"] for each in (await client.get(API)).json()] == [number]


async def test_who_does_not_administer_reads_and_writes_nothing(world: World) -> None:
    async with await world.program("config_admin:network") as client:
        number = (await client.post(API, json=RULE)).json()["number"]
    async with await world.program("config_admin:pc") as client:
        assert (await client.get(f"{API}/{number}")).status_code == 200
        assert (await client.post(API, json=RULE | {"name": "b"})).status_code == 403
        assert (await client.put(f"{API}/{number}", json=RULE | {"version": 1})).status_code == 403
        assert (await client.post(f"{API}/{number}/on", json={"version": 1})).status_code == 403
        assert (await client.post(f"{API}/{number}/off")).status_code == 403
        assert (await client.get(f"{API}/fit", params={"class": "network", "zone": "z"})).status_code == 200
    async with await world.program("viewer") as client:
        assert (await client.get(API)).status_code == 200
        assert (await client.post(API, json=RULE)).status_code == 403


@pytest.mark.parametrize(("body", "status", "field"), [
    (RULE | {"ranges": []}, 400, "ranges"), (RULE | {"ranges": ["all"]}, 400, "ranges"),
    (RULE | {"type": "ups"}, 400, "type"), (RULE | {"gives": {"label": "A"}}, 400, "label"),
    (RULE | {"gives": {"environment": "moon"}}, 400, "environment"), (RULE | {"name": " "}, 400, "name"),
    (RULE | {"ends": "soon"}, 422, None), (RULE | {"ends": "2001-01-01T00:00:00Z"}, 400, "ends"),
    (RULE | {"class": "Network"}, 422, None), (RULE | {"ranges": ["10.0.0.1"] * 65}, 422, None),
    (RULE | {"king": "a"}, 422, None),
])  # fmt: skip
async def test_what_is_no_rule_is_answered_with_its_field(
    world: World, body: dict[str, object], status: int, field: str | None
) -> None:
    async with await world.program("config_admin:network") as client:
        answer = await client.post(API, json=body)
        assert (answer.status_code, answer.json().get("field")) == (status, field)
        assert (await client.get(API)).json() == []


async def test_a_version_that_is_not_the_present_one_changes_nothing(world: World) -> None:
    async with await world.program("config_admin:network") as client:
        number = (await client.post(API, json=RULE)).json()["number"]
        changed = await client.put(f"{API}/{number}", json=RULE | {"name": "other", "version": 1})
        assert (changed.json()["version"], changed.json()["state"], changed.json()["name"]) == (2, "off", "other")
        stale = await client.put(f"{API}/{number}", json=RULE | {"version": 1})
        on = await client.post(f"{API}/{number}/on", json={"version": 1})
        assert [(each.status_code, each.json()["field"]) for each in (stale, on)] == [(400, "version")] * 2
        assert (await client.get(f"{API}/{number}")).json()["name"] == "other"
        assert (await client.get(f"{API}/ARR-999999")).status_code == 404
