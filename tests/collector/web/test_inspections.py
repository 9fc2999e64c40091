"""Pages of periodic maintenance: a plan of a template in two clicks, its inspection filled in, signed, downloaded."""

from __future__ import annotations

import base64
import io
import json
import re
from typing import Any

import httpx2
import openpyxl
import pytest

from collector.inspecting.plan import of_values
from collector.web.inspection_form import form_of, values_of
from tests.collector.inspecting.hall import JPEG, PLAN
from tests.collector.inspecting.test_drawing import PLAIN
from tests.estate import Estate
from tests.people import World

HOSTILE = "<script>alert(1)</script>"


def values(text: str) -> dict[str, list[str]]:
    """Return what the form of a page would send, as it stands."""
    found: dict[str, list[str]] = {}
    body = text[text.index('action="/inspections/plans') :]
    for tag in re.findall(r"<input[^>]*>", body):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and name[1] not in ("q", "csrf", "back") and ('type="checkbox"' not in tag or " checked" in tag):
            found.setdefault(name[1], []).append(httpx_text(value[1] if value else ""))
    for name, inner in re.findall(r'<textarea name="([^"]*)"[^>]*>\n?(.*?)</textarea>', body, re.DOTALL):
        found[name] = [httpx_text(inner)]
    for name, inner in re.findall(r'<select name="([^"]*)"[^>]*>(.*?)</select>', body, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', inner) or re.search(r'<option value="([^"]*)"', inner)
        found[name] = [httpx_text(chosen[1] if chosen else "")]
    return found


def httpx_text(text: str) -> str:
    for code, plain in (("&#34;", '"'), ("&#39;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(code, plain)
    return text


async def planned(client: httpx2.AsyncClient, template: str = "machine_room_daily") -> str:
    """Make a plan of a template: open it, save it; return its number."""
    form = values((await client.get(f"/inspections/plans/new?template={template}")).text)
    done = await client.post("/inspections/plans", data=form | {"do": "save"})
    assert done.status_code == 303, re.findall(r'class="(?:wrong|note critical)".*', done.text)
    return str(done.headers["location"]).rpartition("/")[2]


async def run_of(client: httpx2.AsyncClient, plan: str) -> str:
    done = await client.post(f"/inspections/plans/{plan}/run")
    assert done.status_code == 303, done.text
    return str(done.headers["location"])


@pytest.mark.parametrize("called", ["machine_room_daily", "emergency_drill", "pc_monthly"])
async def test_a_template_is_saved_as_it_is_in_two_clicks(world: World, called: str) -> None:
    async with await world.person("incident_manager", name="ada") as client:
        number = await planned(client, called)
        page = (await client.get(f"/inspections/plans/{number}")).text
        kept = (await client.get(f"/api/v1/plans/{number}")).json()["plan"]
        shipped = {each["name"]: each["plan"] for each in (await client.get("/api/v1/plans/templates")).json()}
    assert kept["assignee"] == "ada"
    assert kept == shipped[called] | {"assignee": "ada"}
    assert "v1" in page


def test_a_form_says_what_its_plan_says() -> None:
    plan = of_values(PLAN | {"scope": {"classes": ["server"], "match": 'ci.name == "a"'}, "review": False})
    assert of_values(values_of(form_of(plan)) | {"template": plan.template}) == plan


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rrule": "every day"}, "Write a rule of days"),
        ({"rrule": "FREQ=DAILY;COUNT=1", "starts": "2020-01-01"}, "Write a rule of days"),
        ({"zone": "Mars"}, "Name a time zone"),
        ({"assignee": "nobody"}, "Choose an account"),
        ({"match": "ci.nope"}, "The condition cannot be read"),
        ({"title_zh": "", "title_en": ""}, "required"),
        ({"item_low0": "warm"}, "Not saved"),
        ({"ahead": "-1"}, "Not saved"),
    ],
)
async def test_what_is_wrong_is_said_beside_its_field(world: World, change: dict[str, str], says: str) -> None:
    async with await world.person("incident_manager", name="ada") as client:
        form = values((await client.get("/inspections/plans/new?template=machine_room_daily")).text)
        done = await client.post("/inspections/plans", data=form | change | {"do": "save"})
    assert done.status_code == 400
    assert says in done.text


async def test_a_form_shows_what_it_would_do_and_grows(world: World) -> None:
    async with await world.person("incident_manager", name="ada") as client:
        form = values((await client.get("/inspections/plans/new?template=machine_room_daily")).text)
        looked = (await client.post("/inspections/plans", data=form | {"do": "preview"})).text
        more = values((await client.post("/inspections/plans", data=form | {"do": "more"})).text)
        assert (await client.get("/api/v1/plans")).json() == []
    assert "2026-11-26 08:35" in looked.replace("00:35", "08:35")
    assert int(more["items"][0]) == int(form["items"][0]) + 2
    assert more["item_text0"] == form["item_text0"]


