"""`/api/v1/accounts`: made, listed, let in by link."""

from __future__ import annotations

from tests.people import World

API = "/api/v1/accounts"


async def test_an_account_is_made_and_comes_in_by_its_link(world: World) -> None:
    async with await world.program("system_admin") as client:
        made = await client.post(API, json={"name": "li.wei", "roles": ["viewer"]})
        assert made.status_code == 201
        listed = {each["name"]: each for each in (await client.get(API)).json()}
    assert listed["li.wei"]["roles"] == ["viewer"]
    assert "password_hash" not in listed["li.wei"]
    async with world.nobody() as guest:
        assert (await guest.get(made.json()["path"])).status_code == 303
        assert (await guest.get("/api/v1/me")).json()["name"] == "li.wei"


async def test_an_account_gets_another_link_by_name(world: World) -> None:
    async with await world.program("system_admin") as client:
        await client.post(API, json={"name": "li.wei", "roles": ["viewer"]})
        again = await client.post(f"{API}/li.wei/login-link")
        assert (again.status_code, again.json()["path"].startswith("/login/")) == (201, True)
        assert (await client.post(f"{API}/nobody/login-link")).status_code == 404


async def test_what_is_no_account_is_a_bad_request(world: World) -> None:
    async with await world.program("system_admin") as client:
        assert (await client.post(API, json={"name": "<b>", "roles": []})).status_code == 400
        assert (await client.post(API, json={"name": "li", "roles": ["auditor", "ops"]})).status_code == 400
        assert (await client.post(API, json={"name": "li", "roles": [], "password": "x"})).status_code == 422
