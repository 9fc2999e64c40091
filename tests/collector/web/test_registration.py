"""Proposed CIs are registered from their page and from the list, also without script."""

from __future__ import annotations

import httpx2
import pytest

from collector.web.catalogue import LANGUAGES
from tests.collector.api.test_registration_api import proposed
from tests.collector.web.reading import read
from tests.people import World


async def send(client: httpx2.AsyncClient, path: str, **fields: str | list[str]) -> httpx2.Response:
    return await client.post(path, data={"csrf": client.headers["x-csrf-token"], **fields})


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_page_of_a_proposed_ci_says_so_and_registers_it(world: World, language: str) -> None:
    ci = await proposed(world, "sw-09")
    async with await world.person("config_admin:network", language=language) as client:
        page = read((await client.get(f"/cis/{ci.uid}")).text)
        assert [form.attributes["action"] for form in page.all("form") if "register" in form.attributes["action"]]
        answer = await send(client, f"/cis/{ci.uid}/register")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/cis/{ci.uid}")
        after = (await client.get(f"/cis/{ci.uid}")).text
    assert 'id="proposed"' not in after


async def test_who_does_not_administer_is_told_and_offered_nothing(world: World) -> None:
    ci = await proposed(world, "sw-09")
    async with await world.person("viewer") as client:
        html = (await client.get(f"/cis/{ci.uid}")).text
        assert 'id="proposed"' in html
        assert "/register" not in html
        assert 'form="choice"' not in (await client.get("/cis?state=proposed")).text
        assert (await send(client, f"/cis/{ci.uid}/register")).status_code == 403
    async with await world.person("config_admin:server") as client:
        answer = await send(client, f"/cis/{ci.uid}/register")
        assert answer.headers["location"] == f"/cis/{ci.uid}?left=class"
        assert "Somebody else administers its class." in (await client.get(answer.headers["location"])).text


async def test_what_no_source_could_name_is_named_there(world: World) -> None:
    ci = await proposed(world, "thing-01", "unknown", "unknown")
    async with await world.person("config_admin:network") as client:
        assert 'value="network/router"' in (await client.get(f"/cis/{ci.uid}")).text
        wrong = await send(client, f"/cis/{ci.uid}/register", named="network/ups")
        assert wrong.headers["location"] == f"/cis/{ci.uid}?left=named"
        await send(client, f"/cis/{ci.uid}/register", named="network/router")
        assert "/cis?type=router" in (await client.get(f"/cis/{ci.uid}")).text


async def test_those_chosen_in_the_list_are_registered_and_what_is_left_is_told(world: World) -> None:
    switch, ups = await proposed(world, "sw-09"), await proposed(world, "ups-09", "environment", "ups")
    async with await world.person("config_admin:network") as client:
        html = (await client.get("/cis?state=proposed")).text
        assert html.count('form="choice"') == 2
        answer = await send(client, "/cis/register", ci=[switch.uid, ups.uid], back="/cis?state=proposed")
        assert answer.status_code == 200
        assert "1 CI is registered." in answer.text
        assert f"/cis/{ups.uid}" in read(answer.text).links
        assert "Nothing was chosen." in (await send(client, "/cis/register")).text
    async with await world.person("config_admin:environment") as client:
        answer = await send(client, "/cis/register", ci=[ups.uid], back="https://elsewhere.test/")
        assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_a_list_without_proposed_cis_has_nothing_to_choose(world: World) -> None:
    async with await world.person("config_admin:*") as client:
        assert 'form="choice"' not in (await client.get("/cis")).text
