"""Plans of rounds, by page and by REST: made, looked at beforehand, paused, ended; what comes of them is seen late."""

from __future__ import annotations

import re
from typing import Any

import pytest

from collector.services.inspecting.inspector import Inspector
from collector.services.stocktaking import clockwork
from tests.estate import DAY, Estate
from tests.people import World

PLACE = "机房A"
FORM = {
    "kind": "round", "title": "<b>round</b>", "rrule": "FREQ=DAILY;BYHOUR=18;BYMINUTE=0", "zone": "Asia/Shanghai",
    "on_non_workday": "run", "ahead": "30", "due": "8", "assignee": "ada", "deputy": "bob", "place": PLACE,
    "class": "server", "do": "save",
}  # fmt: skip


@pytest.fixture
async def stocked(world: World) -> World:
    async with world.store.write() as tx:
        await Estate(tx).say(world.estate.web, "record", {"place": f"{PLACE}/1"})
    return world


async def test_a_plan_is_made_in_a_page_and_its_round_is_given_to_people_and_seen_to_be_late(stocked: World) -> None:
    async with (
        await stocked.person("config_admin:*", name="ada") as ada,
        await stocked.person("engineer", name="bob") as bob,
    ):
        new = (await ada.get("/stocktakes/plans/new?kind=yearly")).text
        assert "FREQ=YEARLY" in new
        looked = (await ada.post("/stocktakes/plans", data=FORM | {"do": "preview"})).text
        assert "One CI is in scope" in looked
        assert (await ada.get("/api/v1/stocktakes/plans")).json() == []
        made = await ada.post("/stocktakes/plans", data=FORM)
        path = made.headers.get("location")
        assert (made.status_code, path) == (303, "/stocktakes/plans/RND-0001"), made.text
        edit = (await ada.get(f"{path}/edit")).text
        assert f'value="{PLACE}"' in edit
        assert (await ada.post(path, data=FORM | {"person": "ada"})).status_code == 400  # nothing is different
        assert (await ada.post(path, data=FORM | {"title": "round"})).status_code == 303
        (number,) = await clockwork.due(stocked.store, Inspector(), stocked.clock.at)
        page = (await ada.get(path)).text
        assert number in page
        assert "<b>round" not in (await ada.get(f"/stocktakes/{number}")).text
        walk = (await bob.get(f"/stocktakes/{number}/walk")).text
        assert "Due" in walk
        assert (await ada.post(f"{path}/state", data={"state": "ended"})).status_code == 303
        assert (await ada.post(f"{path}/state", data={"state": "active"})).status_code == 400
        assert "The plan is ended" in (await ada.get(path)).text
        assert (await bob.get("/stocktakes/plans/new")).status_code == 403
        assert (await bob.post("/stocktakes/plans", data=FORM)).status_code == 403
        assert number in (await ada.get("/stocktakes.csv")).text
    stocked.clock.at += 9 * DAY
    async with await stocked.person("engineer", name="eve") as eve:
        late = (await eve.get("/stocktakes?overdue=yes")).text
        assert number in late
        assert "Overdue" in late
        assert "Overdue: it was to be done by" in (await eve.get(f"/stocktakes/{number}")).text


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"title": ""}, "required"),
        ({"rrule": "monthly"}, "Write a rule of days"),
        ({"rrule": "FREQ=DAILY;COUNT=1", "starts": "2020-01-01"}, "Write a rule of days"),
        ({"zone": "Mars"}, "Name a time zone"),
        ({"assignee": "nobody"}, "Choose an account"),
        ({"due": "-1"}, "Not saved"),
    ],
)
async def test_what_is_wrong_with_a_plan_is_said_beside_its_field(
    stocked: World, change: dict[str, str], says: str
) -> None:
    async with await stocked.person("config_admin:*", name="ada") as client:
        done = await client.post("/stocktakes/plans", data=FORM | {"deputy": ""} | change)
    assert (done.status_code, says in done.text) == (400, True)
    wrong = re.search(r'class="wrong" id="w-([a-z_]+)"', done.text)
    assert wrong
    assert wrong[1] in change


async def test_a_plan_goes_its_way_over_rest(stocked: World) -> None:
    plan: dict[str, Any] = {
        "kind": "yearly", "title": "年度盘点", "assignee": "ada", "scope": {"classes": ["server"]},
        "schedule": {"rrule": "FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=26;BYHOUR=9", "due_ms": 0, "ahead_ms": DAY},
    }  # fmt: skip
    async with await stocked.person("config_admin:*", name="ada") as client:
        made = (await client.post("/api/v1/stocktakes/plans", json={"plan": plan})).json()
        path = f"/api/v1/stocktakes/plans/{made['number']}"
        assert (made["number"], made["cis"], made["upcoming"][0]) == ("RND-0001", 1, "2026-11-26T01:00:00.000Z")
        changed = (await client.put(path, json={"plan": made["plan"] | {"title": "盘点"}})).json()
        assert (changed["version"], changed["plan"]["title"]) == (2, "盘点")
        (number,) = await clockwork.due(stocked.store, Inspector(), stocked.clock.at)
        whole = (await client.get(f"/api/v1/stocktakes/{number}")).json()
        assert (whole["plan"], whole["assignee"], whole["due_at"]) == ("RND-0001", "ada", None)
        incident = (await client.get(f"/api/v1/incidents/{whole['incident']}")).json()
        assert (incident["source"], incident["assignee"]) == ("maintenance", "ada")
        assert (await client.get("/api/v1/stocktakes?overdue=true")).json()["items"] == []
        assert (await client.post(f"{path}/state", json={"state": "paused"})).json()["state"] == "paused"
        for body in ({"state": "gone"}, {}):
            assert (await client.post(f"{path}/state", json=body)).status_code == 422
        wrong = await client.post("/api/v1/stocktakes/plans", json={"plan": plan | {"assignee": "x"}})
        assert (wrong.status_code, wrong.json()["field"]) == (400, "assignee")
        assert (await client.get("/api/v1/stocktakes/plans/RND-9999")).status_code == 404
        assert [each["number"] for each in (await client.get("/api/v1/stocktakes/plans")).json()] == ["RND-0001"]
