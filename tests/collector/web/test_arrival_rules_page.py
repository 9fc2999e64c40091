"""Arrival rules in pages: written, tried, turned on with what the page listed."""

from __future__ import annotations

import re

import pytest

from collector.web.catalogue import LANGUAGES
from tests.collector.arriving import arrives, switch
from tests.collector.web.reading import read
from tests.collector.web.test_registration import send
from tests.people import World

FIELDS = {"name": "access", "kind": "network/switch", "ranges": "192.0.2.0/25\n", "owner": "网络组"}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_rule_is_tried_saved_and_turned_on_with_what_it_listed(world: World, language: str) -> None:
    uid = await arrives(world, "192.0.2.1", switch(1))
    async with await world.person("config_admin:network", language=language) as client:
        assert "/arrivals/rules" in read((await client.get("/cis?state=proposed")).text).links
        assert (await client.get("/arrivals/rules")).status_code == 200
        tried = await send(client, "/arrivals/rules/new", **FIELDS, do="try")
        assert (tried.status_code, f"/cis/{uid}" in read(tried.text).links) == (200, True)
        assert "ARR-" not in (await client.get("/arrivals/rules")).text, "it was tried, not written"
        made = await send(client, "/arrivals/rules/new", **FIELDS, do="save")
        address = made.headers["location"]
        assert (made.status_code, bool(re.fullmatch(r"/arrivals/rules/ARR-\d{6}", address))) == (303, True)
        page = read((await client.get(address)).text)
        listed = [each.attributes["value"] for each in page.all("input") if each.attributes.get("name") == "accept"]
        assert listed == [f"{uid}|network|switch"]
        on = await send(client, f"{address}/on", version="1", accept=listed)
        assert on.headers["location"] == f"{address}?accepted=1&left=0"
        after = read((await client.get(on.headers["location"])).text)
        assert not [each for each in after.all("input") if each.attributes.get("name") == "accept"]
        assert address in read((await client.get(f"/cis/{uid}")).text).links, "the CI says by which rule it came"
        off = await send(client, f"{address}/off")
        assert (off.status_code, (await client.get("/arrivals/rules")).text.count("data-href")) == (303, 1)


async def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(world: World) -> None:
    async with await world.person("config_admin:network") as client:
        for fields, name in (
            ({"ranges": "everywhere"}, "ranges"), ({"kind": "pc"}, "kind"), ({"kind": ""}, "kind"),
            ({"name": ""}, "name"),
            ({"zone": "a b"}, "zone"), ({"owner": "o" * 101}, "owner"), ({"ends": "never"}, "ends"),
            ({"ends": "2001-01-01T00:00"}, "ends"),
        ):  # fmt: skip
            for do in ("save", "try"):
                answer = await send(client, "/arrivals/rules/new", **(FIELDS | fields), do=do)
                assert (answer.status_code, f'id="w-{name}"' in answer.text) == (400, True), (fields, do)
        assert 'value="access"' in answer.text
        assert "data-href" not in (await client.get("/arrivals/rules")).text


async def test_who_does_not_administer_its_class_is_offered_nothing(world: World) -> None:
    async with await world.person("config_admin:network") as client:
        address = (await send(client, "/arrivals/rules/new", **FIELDS)).headers["location"]
        assert f"{address}/edit" in read((await client.get(address)).text).links
    async with await world.person("config_admin:pc") as client:
        html = (await client.get(address)).text
        assert (f"{address}/on" in html, f"{address}/edit" in html) == (False, False)
        refused = await send(client, f"{address}/on", version="1")
        assert (refused.status_code, "Somebody else administers this class." in refused.text) == (400, True)
    async with await world.person("viewer") as client:
        assert (await client.get(address)).status_code == 200
        assert (await send(client, f"{address}/off")).status_code == 403


async def test_a_rule_is_changed_from_what_stands_and_the_older_page_is_refused(world: World) -> None:
    async with await world.person("config_admin:network") as client:
        address = (await send(client, "/arrivals/rules/new", **FIELDS)).headers["location"]
        form = (await client.get(f"{address}/edit")).text
        assert ("192.0.2.0/25" in form, "网络组" in form) == (True, True)
        changed = await send(client, f"{address}/edit", **(FIELDS | {"name": "edge"}), version="1")
        assert changed.headers["location"] == address
        stale = await send(client, f"{address}/edit", **FIELDS, version="1")
        assert (stale.status_code, "Somebody else changed the rule" in stale.text) == (400, True)
        assert (await send(client, f"{address}/on", version="1")).status_code == 400
        assert "edge" in (await client.get(address)).text
