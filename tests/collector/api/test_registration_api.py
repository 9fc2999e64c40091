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
