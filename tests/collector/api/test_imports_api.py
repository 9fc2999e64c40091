"""`POST /api/v1/imports` and the page: sent, looked at, taken."""

from __future__ import annotations

import re

import pytest

from collector.services.imports import kept
from collector.store import schema
from collector.web.catalogue import LANGUAGES
from tests.collector.services.imports.lists import ROWS, as_csv, as_xlsx
from tests.estate import NOW, Estate
from tests.people import World

API = "/api/v1/imports"


async def test_a_list_is_looked_at_and_then_taken(world: World) -> None:
    async with await world.program("config_admin:*") as client:
        dry = (await client.post(API, params={"name": "room 3", "dry_run": "true"}, content=as_xlsx())).json()
        assert (dry["applied"], dry["format"], dry["counts"]) == (False, "xlsx", {"made": 2})
        assert (await client.get("/api/v1/cis", params={"state": "proposed"})).json()["items"] == []
        real = (await client.post(API, params={"name": "room 3"}, content=as_csv(encoding="gb18030"))).json()
        assert (real["applied"], real["encoding"], real["rows"]) == (True, "gb18030", 2)
        made = (await client.get(f"/api/v1/cis/{real['lines'][0]['ci']}")).json()
        assert (made["name"], made["state"], made["label"]) == (ROWS[0][1], "proposed", "LB-0001")


async def test_a_refused_line_is_told_and_nothing_is_taken(world: World) -> None:
    async with await world.program("config_admin:network") as client:
        report = (await client.post(API, params={"name": "room 3"}, content=as_csv())).json()
        assert (report["applied"], report["counts"]) == (False, {"made": 1, "refused": 1})
        (line,) = [each for each in report["lines"] if each["why"]]
        assert (line["line"], line["why"], line["field"], line["detail"]) == (3, "class", "type", "auxiliary")
        assert (await client.post(API, params={"name": "x"}, content=b"\x00\x01")).status_code == 400
        assert (await client.post(API, content=as_csv())).status_code == 422
    async with await world.program("viewer") as client:
        assert (await client.post(API, params={"name": "x"}, content=as_csv())).status_code == 403


def tie(world: World, word: str = "powered_by") -> bytes:
    return as_csv([["web-01", word, world.estate.db.uid]], ["from", "relation", "to"])


async def test_a_relation_is_looked_at_taken_and_taken_back_over_rest(world: World) -> None:
    async with await world.program("config_admin:*") as client:
        told = [
            (await client.post(API, params={"name": "power", **how}, content=tie(world))).json()
            for how in ({"dry_run": "true"}, {}, {}, {"take_back": "true", "dry_run": "true"}, {"take_back": "true"})
        ]
        assert [(each["counts"], each["applied"]) for each in told] == [
            ({"made": 1}, False), ({"made": 1}, True), ({"same": 1}, True), ({"ended": 1}, False), ({"ended": 1}, True),
        ]  # fmt: skip
        (line,) = told[1]["lines"]
        assert (line["ci"], line["relation"], line["to"]) == (world.estate.web.uid, "powered_by", world.estate.db.uid)
        listed = await client.get("/api/v1/relations", params={"kind": "powered_by"})
        assert listed.json()["items"] == []
    async with await world.program("config_admin:network") as client:
        (line,) = (await client.post(API, params={"name": "power"}, content=tie(world))).json()["lines"]
        assert (line["outcome"], line["why"], line["field"]) == ("refused", "class", "from")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_in_the_page_relations_are_taken_shown_at_their_ci_and_taken_back(world: World, language: str) -> None:
    async with await world.person("config_admin:*", language=language) as client:
        for back in ({}, {"back": "yes"}):
            looked = await client.post("/import", files={"file": ("power.csv", tie(world, "供电来自"))}, data=back)
            assert ('name="back" value="yes"><button' in looked.text) is bool(back)
            key = re.search(r'action="(/import/[0-9a-f]{64})"', looked.text)
            assert key
            taken = await client.post(key[1], data={"name": "power", **back})
            assert f"/cis/{world.estate.db.uid}" in taken.text
            said = (await client.get(f"/cis/{world.estate.web.uid}/relate")).text
            assert ("import/power" in said) is not bool(back)


