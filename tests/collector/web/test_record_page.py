"""The form of a CI's record."""

from __future__ import annotations

import re

import httpx2

from tests.people import World


async def seen(client: httpx2.AsyncClient, path: str) -> str:
    found = re.search(r'name="seen" value="(\w+)"', (await client.get(path)).text)
    assert found
    return found[1]


async def test_a_record_is_written_and_shown_with_who_said_so(world: World) -> None:
    path = f"/cis/{world.estate.web.uid}"
    async with await world.person("config_admin:*", name="ada") as client:
        assert f"{path}/record" in (await client.get(path)).text
        form = {"seen": await seen(client, f"{path}/record"), "owner": "<b>Li</b>", "place": "A07"}
        done = await client.post(f"{path}/record", data=form)
        assert (done.status_code, done.headers["location"]) == (303, f"{path}#s-record")
        page = (await client.get(path)).text
        assert "&lt;b&gt;Li&lt;/b&gt;" in page
        assert "<b>Li</b>" not in page
        assert 'value="A07"' in (await client.get(f"{path}/record")).text


async def test_a_record_somebody_else_wrote_meanwhile_is_shown_beside_what_was_typed(world: World) -> None:
    path = f"/cis/{world.estate.web.uid}/record"
    async with (
        await world.person("config_admin:*", name="ada") as ada,
        await world.person("config_admin:*", name="bob") as bob,
    ):
        stale = await seen(ada, path)
        await bob.post(path, data={"seen": await seen(bob, path), "owner": "Bob's"})
        late = await ada.post(path, data={"seen": stale, "owner": "Ada's"})
        assert late.status_code == 400
        assert "Somebody else wrote this record meanwhile" in late.text
        assert 'value="Ada&#39;s"' in late.text
        again = await ada.post(path, data={"seen": await seen(ada, path), "owner": "Ada's"})
        assert again.status_code == 303


async def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_written(world: World) -> None:
    path = f"/cis/{world.estate.web.uid}/record"
    async with await world.person("config_admin:network") as client:
        form = {"seen": await seen(client, path), "owner": "x"}
        assert "Somebody else administers" in (await client.post(path, data=form)).text
    async with await world.person("config_admin:*") as client:
        form = {"seen": await seen(client, path), "owner": "x" * 101}
        answer = await client.post(path, data=form)
        assert (answer.status_code, 'aria-invalid="true"' in answer.text) == (400, True)
    async with await world.person("viewer") as client:
        assert (await client.get(path)).status_code == 403