async def test_an_inspection_is_filled_in_without_script_signed_reviewed_and_downloaded(world: World) -> None:
    async with world.store.write() as tx:
        await Estate(tx).say(world.estate.web, "record", {"place": HOSTILE})
    async with (
        await world.person("incident_manager", name="ada") as ada,
        await world.person("engineer", name="bob") as bob,
    ):
        plan = await planned(ada)
        run = await run_of(ada, plan)
        walk = await ada.get(f"{run}/walk")
        assert walk.headers["permissions-policy"].startswith("camera=(self)")
        answers = {"M-INLET": "29", "M-HUMIDITY": "40"} | dict.fromkeys(
            ("M-FIRE", "M-WATER", "M-SENSES", "M-DOOR"), "0"
        )
        for item, value in answers.items():
            files = {"photo": ("x.html", JPEG, "text/html")} if item == "M-FIRE" else None
            form = {"item": item, "value": value, "key": f"k-{item}", "note": HOSTILE}
            done = await bob.post(f"{run}/walk", data=form, files=files)
            assert done.status_code == 303, done.text
            assert done.headers["location"] == f"{run}/walk#{item}"
        page = (await ada.get(run)).text
        assert HOSTILE not in page
        (address,) = set(re.findall(rf'src="({run}/photos/\d+)"', page))
        photo = await ada.get(address)
        assert (photo.content, photo.headers["content-type"]) == (JPEG, "image/jpeg")
        assert photo.headers["content-disposition"].startswith("attachment")
        assert photo.headers["x-content-type-options"] == "nosniff"
        assert (await bob.post(f"{run}/sign")).status_code == 400
        assert (await ada.post(f"{run}/sign")).status_code == 303
        assert (await ada.get(f"{run}/walk")).status_code == 303
        assert (await ada.post(f"{run}/review", data={"do": "sign"})).status_code == 400
        assert (await bob.post(f"{run}/review", data={"do": "sign"})).status_code == 303
        done_page = (await ada.get(run)).text
        assert "is the one that was signed" in done_page
        await bob.post(f"{run}/notes", data={"text": "later"})
        book = openpyxl.load_workbook(io.BytesIO((await ada.get(f"{run}/report.xlsx")).content))
        assert len(book.worksheets) >= 5
        assert (await ada.get(f"{run}/report.pdf")).content.startswith(b"%PDF")
        report = (await ada.get(f"{run}/report.json")).json()
        listed = (await ada.get("/inspections?inspection_state=done")).text
        csv = (await ada.get("/inspections.csv")).text
    assert {row["who"] for row in report["tables"]["items"]["rows"]} == {"bob"}
    number = run.rpartition("/")[2]
    assert number in listed
    assert number in csv


@pytest.mark.parametrize(
    ("form", "files", "says"),
    [
        ({"item": "M-INLET", "value": "warm", "key": "k"}, None, "Fill in what is asked"),
        ({"item": "M-FIRE", "value": "0", "key": "k"}, {"photo": ("a.jpg", b"<svg/>")}, "A photo is JPEG"),
        ({"item": "M-NONE", "value": "0", "key": "k"}, None, "There is no such item"),
    ],
)
async def test_what_cannot_be_filled_in_is_said_and_kept_in_the_form(
    world: World, form: dict[str, str], files: Any, says: str
) -> None:
    async with await world.person("incident_manager", name="ada") as client:
        run = await run_of(client, await planned(client))
        done = await client.post(f"{run}/walk", data=form, files=files)
    assert done.status_code == 400
    assert says in done.text
    assert form["value"] == "0" or f'value="{form["value"]}"' in done.text


async def test_a_photo_may_be_as_large_as_is_said_and_not_larger(world: World) -> None:
    async with await world.person("incident_manager", name="ada") as client:
        run = await run_of(client, await planned(client))
        form = {"item": "M-FIRE", "value": "0", "key": "k"}
        large = JPEG + bytes(6 * 1024 * 1024 - len(JPEG))
        assert (await client.post(f"{run}/walk", data=form, files={"photo": ("a.jpg", large)})).status_code == 303
        larger = await client.post(f"{run}/walk", data=form, files={"photo": ("a.jpg", large + b"x")})
        assert (larger.status_code, "A photo is JPEG" in larger.text) == (400, True)
        largest = await client.post(f"{run}/walk", data=form, files={"photo": ("a.jpg", large + bytes(2_000_000))})
        assert largest.status_code == 413


