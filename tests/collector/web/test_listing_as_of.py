"""A list shown as of a moment: filters keep the moment, and the moment keeps filters, columns and order."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import pytest

from collector.web import units
from tests.estate import DAY, NOW
from tests.people import World

THEN = units.field_text(NOW - DAY)
ASKED = {"at": THEN, "class": "server", "sort": "-name", "column": "name"}


async def _page(world: World) -> str:
    client = await world.person("viewer")
    return (await client.get("/cis", params=ASKED)).text


def _carried(text: str, form: str) -> dict[str, str]:
    inside = text.split(f'<form class="{form}" action="/cis"', 1)[1].split("</form>", 1)[0]
    return dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', inside))


async def test_filtering_a_list_keeps_the_moment_it_is_shown_as_of(world: World) -> None:
    assert _carried(await _page(world), "bar") == {"at": THEN, "sort": "-name"}


async def test_picking_a_moment_keeps_filters_columns_and_order(world: World) -> None:
    assert _carried(await _page(world), "inline") == {"class": "server", "sort": "-name", "column": "name"}


async def test_clearing_the_filters_keeps_the_moment(world: World) -> None:
    cleared = re.search(r'class="chip plain" href="([^"]*)"', await _page(world))
    assert cleared is not None
    assert dict(parse_qsl(urlsplit(unescape(cleared[1])).query)) == {"at": THEN, "sort": "-name", "column": "name"}


@pytest.mark.parametrize("path", ["/cis", "/changes", "/findings?state=", "/incidents?state=", "/relations"])
async def test_a_moment_before_anything_was_recorded_says_so_and_leads_back_to_now(world: World, path: str) -> None:
    client = await world.person("auditor", language="en")
    text = (await client.get(path, params={"at": "2001-01-01T00:00:00", "known_at": "2001-01-01T00:00:00"})).text
    assert "None had been recorded by then." in text
    assert f'href="{path.partition("?")[0]}">Back to now' in text
