"""Relations people say, over REST and on their page."""

from __future__ import annotations

from tests.people import World


async def test_a_relation_is_said_listed_and_taken_back(world: World) -> None:
    web, other = world.estate.web.uid, world.estate.db.uid
    async with await world.program("config_admin:*") as client:
        asked = {"kind": "powered_by", "to": other}
        assert (await client.post(f"/api/v1/cis/{web}/relations", json=asked)).status_code == 204
        listed = (await client.get(f"/api/v1/cis/{web}/relations", params={"kind": "powered_by"})).json()["items"]
        assert [(each["a"]["id"], each["b"]["id"], each["source"].partition("/")[0]) for each in listed] == [
            (web, other, "hand")
        ]  # fmt: skip
        gone = f"/api/v1/cis/{web}/relations/powered_by/{other}"
        assert (await client.delete(gone)).status_code == 204
        assert (await client.delete(gone)).status_code == 400
        assert (await client.post(f"/api/v1/cis/{web}/relations", json={"kind": "x", "to": other})).status_code == 400
    async with await world.program("viewer") as client:
        assert (await client.post(f"/api/v1/cis/{web}/relations", json=asked)).status_code == 403
    async with await world.program("auditor") as client:
        told = (await client.get("/api/v1/audit", params={"object": f"ci/{web}"})).json()["items"]
    assert {each["action"] for each in told} == {"ci.relate"}
    assert len(told) == 2


async def test_the_page_says_and_takes_back_and_tells_what_is_wrong(world: World) -> None:
    web, path = world.estate.web, f"/cis/{world.estate.web.uid}/relate"
    async with await world.person("config_admin:*", name="ada") as client:
        assert path in (await client.get(f"/cis/{web.uid}")).text
        wrong = await client.post(path, data={"kind": "powered_by", "other": "<b>nobody</b>"})
        assert (wrong.status_code, "&lt;b&gt;nobody&lt;/b&gt;" in wrong.text) == (400, True)
        assert (await client.post(path, data={"kind": "powered_by", "other": ""})).status_code == 400
        asked = {"kind": "powered_by", "other": world.estate.db.uid}
        assert (await client.post(path, data=asked)).headers["location"] == path
        assert "hand/ada" in (await client.get(path)).text
        assert (await client.post(path, data={**asked, "end": "yes"})).status_code == 303
        assert "hand/ada" not in (await client.get(path)).text
    async with await world.person("viewer", name="bob") as client:
        assert path not in (await client.get(f"/cis/{web.uid}")).text
        assert (await client.get(path)).status_code == 403