async def test_the_api_makes_answers_signs_and_reads(world: World) -> None:
    async with (
        await world.person("incident_manager", name="ada") as ada,
        await world.person("engineer", name="bob") as bob,
    ):
        made = await ada.post("/api/v1/plans", json={"template": "pc_monthly", "assignee": "ada"})
        assert made.status_code == 201
        number = made.json()["number"]
        changed = made.json()["plan"] | {"checks": ["NO-SUCH-001"]}
        put = (await ada.put(f"/api/v1/plans/{number}", json={"plan": changed})).json()
        assert (put["version"], put["lost"], put["rules"]) == (2, ["NO-SUCH-001"], [])
        assert (await ada.post(f"/api/v1/plans/{number}/pause", json={"paused": True})).json()["state"] == "paused"
        run = (await ada.post(f"/api/v1/plans/{number}/runs")).json()
        path = f"/api/v1/inspections/{run['number']}"
        item = (await bob.post(f"{path}/answers", data={"item": "M-SUPPLIES", "key": "k", "value": "1"})).json()
        assert (item["state"], item["said"]["en"], item["is_done"]) == ("problem", "To be bought", True)
        refused = await bob.post(f"{path}/answers", data={"item": "M-SUPPLIES", "key": "k2", "value": "7"})
        assert (refused.status_code, refused.json()["field"]) == (400, "value")
        for wrong, status in (("A", 422), (base64.b64encode(JPEG).decode(), 400)):
            assert (await ada.post(f"{path}/sign", json={"drawing": wrong})).status_code == status
        drawing = base64.b64encode(PLAIN).decode()
        digest = (await ada.post(f"{path}/sign", json={"drawing": drawing})).json()["digest"]
        page = f"/inspections/runs/{run['number']}"
        assert f'src="{page}/signatures/inspector"' in (await ada.get(page)).text
        assert (await bob.get(f"{page}/signatures/inspector")).headers["content-type"] == "image/png"
        assert b"/Subtype /Image" in (await ada.get(f"{page}/report.pdf")).content
        whole = (await ada.get(path)).json()
        assert (whole["state"], whole["digest"], whole["is_intact"], whole["plan"]) == ("done", digest, True, number)
        assert (await bob.post(f"{path}/notes", json={"text": "bought"})).json()["notes"][0]["text"] == "bought"
        listed = (await ada.get("/api/v1/inspections?state=done")).json()
        assert [each["number"] for each in listed["items"]] == [run["number"]]
        assert (await bob.post("/api/v1/plans", json={"template": "pc_monthly", "assignee": "bob"})).status_code == 403
        incident = (await ada.get(f"/api/v1/incidents/{run['incident']}")).json()
        assert incident["state"] == "resolved"
        json.dumps(whole)


async def test_who_signs_sees_which_incidents_that_makes_and_the_report_names_them(world: World) -> None:
    async with await world.person("incident_manager", name="ada") as client:
        made = await client.post("/api/v1/plans", json={"plan": PLAN | {"checks": [], "review": False, "deputy": ""}})
        run = (await run_of(client, made.json()["number"])).rpartition("/")[2]
        for item, value in (("M-TEMP", "31"), ("M-FIRE", "1")):
            files = {"photo": ("a.jpg", JPEG, "image/jpeg")} if item == "M-FIRE" else None
            said = {"item": item, "value": value, "key": item}
            await client.post(f"/api/v1/inspections/{run}/answers", data=said, files=files)
        foreseen = (await client.get(f"/api/v1/inspections/{run}/incidents")).json()
        pages = [(await client.get(f"/inspections/runs/{run}{tail}")).text for tail in ("", "/walk")]
        assert (await client.post(f"/api/v1/inspections/{run}/sign")).status_code == 200
        whole = (await client.get(f"/api/v1/inspections/{run}")).json()
        shown = (await client.get(f"/inspections/runs/{run}")).text
        incidents = [each["incident"] for each in whole["items"]]
        about = [(await client.get(f"/incidents/{each}")).text for each in incidents]
        parent = (await client.get(f"/incidents/{whole['incident']}")).text
    assert [(each["fate"], each["incident"]) for each in foreseen] == [("opens", ""), ("opens", "")]
    assert all("冷通道温度: 31 °C" in page and "in 2 incidents" in page for page in pages)
    assert whole["is_intact"]
    assert all(f'href="/incidents/{each}"' in shown and each in parent for each in incidents)
    assert all("31 °C" in about[0] and run in page for page in about)
    assert f"/inspections/runs/{run}/photos/" in about[1]
