"""Pages of stock-takes and labels: opened, walked without script, closed; printed."""

from __future__ import annotations

import base64
import io
import re

import httpx2
import openpyxl
import pytest

from tests.collector.inspecting.hall import JPEG
from tests.collector.inspecting.test_drawing import PLAIN
from tests.estate import Estate
from tests.people import World

PLACE = "机房A"
DRAWN = "data:image/png;base64," + base64.b64encode(PLAIN).decode()


@pytest.fixture
async def stocked(world: World) -> World:
    async with world.store.write() as tx:
        estate = Estate(tx)
        for ci in (world.estate.web, world.estate.laptop):
            await estate.say(ci, "record", {"place": f"{PLACE}/{ci.name}", "owner": "王芳"})
    return world


async def opened(client: httpx2.AsyncClient, **more: str) -> str:
    form = {"kind": "round", "title": "<i>round</i>", "person": "ada", "place": PLACE} | more
    done = await client.post("/stocktakes", data=form)
    assert done.status_code == 303, done.text
    return done.headers["location"]


def key_of(text: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', text)
    assert found
    return found[1]


async def test_a_round_is_opened_walked_without_script_and_closed(stocked: World) -> None:
    async with await stocked.person("config_admin:*", name="ada") as client:
        counted = await client.post("/stocktakes", data={"do": "count", "place": PLACE, "kind": "round"})
        assert (counted.status_code, "2 CIs are in scope" in counted.text) == (200, True)
        path = await opened(client)
        page = (await client.get(path)).text
        assert "&lt;i&gt;round&lt;/i&gt;" in page
        walk = await client.get(f"{path}/walk")
        assert walk.headers["permissions-policy"].startswith("camera=(self)")
        for name in (stocked.estate.web.name, stocked.estate.laptop.name):
            assert name in walk.text
        form = {"key": key_of(walk.text), "text": stocked.estate.web.uid, "place": PLACE}
        done = await client.post(f"{path}/walk", data=form)
        assert done.status_code == 303
        after = (await client.get(done.headers["location"])).text
        assert f"{stocked.estate.web.name}: Confirmed" in after
        moved = {"key": "k2", "ci": stocked.estate.laptop.uid, "outcome": "moved", "there": "库房"}
        await client.post(f"{path}/walk", data=moved)
        assert "All counted" in (await client.get(f"{path}/walk")).text
        assert (await client.post(f"{path}/changes", data={"reason": "walked"})).headers[
            "location"
        ] == "/changes/CHG-000001"
        closed = await client.post(f"{path}/close", data={"note": "two people"})
        assert (closed.status_code, closed.headers["location"]) == (303, path)
        page = (await client.get(path)).text
        assert "The report is as it was closed" in page
        assert "CHG-000001" in page
        assert (await client.get(f"{path}/walk")).status_code == 303


async def test_a_photo_is_taken_without_script_and_shown_with_its_line(stocked: World) -> None:
    async with await stocked.person("config_admin:*", name="ada") as client:
        path = await opened(client)
        uid = stocked.estate.web.uid
        form = {"key": "k1", "ci": uid, "outcome": "damaged", "place": PLACE}
        done = await client.post(f"{path}/walk", data=form, files={"photo": ("x.html", JPEG, "text/html")})
        assert done.status_code == 303, done.text
        await client.post(f"{path}/walk", data={"key": "k2", "text": "<i>box</i>", "place": PLACE})
        other = {"key": "k3", "text": "<i>box</i>"}
        assert (await client.post(f"{path}/walk", data=other, files={"photo": JPEG})).status_code == 303
        for page in (path, f"{path}/walk?show=all"):
            text = (await client.get(page)).text
            assert set(re.findall(rf'src="({path}/photos/\d+)"', text)) == {f"{path}/photos/1", f"{path}/photos/2"}
            assert "<i>box" not in text
        photo = await client.get(f"{path}/photos/1")
        assert (photo.content, photo.headers["content-security-policy"]) == (JPEG, "default-src 'none'; sandbox")
        wrong = await client.post(f"{path}/walk", data=form | {"key": "k4"}, files={"photo": b"<svg/>"})
        assert (wrong.status_code, "A photo is JPEG" in wrong.text) == (400, True)
        assert "Damaged" in (await client.get(f"{path}?show=damaged")).text


async def test_a_stock_take_is_closed_with_a_signature_that_stands_in_its_report(stocked: World) -> None:
    async with await stocked.person("config_admin:*", name="ada") as client:
        path = await opened(client)
        ending = {"rest": "yes", "drawn": DRAWN}
        for wrong in (DRAWN[:-8], "data:text/html;base64,AAAA"):
            refused = await client.post(f"{path}/close", data=ending | {"drawn": wrong})
            assert (refused.status_code, "cannot be read" in refused.text) == (400, True)
        assert (await client.post(f"{path}/close", data=ending)).status_code == 303
        page = (await client.get(path)).text
        assert f'src="{path}/signatures/closer"' in page
        assert "The report is as it was closed" in page
        drawing = await client.get(f"{path}/signatures/closer")
        assert (drawing.headers["content-type"], drawing.content[:4]) == ("image/png", b"\x89PNG")
        assert (await client.get(f"{path}/signatures/other")).status_code == 404
        report = (await client.get(f"{path}/report.json")).json()
        assert len(report["parameters"]["closed_by_drawing"]) == 64
        assert b"/Subtype /Image" in (await client.get(f"{path}/report.pdf")).content


@pytest.mark.parametrize("form", ["csv", "json", "xml", "xlsx", "pdf"])
async def test_the_report_is_every_kind_of_file(stocked: World, form: str) -> None:
    async with await stocked.person("config_admin:*", name="ada") as client:
        path = await opened(client)
        await client.post(f"{path}/walk", data={"key": "k", "text": "=cmd|'/c calc'!A0", "place": "B"})
        file = await client.get(f"{path}/report.{form}")
        assert file.status_code == 200
        assert f'filename="ST-000001.{form}"' in file.headers["content-disposition"]
        if form == "xlsx":
            book = openpyxl.load_workbook(io.BytesIO(file.content))
            cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row if cell.value]
            assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
            assert any("=cmd" in str(cell.value) for cell in cells)
        elif form == "csv":
            assert "'=cmd" in file.text
        assert (await client.get(f"{path}/report.exe")).status_code == 404


