"""Proposed CIs are registered over REST, by those who administer their class."""

from __future__ import annotations

from tests.estate import Estate, Seeded
from tests.people import World

API = "/api/v1"


async def proposed(world: World, name: str, ci_class: str = "network", ci_type: str = "switch") -> Seeded:
    """Add a device that a sweep found."""
    async with world.store.write() as connection:
        estate = Estate(connection, world.clock())
        ci = await estate.ci(name, ci_class, ci_type, await estate.source(f"snmp//{name}"), state="proposed")
        await estate.say(ci, "device", {"class": ci_class, "type": ci_type, "name": name, "version": "1"})
    return ci


async def test_one_is_registered_and_answers_as_it_is_then(world: World) -> None:
    ci = await proposed(world, "sw-09")
    async with await world.program("config_admin:network") as client:
        answer = await client.post(f"{API}/cis/{ci.uid}/register")
        assert (answer.status_code, answer.json()["state"]) == (200, "active")
        why = (await client.get(f"{API}/cis/{ci.uid}/why?section=device&key=version")).json()
        again = await client.post(f"{API}/cis/{ci.uid}/register", json={})
    assert why["authorised"]["basis"] == "arrival"
    assert why["authorised"]["ref"] == "registered by robot-config_admin.network"
    assert (again.status_code, again.json()["detail"]) == (400, "it is not proposed")


async def test_what_no_source_could_name_is_named_with_it(world: World) -> None:
    ci = await proposed(world, "thing-01", "unknown", "unknown")
    async with await world.program("config_admin:network") as client:
        wrong = await client.post(f"{API}/cis/{ci.uid}/register", json={"class": "network", "type": "ups"})
        odd = await client.post(f"{API}/cis/{ci.uid}/register", json={"owner": "me"})
        right = await client.post(f"{API}/cis/{ci.uid}/register", json={"class": "network", "type": "router"})
    assert (wrong.status_code, wrong.json()["field"]) == (400, "type")
    assert odd.status_code == 422
    assert (right.status_code, right.json()["class"], right.json()["type"]) == (200, "network", "router")


async def test_of_several_those_are_registered_that_can_be(world: World) -> None:
    switch, ups = await proposed(world, "sw-09"), await proposed(world, "ups-09", "environment", "ups")
    async with await world.program("config_admin:network") as client:
        answer = await client.post(f"{API}/cis/register", json={"ids": [switch.uid, ups.uid]})
        assert answer.status_code == 200
        nobody = await client.post(f"{API}/cis/register", json={"ids": ["nobody"]})
        many = await client.post(f"{API}/cis/register", json={"ids": [str(number) for number in range(201)]})
    said = answer.json()
    assert said["registered"] == 1
    assert [(each["ci"]["id"], each["ci"]["name"], each["why"]) for each in said["left"]] == [
        (ups.uid, "ups-09", "class")
    ]  # fmt: skip
    assert (nobody.status_code, many.status_code) == (404, 422)


async def test_its_record_is_said_with_it(world: World) -> None:
    first, second = await proposed(world, "sw-08"), await proposed(world, "sw-09")
    async with await world.program("config_admin:network") as client:
        said = {"owner": "李伟", "place": "A07-U12", "label": "LB-0001", "environment": "test"}
        answer = await client.post(f"{API}/cis/{first.uid}/register", json={"record": said})
        assert (answer.status_code, answer.json()["environment"], answer.json()["label"]) == (200, "test", "LB-0001")
        whole = (await client.get(f"{API}/cis/{first.uid}")).json()
        taken = await client.post(f"{API}/cis/{second.uid}/register", json={"record": {"label": "LB-0001"}})
        odd = await client.post(f"{API}/cis/{second.uid}/register", json={"record": {"environment": "moon"}})
        own = await client.post(f"{API}/cis/register", json={"ids": [second.uid], "record": {"label": "LB-2"}})
        alike = await client.post(f"{API}/cis/register", json={"ids": [second.uid], "record": {"owner": "张强"}})
    (record,) = [each for each in whole["sections"] if each["name"] == "record"]
    assert {each["key"]: each["value"] for each in record["facts"]} == said
    assert [(each.status_code, each.json()["field"]) for each in (taken, odd, own)] == [
        (400, "label"), (400, "environment"), (400, "label"),
    ]  # fmt: skip
    assert alike.json() == {"registered": 1, "left": []}


async def test_what_it_replaces_is_said_and_that_one_answers(world: World) -> None:
    old, new = await proposed(world, "sw-08"), await proposed(world, "sw-09")
    async with await world.program("config_admin:network") as client:
        early = await client.post(f"{API}/cis/{new.uid}/replace", json={"ci": old.uid})
        await client.post(f"{API}/cis/{old.uid}/register")
        answer = await client.post(f"{API}/cis/{new.uid}/replace", json={"ci": old.uid, "reason": "burnt out"})
        (case, *_) = (await client.get(f"{API}/duplicates")).json()["items"]
        nobody = await client.post(f"{API}/cis/{old.uid}/replace", json={"ci": "nobody"})
        gone = await client.get(f"{API}/cis/{new.uid}")
        merged = (await client.get(f"{API}/cis/{old.uid}/identity")).json()["merged"]
        undone = await client.post(f"{API}/merges/{merged[0]['id']}/undo")
        again = (await client.get(f"{API}/cis/{new.uid}")).json()
    assert (early.status_code, early.json()["field"]) == (400, "replaces")
    assert (answer.status_code, answer.json()["id"]) == (200, old.uid)
    assert (case["kind"], case["decision"], case["reason"]) == ("replacement", "replaces", "burnt out")
    assert (nobody.status_code, undone.status_code, again["state"]) == (404, 204, "proposed")
    assert gone.json()["state"] == "archived", "it is in sight by its own address alone"


async def test_a_ci_is_entered_and_entered_again_it_is_the_same(world: World) -> None:
    asked = {"type": "rack", "record": {"name": "机柜 A07", "label": "LB-0700", "owner": "李伟"}}
    async with await world.program("config_admin:environment") as client:
        made = await client.post(f"{API}/cis", json=asked)
        again = await client.post(f"{API}/cis", json=asked)
        ci = (await client.get(made.headers["location"])).json()
        other = await client.post(f"{API}/cis", json=asked | {"type": "switch"})
        nameless = await client.post(f"{API}/cis", json={"type": "rack", "record": {"name": "x"}})
        odd = await client.post(f"{API}/cis", json=asked | {"id": ci["id"]})
    assert (made.status_code, made.json()) == (201, {"id": ci["id"], "outcome": "made", "left": ""})
    assert (ci["state"], ci["class"], ci["label"]) == ("active", "environment", "LB-0700")
    assert (again.status_code, again.json()) == (200, {"id": ci["id"], "outcome": "same", "left": ""})
    assert [(each.status_code, each.json()["field"]) for each in (other, nameless)] == [(400, "type"), (400, "serial")]
    assert odd.status_code == 422