async def test_a_relation_that_leads_to_two_names_both_in_the_page(world: World) -> None:
    async with world.store.write() as tx:
        other = await Estate(tx, NOW).host("web-09")
        await tx.execute(schema.ci.update().where(schema.ci.c.id == other.id).values(name="web-01"))
    async with await world.person("config_admin:*") as client:
        looked = (await client.post("/import", files={"file": ("power.csv", tie(world))})).text
    assert "Several CIs are called so" in looked
    assert other.uid in looked
    assert world.estate.web.uid in looked


async def test_a_list_may_be_larger_than_other_requests_and_not_boundless(world: World) -> None:
    row = ["switch", "a name of some length", "", "", "", "", "", ""]
    async with await world.program("config_admin:*") as client:
        big = as_csv([["spaceship", *row[1:]]] * 40_000)
        assert len(big) > 1024 * 1024
        report = (await client.post(API, params={"name": "big", "dry_run": "true"}, content=big)).json()
        assert (report["counts"], len(report["lines"])) == ({"refused": 40_000}, 1000)
        huge = await client.post(API, params={"name": "x"}, content=b"", headers={"content-length": str(2**40)})
        assert huge.status_code == 413


async def test_in_the_page_a_list_is_sent_once_and_taken_with_a_click(world: World) -> None:
    async with await world.person("config_admin:*", language="zh-CN") as client:
        assert "选择清单" in (await client.get("/import")).text
        looked = await client.post("/import", files={"file": ("C:\\机房 3.csv", as_csv(encoding="gb18030"))})
        assert "所有行均可导入" in looked.text
        assert "机房 3" in looked.text
        key = re.search(r'action="/import/([0-9a-f]{64})"', looked.text)
        assert key
        taken = await client.post(f"/import/{key[1]}", data={"name": "机房 3"})
        assert "已导入 2 行" in taken.text
        assert (await client.get("/api/v1/cis", params={"q": "LB-0002"})).json()["count"] == 1
        assert "已不在服务器上" in (await client.post(f"/import/{'0' * 64}")).text
        assert (await client.post("/import/../../etc/passwd")).status_code == 404


async def test_in_the_page_refused_lines_come_first_with_their_reason(world: World) -> None:
    poisoned = as_csv([["<script>alert(1)</script>", "<b>x</b>", "", "", "", "", "", ""], ROWS[0]])
    async with await world.person("config_admin:*") as client:
        page = (await client.post("/import", files={"file": ("x.csv", poisoned)})).text
        assert "No class and type of the regulation" in page
        assert "&lt;b&gt;x&lt;/b&gt;" in page
        assert "<b>x</b>" not in page
        assert "/import/" not in page.replace('"/import"', "")
        assert "no row in this list" in (await client.post("/import", files={"file": ("x.csv", b"")})).text
        assert "cannot be read as a list" in (await client.post("/import", files={"file": ("x", b"a\0b")})).text
        assert (await client.post("/import", data={})).status_code == 400
    async with await world.person("viewer") as client:
        assert (await client.get("/import")).status_code == 403


async def test_a_form_with_a_file_needs_the_text_of_its_session_too(world: World) -> None:
    async with await world.person("config_admin:*") as client:
        token = client.headers.pop("x-csrf-token")
        assert (await client.post("/import", files={"file": ("x.csv", as_csv())})).status_code == 403
        sent = await client.post("/import", files={"file": ("x.csv", as_csv())}, data={"csrf": token})
        assert sent.status_code == 200


async def test_lists_that_were_looked_at_are_kept_for_an_hour(world: World) -> None:
    async with await world.person("config_admin:*") as client:
        looked = await client.post("/import", files={"file": ("x.csv", as_csv())})
        key = re.search(r'action="(/import/[0-9a-f]{64})"', looked.text)
        assert key
        folder = world.settings.data / kept.FOLDER
        assert [path.stat().st_mode & 0o077 for path in folder.iterdir()] == [0]
        world.clock.at += kept.KEPT_MS + 1
        assert (await client.post(key[1])).status_code == 400
        for number in range(kept.MOST + 3):
            await client.post("/import", files={"file": ("x.csv", as_csv([[*ROWS[0][:7], str(number)]]))})
        assert len(list(folder.iterdir())) == kept.MOST