async def test_who_counts_blind_sees_no_list_and_no_report(stocked: World) -> None:
    async with await stocked.person("config_admin:*", name="ada") as client:
        path = await opened(client, blind="yes")
        for address in (path, f"{path}/walk"):
            text = (await client.get(address)).text
            assert stocked.estate.web.name not in text.replace(stocked.settings.data.name, "")
            assert PLACE not in text
        assert (await client.get(f"{path}/report.csv")).status_code == 404
        said = {"key": "k", "text": stocked.estate.web.uid, "place": "elsewhere"}
        after = await client.get((await client.post(f"{path}/walk", data=said)).headers["location"])
        assert f"{stocked.estate.web.name}: counted" in after.text
        assert not re.search(">[^<]*Moved", after.text)
        nowhere = await client.post(f"{path}/walk", data=said | {"key": "k2", "place": ""})
        assert (nowhere.status_code, "Say where" in nowhere.text) == (400, True)


async def test_who_may_not_lead_or_count_does_not(stocked: World) -> None:
    async with await stocked.person("config_admin:*", name="ada") as client:
        path = await opened(client)
    async with await stocked.person("viewer", name="vic") as client:
        assert (await client.get(path)).status_code == 200
        for address in ("/stocktakes/new", f"{path}/walk"):
            assert (await client.get(address)).status_code == 403
        assert (await client.post("/labels", data={"ci": stocked.estate.web.uid})).status_code == 403
    async with await stocked.person("engineer", name="eve") as client:
        said = await client.post(f"{path}/walk", data={"key": "k", "text": "x"})
        assert (said.status_code, "You do not count" in said.text) == (400, True)


async def test_what_is_wrong_with_a_new_one_is_said_beside_its_field(stocked: World) -> None:
    async with await stocked.person("config_admin:*", name="ada") as client:
        wrong = await client.post(
            "/stocktakes", data={"kind": "round", "title": "x", "person": "ada", "place": "nowhere"}
        )
        assert (wrong.status_code, "No CI, or more than" in wrong.text) == (400, True)
        path = await opened(client)
        early = await client.post(f"{path}/close", data={})
        assert (early.status_code, "Some are not yet counted" in early.text) == (400, True)
        again = (await client.get(f"/stocktakes/new?like={path.rsplit('/', 1)[1]}")).text
        assert f'value="{PLACE}"' in again


async def test_labels_are_printed_and_then_no_longer_stale(stocked: World) -> None:
    async with await stocked.person("config_admin:*", name="ada", language="zh-CN") as client:
        page = (await client.get("/labels?state=never")).text
        assert f'value="{stocked.estate.web.uid}"' in page
        form = {"ci": stocked.estate.web.uid, "format": "roll_62x29", "skip": "0", "code": "link"}
        made = await client.post("/labels", data=form)
        assert (made.headers["content-type"], made.content[:5]) == ("application/pdf", b"%PDF-")
        async with stocked.store.write() as tx:
            await Estate(tx).say(stocked.estate.web, "record", {"place": "库房", "owner": "王芳"}, 1)
        stale = (await client.get("/labels")).text
        assert "<ins>库房</ins>" in stale
        for wrong in ({"skip": "1"}, {"format": "a5"}, {"ci": ""}):
            assert (await client.post("/labels", data=form | wrong)).status_code in (400, 404)


async def test_many_labels_can_be_chosen_at_once(stocked: World) -> None:
    async with await stocked.person("config_admin:*", name="ada") as client:
        chosen = {"ci": [stocked.estate.web.uid] * 300, "format": "a4_70x37", "skip": "0"}
        assert (await client.post("/labels", data=chosen)).content[:5] == b"%PDF-"
