"""The page of the audit log: found, filtered, taken along, checked."""

from __future__ import annotations

import csv
import io
import json

import pytest
from sqlalchemy import text

from collector.security.audit import Actor, recorded
from tests.people import World

POISON = "<script>alert(1)</script>"


async def told(world: World) -> None:
    async with world.store.write() as tx:
        for number, action in enumerate(("account.create", "plan.change", "credential.remove")):
            who = Actor(f"ada{number}", "page 192.0.2.7")
            async with recorded(tx, who, world.clock() - number * 40 * 86_400_000) as act:
                act.tell(action, f"thing/{number}", {"name": "=cmd|'/c calc'!A0"}, {"name": POISON, "n": number})


@pytest.mark.parametrize(("language", "shown"), [("en", "Sweep plan changed"), ("zh-CN", "修改扫描计划")])
async def test_acts_are_listed_in_the_readers_language_and_nothing_runs(
    world: World, language: str, shown: str
) -> None:
    await told(world)
    async with await world.person("auditor", language=language) as client:
        html = (await client.get("/audit")).text
    assert shown in html
    assert "&lt;script&gt;" in html
    assert POISON not in html


async def test_the_list_is_filtered_by_what_an_act_is_about_and_a_word(world: World) -> None:
    await told(world)
    async with await world.person("auditor") as client:
        plans = (await client.get("/audit", params={"about": "plan"})).text
        words = (await client.get("/audit", params={"q": "thing/2"})).text
        assert "No entry" not in plans
    assert ("thing/1" in plans, "thing/0" in plans) == (True, False)
    assert ("thing/2" in words, "thing/1" in words) == (True, False)


async def test_it_is_taken_along_as_csv_and_json(world: World) -> None:
    await told(world)
    async with await world.person("auditor") as client:
        rows = list(csv.reader(io.StringIO((await client.get("/audit.csv")).text.removeprefix("\ufeff"))))
        listed = (await client.get("/audit.json")).json()
        few = (await client.get("/audit.json", params={"about": "credential"})).json()
        none = (await client.get("/audit.json", params={"q": "nothing of it"})).json()
    assert len(rows) == 4
    assert rows[1][1:4] == ["ada2", "Credential removed", "thing/2"]
    assert [each["seq"] for each in listed] == [3, 2, 1]
    assert listed[0]["details"]["after"] == {"name": POISON, "n": 2}
    assert ([each["seq"] for each in few], none) == ([3], [])


async def test_the_check_and_the_anchor_are_a_click_away(world: World) -> None:
    await told(world)
    async with await world.person("auditor") as client:
        assert "Intact: rows 1 to 3." in (await client.get("/audit/check")).text
        anchor = await client.get("/audit/anchor.json")
        assert "attachment" in anchor.headers["content-disposition"]
        assert json.loads(anchor.text)["seq"] == 3
        async with world.store.write() as tx:
            await tx.execute(text("UPDATE audit SET details = 'no JSON' WHERE seq = 2"))
        html = (await client.get("/audit/check")).text
    assert "first at row 2: changed" in html
    assert "no JSON" in html


async def test_only_auditors_see_the_page_and_its_place_in_the_navigation(world: World) -> None:
    async with await world.person("ops") as client:
        assert (await client.get("/audit")).status_code == 403
        assert 'href="/audit"' not in (await client.get("/agents")).text
    async with await world.person("auditor") as client:
        assert 'href="/audit"' in (await client.get("/agents")).text
