"""The page on which a past period is judged again."""

from __future__ import annotations

import pytest

from collector.web import units
from tests.estate import DAY, NOW
from tests.people import World

PERIOD = {"from": units.field_text(NOW - 7 * DAY), "to": units.field_text(NOW)}
POLICY = "packages: {default: informational, reason: others look at these}\n"


@pytest.mark.parametrize(("language", "shown"), [("en", "not held against changes"), ("zh-CN", "不与变更比对")])
async def test_the_page_shows_where_verdicts_would_differ(world: World, language: str, shown: str) -> None:
    client = await world.person("change_supervisor", language=language)
    assert (await client.get("/findings/backtest")).status_code == 200
    answer = await client.post("/findings/backtest", data=PERIOD | {"policy": POLICY})
    assert answer.status_code == 200
    assert shown in answer.text
    assert "web-01" in answer.text


async def test_what_is_not_right_comes_back_with_what_was_typed(world: World) -> None:
    client = await world.person("change_supervisor")
    wrong = await client.post("/findings/backtest", data={"from": "soon", "to": PERIOD["to"], "post": "1h"})
    assert (wrong.status_code, "A time is expected" in wrong.text, "whole number" in wrong.text) == (400, True, True)
    refused = await client.post("/findings/backtest", data=PERIOD | {"policy": "<b>: ["})
    assert (refused.status_code, "Not judged" in refused.text, "&lt;b&gt;: [" in refused.text) == (400, True, True)


async def test_who_governs_no_changes_is_not_let_in(world: World) -> None:
    client = await world.person("engineer")
    assert (await client.get("/findings/backtest")).status_code == 403


async def test_a_ci_is_shown_as_it_was_known(world: World) -> None:
    client = await world.person("viewer")
    then = units.field_text(NOW - DAY)
    text = (await client.get(f"/cis/{world.estate.web.uid}", params={"known_at": then})).text
    assert "as far as it was known at" in text
    assert "3.0.15-1~deb12u1" in text


async def test_the_list_of_cis_is_shown_as_of_a_moment(world: World) -> None:
    client = await world.person("viewer")
    then, before = units.field_text(NOW - DAY), units.field_text(NOW - 1000 * DAY)
    text = (await client.get("/cis", params={"at": then})).text
    assert "as they stood and with their values of then" in text
    assert "web-01" in text
    assert "as far as it was known at" in (await client.get("/cis", params={"at": then, "known_at": then})).text
    assert f"/cis/{world.estate.web.uid}?at=" in text
    assert "web-01" not in (await client.get("/cis", params={"at": before})).text
    assert "web-01" not in (await client.get("/cis.csv", params={"at": before})).text
