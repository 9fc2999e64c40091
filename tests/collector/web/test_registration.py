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
        assert 'id="register"' not in (await client.get(f"/cis/{ci.uid}")).text
        answer = await send(client, f"/cis/{ci.uid}/register")
        assert answer.status_code == 400
        assert "Somebody else administers its class." in answer.text


async def test_what_no_source_could_name_is_named_there(world: World) -> None:
    ci = await proposed(world, "thing-01", "unknown", "unknown")
    async with await world.person("config_admin:network") as client:
        html = (await client.get(f"/cis/{ci.uid}")).text
        assert 'value="network/router"' in html
        assert 'value="environment/ups"' not in html, "the classes of the role alone are offered"
        wrong = await send(client, f"/cis/{ci.uid}/register", named="network/ups", owner="李伟")
        assert wrong.status_code == 400
        assert "Choose what it is from the list." in wrong.text
        assert 'value="李伟"' in wrong.text, "what was typed stays"
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


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_is_typed_is_its_record_from_the_first_and_what_cannot_be_stands_beside_its_field(
    world: World, language: str
) -> None:
    ci = await proposed(world, "sw-09")
    async with await world.person("config_admin:network", language=language) as client:
        wrong = await send(client, f"/cis/{ci.uid}/register", owner="x" * 101, place="A07-U12", environment="test")
        assert wrong.status_code == 400
        assert "w-owner" in {each.attributes.get("id") for each in read(wrong.text).all("span")}
        assert 'value="A07-U12"' in wrong.text
        right = await send(client, f"/cis/{ci.uid}/register", owner="李伟", place="A07-U12", environment="test")
        assert right.headers["location"] == f"/cis/{ci.uid}"
        page = (await client.get(f"/cis/{ci.uid}")).text
    assert "李伟" in page
    assert "A07-U12" in page


async def test_several_are_given_one_owner_place_and_environment(world: World) -> None:
    first, second = await proposed(world, "sw-08"), await proposed(world, "sw-09")
    async with await world.person("config_admin:network") as client:
        wrong = await send(client, "/cis/register", ci=[first.uid, second.uid], owner="x" * 101, back="/cis")
        assert wrong.status_code == 400
        assert "At most 100 characters." in wrong.text
        answer = await send(client, "/cis/register", ci=[first.uid, second.uid], owner="李伟", back="/cis")
        assert answer.status_code == 303
        assert all(["李伟" in (await client.get(f"/cis/{each.uid}")).text for each in (first, second)])


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_it_replaces_is_looked_for_chosen_and_said(world: World, language: str) -> None:
    old, new = await proposed(world, "sw-old"), await proposed(world, "sw-new")
    async with await world.person("config_admin:network", language=language) as client:
        await send(client, f"/cis/{old.uid}/register", label="LB-0042")
        found = read((await client.get(f"/cis/{new.uid}/register?find=LB-0042")).text)
        assert [each.attributes["value"] for each in found.all("input") if each.attributes.get("type") == "radio"] == [
            old.uid
        ]  # fmt: skip
        nothing = await send(client, f"/cis/{new.uid}/replace")
        itself = await send(client, f"/cis/{new.uid}/replace", ci=new.uid)
        assert (nothing.status_code, itself.status_code) == (400, 400)
        answer = await send(client, f"/cis/{new.uid}/replace", ci=old.uid, reason="burnt out")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/cis/{old.uid}/identity")
        assert "/unmerge" in (await client.get(answer.headers["location"])).text
        assert "sw-new" in (await client.get(f"/cis/{old.uid}")).text, "its time line tells it"
        merged = (await client.get(f"/cis/{new.uid}")).text
        assert f'href="/cis/{old.uid}"' in merged
        assert 'id="register"' not in merged
    async with await world.person("config_admin:server", language=language) as client:
        assert (await send(client, f"/cis/{old.uid}/replace", ci=old.uid)).status_code == 400
