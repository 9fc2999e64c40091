"""The page that enters a CI: what cannot be is said beside its field, and what is known is gone on to."""

from __future__ import annotations

import pytest

from collector.services.by_hand import WHY_NOT
from collector.web.catalogue import LANGUAGES, entries
from tests.collector.api.test_registration_api import proposed
from tests.collector.web.reading import read
from tests.collector.web.test_registration import send
from tests.people import World

RACK = {"type": "environment/rack", "name": "机柜 A07", "label": "LB-0700", "owner": "李伟", "place": "A07"}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_ci_is_entered_and_shown_and_entered_twice_it_is_the_same(world: World, language: str) -> None:
    async with await world.person("config_admin:environment", language=language) as client:
        assert "/cis/new" in read((await client.get("/cis")).text).links
        page = read((await client.get("/cis/new")).text)
        offered = {each.attributes["value"] for each in page.all("option")}
        assert "environment/rack" in offered
        assert "network/switch" not in offered, "the classes of the role alone"
        answer = await send(client, "/cis/new", **RACK)
        assert answer.status_code == 303
        shown = (await client.get(answer.headers["location"])).text
        again = await send(client, "/cis/new", **RACK)
    assert "LB-0700" in shown
    assert 'id="proposed"' not in shown
    assert again.headers["location"] == answer.headers["location"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_cannot_be_is_said_beside_its_field_and_what_was_typed_stays(world: World, language: str) -> None:
    async with await world.person("config_admin:*", language=language) as client:
        wrong = await send(client, "/cis/new", **RACK | {"label": "", "owner": "张强"})
        assert wrong.status_code == 400
        assert "w-serial" in {each.attributes.get("id") for each in read(wrong.text).all("span")}
        assert 'value="张强"' in wrong.text
        await send(client, "/cis/new", **RACK)
        known = await send(client, "/cis/new", **RACK | {"owner": "张强"})
        assert known.status_code == 400
        assert any(each.endswith("/record") for each in read(known.text).links)


async def test_one_that_is_in_doubt_is_made_and_said_to_wait(world: World) -> None:
    async with await world.person("config_admin:*") as client:
        first = RACK | {"hostname": "rack-a07"}
        await send(client, "/cis/new", **first)
        second = await send(client, "/cis/new", **first | {"label": "LB-0701"})
        assert second.headers["location"].endswith("/register?left=doubt")
        shown = await client.get(second.headers["location"])
    assert (shown.status_code, "decide that first" in shown.text) == (200, True)


async def test_who_administers_nothing_enters_nothing(world: World) -> None:
    await proposed(world, "sw-09")
    async with await world.person("viewer") as client:
        assert (await client.get("/cis/new")).status_code == 403
        assert "/cis/new" not in read((await client.get("/cis")).text).links
    async with await world.person("config_admin:network") as client:
        answer = await send(client, "/cis/new", **RACK)
    assert answer.status_code == 400
    assert "Somebody else administers this class." in answer.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_its_words(language: str) -> None:
    assert {f"enter.why.{why}" for why in WHY_NOT} <= entries(language).keys()
