"""Stock-takes and labels over REST."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collector.inspecting.hall import JPEG
from tests.estate import Estate
from tests.people import World

ASKED: dict[str, Any] = {"kind": "yearly", "title": "2026 盘点", "people": ["ada"], "place": "机房A"}


@pytest.fixture
async def stocked(world: World) -> World:
    async with world.store.write() as tx:
        estate = Estate(tx)
        for ci in (world.estate.web, world.estate.laptop):
            await estate.say(ci, "record", {"place": f"机房A/{ci.name}"})
    return world


async def test_a_stock_take_goes_its_way(stocked: World) -> None:
    async with await stocked.person("config_admin:*", name="ada") as client:
        made = await client.post("/api/v1/stocktakes", json=ASKED)
        assert (made.status_code, made.json()["counts"]["open"]) == (201, 2)
        path = f"/api/v1/stocktakes/{made.json()['number']}"
        mark = {"key": "k1", "text": stocked.estate.web.uid, "place": "库房"}
        said = (await client.post(f"{path}/marks", json=mark)).json()
        assert (said["outcome"], said["ci"]["id"]) == ("moved", stocked.estate.web.uid)
        assert (await client.post(f"{path}/marks", json=mark)).json()["outcome"] == "moved"
        early = await client.post(f"{path}/close", json={})
        assert (early.status_code, early.json()["field"]) == (400, "rest")
        change = await client.post(f"{path}/changes", json={"reason": "found elsewhere"})
        assert change.json()["number"].startswith("CHG-")
        digest = (await client.post(f"{path}/close", json={"rest_is_missing": True})).json()["digest"]
        seen = (await client.get(path)).json()
        assert (seen["state"], seen["digest"], seen["is_intact"]) == ("closed", digest, True)
        assert seen["counts"] == {"open": 0, "confirmed": 0, "moved": 1, "damaged": 0, "missing": 1, "found": 0}
        report = (await client.get(f"{path}/report")).json()
        assert [row["outcome"] for row in report["tables"]["lines"]["rows"]] == ["moved", "missing"]
        listed = (await client.get("/api/v1/stocktakes?state=closed&who=ada")).json()
        assert [(each["number"], each["said"], each["lines"]) for each in listed["items"]] == [("ST-000001", 2, 2)]
        late = await client.post(f"{path}/marks", json=mark | {"key": "k2"})
        assert (late.status_code, late.json()["field"]) == (400, "closed")


async def test_a_photo_belongs_to_what_is_counted_and_is_named_in_the_report(stocked: World) -> None:
    async with (
        await stocked.person("config_admin:*", name="ada") as client,
        await stocked.person("engineer", name="eve") as other,
    ):
        path = f"/api/v1/stocktakes/{(await client.post('/api/v1/stocktakes', json=ASKED)).json()['number']}"
        shown = {"ci": stocked.estate.web.uid}
        missing = {"key": "k1", "ci": stocked.estate.web.uid, "outcome": "missing"}
        await client.post(f"{path}/marks", json=missing)
        (kept,) = (await client.post(f"{path}/photos", data=shown, files={"photo": ("<x>.html", JPEG)})).json()
        again = await client.post(f"{path}/photos", data=shown, files={"photo": JPEG})
        assert (again.status_code, [each["id"] for each in again.json()]) == (201, [kept["id"]])
        got = await other.get(f"{path}/photos/{kept['id']}")
        assert (got.content, got.headers["content-type"]) == (JPEG, "image/jpeg")
        assert got.headers["content-disposition"] == 'attachment; filename="ST-000001-1.jpg"'
        stranger = await other.post(f"{path}/photos", data=shown, files={"photo": JPEG})
        assert (stranger.status_code, stranger.json()["field"]) == (400, "who")
        for data, content, field in (
            (shown, b"<svg/>", "photo"), (shown, b"", "photo"), ({"text": "nobody said so"}, JPEG, "photo_of"),
            ({}, JPEG, "photo_of"), ({"ci": stocked.estate.db.uid}, JPEG, "photo_of"),
        ):  # fmt: skip
            refused = await client.post(f"{path}/photos", data=data, files={"photo": content})
            assert (refused.status_code, refused.json()["field"]) == (400, field)
        tables = (await client.get(f"{path}/report")).json()["tables"]
        (row,) = tables["photos"]["rows"]
        assert (row["photo"], row["id"], row["sha256"]) == ("ST-000001-1.jpg", stocked.estate.web.uid, kept["sha256"])
        assert {each["id"]: each["photos"] for each in tables["lines"]["rows"]}[stocked.estate.web.uid] == 1
        assert (await client.get(f"{path}/photos/99")).status_code == 404


async def test_who_counts_blind_is_told_nothing_by_rest_either(stocked: World) -> None:
    async with await stocked.person("config_admin:*", name="ada") as client:
        number = (await client.post("/api/v1/stocktakes", json=ASKED | {"blind": True})).json()["number"]
        path = f"/api/v1/stocktakes/{number}"
        assert (await client.get(path)).json()["counts"] == {"said": 0}
        assert (await client.get(f"{path}/report")).status_code == 400
        mark = {"key": "k1", "text": stocked.estate.web.uid, "place": "库房"}
        said = await client.post(f"{path}/marks", json=mark)
        assert (said.json()["outcome"], "机房A" in said.text) == ("counted", False)


async def test_what_is_not_asked_rightly_is_refused(stocked: World) -> None:
    async with await stocked.person("config_admin:*", name="ada") as client:
        for body in ({}, ASKED | {"people": []}, ASKED | {"more": 1}, ASKED | {"title": "x" * 201}):
            assert (await client.post("/api/v1/stocktakes", json=body)).status_code == 422
        assert (await client.post("/api/v1/stocktakes", json=ASKED | {"people": ["nobody"]})).status_code == 400
        assert (await client.get("/api/v1/stocktakes/ST-999999")).status_code == 404
        assert (await client.get("/api/v1/stocktakes?cursor=x")).status_code == 400
        assert (await client.post("/api/v1/stocktakes/none/marks", json={"key": "k", "text": "x"})).status_code == 404
    async with await stocked.person("engineer", name="eve") as client:
        assert (await client.post("/api/v1/stocktakes", json=ASKED)).status_code == 403


async def test_labels_are_listed_and_printed(stocked: World) -> None:
    async with await stocked.person("config_admin:*", name="ada") as client:
        uid = stocked.estate.web.uid
        body = {"cis": [uid], "format": "a4_48x25", "language": "zh-CN", "base": "https://muster.example"}
        made = await client.post("/api/v1/labels", json=body)
        assert (made.status_code, made.content[:5]) == (200, b"%PDF-")
        (row,) = (await client.get("/api/v1/labels?state=current")).json()["items"]
        assert (row["ci"]["id"], row["printed_by"], row["moved"]) == (uid, "ada", [])
        assert (await client.get("/api/v1/labels?state=never&limit=1")).json()["count"] == 1
        assert (await client.post("/api/v1/labels", json=body | {"cis": ["gone"]})).status_code == 404
        assert (await client.post("/api/v1/labels", json=body | {"format": "a5"})).status_code == 422
