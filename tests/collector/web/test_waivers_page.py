"""The pages of waivers, of maintenance windows, and of one alert."""

from __future__ import annotations

import re

import pytest

from collector.web.catalogue import LANGUAGES, entries
from collector.wording import time_text
from tests.estate import DAY, HOUR
from tests.people import World

pytestmark = pytest.mark.usefixtures("complete")


def asked(world: World, **changed: str) -> dict[str, str]:
    form = {"rule": "SRV-DISK-001", "reason": "<b>later</b>", "effect": "lower:notice", "risk": "low"}
    return {**form, "expires": time_text(world.clock() + 20 * DAY), **changed}


async def test_a_waiver_is_asked_for_by_one_and_granted_by_another(world: World) -> None:
    async with await world.person("incident_manager", name="ann") as ann:
        assert (await ann.get("/waivers?rule=SRV-DISK-001")).text.count('value="SRV-DISK-001"') == 2
        done = await ann.post("/waivers", data=asked(world))
        assert (done.status_code, done.headers["location"]) == (303, "/waivers")
        page = (await ann.get("/waivers")).text
        assert "&lt;b&gt;later&lt;/b&gt;" in page
        assert "Lower to Notice" in page
        assert 'value="grant"' not in page, "who asks does not decide"
    async with await world.person("specialist", name="bea", language="zh-CN") as bea:
        assert 'value="grant"' in (await bea.get("/waivers")).text
        done = await bea.post("/waivers/WVR-000001/decide", data={"decision": "grant", "note": ""})
        assert done.status_code == 303
        page = (await bea.get("/waivers")).text
        assert "生效中" in page
        assert "ann" in page
        refused = await bea.post("/waivers/WVR-000001/decide", data={"decision": "end", "note": ""})
        assert refused.status_code == 400
    async with await world.person("viewer") as viewer:
        page = (await viewer.get("/waivers")).text
        assert (
            "<form" not in re.sub(r"<header.*?</header>|<nav.*?</nav>", "", page, flags=re.DOTALL).partition("<main")[2]
        )
        assert (await viewer.post("/waivers", data=asked(world))).status_code == 403


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_is_wrong_is_said_beside_its_field(world: World, language: str) -> None:
    wrong = {"rule": "NOPE-001", "expires": "", "scope": "ci.nope", "reason": " "}
    async with await world.person("incident_manager", language=language) as ann:
        for field, typed in wrong.items():
            answer = await ann.post("/waivers", data=asked(world, **{field: typed}))
            assert (answer.status_code, f'id="w-{field}"' in answer.text) == (400, True), field


async def test_a_window_is_set_and_ended_from_its_page(world: World) -> None:
    form = {
        "name": "night <i>work</i>", "kind": "maintenance", "start": time_text(world.clock() - HOUR),
        "end": time_text(world.clock() + HOUR), "cis": world.estate.web.uid, "class": "server", "children": "on",
        "rrule": "FREQ=WEEKLY", "zone": "Asia/Shanghai", "until": time_text(world.clock() + 90 * DAY),
    }  # fmt: skip
    async with await world.person("change_manager") as mei:
        done = await mei.post("/windows", data=form)
        assert (done.status_code, done.headers["location"]) == (303, "/windows")
        page = (await mei.get("/windows")).text
        assert "night &lt;i&gt;work&lt;/i&gt;" in page
        assert "FREQ=WEEKLY" in page
        [path] = re.findall(r'action="(/windows/[^"]+/end)"', page)
        assert (await mei.post(path)).status_code == 303
        assert "Over" in (await mei.get("/windows")).text
        assert (await mei.post(path)).status_code == 400


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_is_wrong_with_a_window_is_said_beside_its_field(world: World, language: str) -> None:
    form = {
        "name": "n", "kind": "silence", "start": time_text(world.clock()), "end": time_text(world.clock() + HOUR),
        "cis": world.estate.web.uid, "zone": "UTC", "until": time_text(world.clock() + DAY),
    }  # fmt: skip
    wrong: dict[str, dict[str, str]] = {
        "selector": {"cis": ""}, "cis": {"cis": "nope"}, "window": {"end": ""}, "rrule": {"rrule": "FREQ=NEVER"},
        "zone": {"rrule": "FREQ=DAILY", "zone": "Nowhere"}, "until": {"rrule": "FREQ=DAILY", "until": ""},
        "match": {"match": "1 +"}, "rules": {"rules": "NOPE"}, "name": {"name": ""},
    }  # fmt: skip
    async with await world.person("change_manager", language=language) as mei:
        for field, typed in wrong.items():
            answer = await mei.post("/windows", data=form | typed)
            assert (answer.status_code, f'id="w-{field}"' in answer.text) == (400, True), field


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_page_of_an_alert_says_why_it_is_so(world: World, language: str) -> None:
    async with world.store.write() as tx:
        await tx.exec_driver_sql(
            "UPDATE alert SET suppressed = 'maintenance approved_change', held_by = 'CHG-000001', flapping = 1,"
            " bits = '0101', look_at = 1790000000000, told = 0 WHERE rule = 'SRV-DISK-001' AND state = 'firing'"
        )
    path = f"/results/SRV-DISK-001/{world.estate.web.uid}"
    async with await world.person("incident_manager", language=language) as ann:
        page = (await ann.get(path)).text
        assert (await ann.get(f"/results/NOPE-001/{world.estate.web.uid}")).status_code == 404
        one = (await ann.get(path, params={"instance": "/"})).text
    say = entries(language)
    for key in ("suppressed.maintenance", "suppressed.approved_change", "alert_state.firing", "alert.waits.suppressed"):
        assert say[key] in page
        assert key == "suppressed.maintenance" or say[key] not in one or key.startswith("alert_state")
    assert 'href="/changes/CHG-000001"' in page
    assert "param.disk_ratio" in page
