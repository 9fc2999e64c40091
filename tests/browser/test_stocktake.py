"""A stock-take walked on a phone: scanned, ticked, moved, found, with the link down for a while; and labels printed."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from collector.cli.client import read_local_token
from collector.clock import now
from tests.browser.conftest import Collect, Visit
from tests.browser.on_foot import NAMES, PHONE, ROOM, ask, draw, picture, soon
from tests.browser.served import Served
from tests.browser.wire_agents import Told
from tests.simulated import SimulatedHost


@pytest.fixture(scope="module")
def room(collect: Collect) -> Served:
    """A collector with three hosts that have places and labels, and two people who count."""
    told = []
    for number, name in enumerate(NAMES, 1):
        host = SimulatedHost(number, packages=3)
        host.bodies["os"]["hostname"] = name
        told.append(Told([host.observe(now() - 60_000)], name))
    served = collect(told)
    for number, name in enumerate(NAMES, 1):
        uid = served.ci(name)["id"]
        record = {"label": f"A-{number:04d}", "place": f"{ROOM}/{number} 排", "owner": "王芳"}
        ask(served, "PATCH", f"cis/{uid}", {"record": record})
    return served


def open_round(served: Served, *people: str, **more: Any) -> str:
    asked = {"kind": "round", "title": "11 月机房巡检", "people": people, "place": ROOM} | more
    return str(ask(served, "POST", "stocktakes", asked)["number"])


def card(here: Any, name: str) -> Locator:
    return here.page.locator(".walk-list > li").filter(has_text=name)


def scan(here: Any, text: str) -> None:
    field = here.page.locator("#text")
    field.fill(text)
    field.press("Enter")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_round_is_walked_on_a_phone(room: Served, visit: Visit, language: str) -> None:
    name = f"walker-{language.lower()}"
    link = room.add_account(name, "config_admin:*")
    number = open_round(room, name)
    here = visit(room, link=link, language=language, **PHONE)
    page = here.page
    here.go(f"/stocktakes/{number}/walk")
    expect(page.locator(".walk-list > li")).to_have_count(3)
    expect(page.locator("#camera")).to_be_hidden()
    assert not here.is_wider_than_the_screen
    for button in page.locator(".walk .button:visible").all():
        box = button.bounding_box()
        assert box
        assert box["height"] >= 48
    page.locator("#here").fill(ROOM)
    scan(here, "A-0001")
    expect(page.locator("#told")).to_contain_text("app-01")
    expect(page.locator("#told")).to_contain_text(here.says("stocktake_outcome.confirmed"))
    expect(card(here, "app-01")).to_have_count(0)
    assert page.evaluate("document.activeElement.id") == "text"
    card(here, "app-02").get_by_text(here.says("walk.moved"), exact=True).click()
    card(here, "app-02").get_by_label(here.says("walk.there")).fill("库房")
    card(here, "app-02").get_by_role("button", name=here.says("action.save")).click()
    expect(page.locator("#told")).to_contain_text("库房")
    card(here, "db-01").get_by_role("button", name=here.says("walk.missing")).click()
    expect(page.get_by_text(here.says("walk.done.title"))).to_be_visible()
    scan(here, "unknown box 7")
    expect(page.locator("#told")).to_contain_text("unknown box 7")
    expect(page.locator("#progress")).to_contain_text("3 / 3")
    assert not here.is_wider_than_the_screen
    here.go(f"/stocktakes/{number}")
    page.get_by_role("button", name=here.says("stocktake.close")).click()
    expect(page.get_by_text(here.pattern("stocktake.intact"))).to_be_visible()
    assert not here.is_wider_than_the_screen
    counts = ask(room, "POST", f"stocktakes/{number}/changes", {"reason": "walked"})
    assert counts["number"].startswith("CHG-")


def test_a_round_that_came_by_itself_is_walked_with_a_photo_of_what_is_missing_and_signed_by_hand(
    room: Served, visit: Visit
) -> None:
    link = room.add_account("rounds", "config_admin:*")
    plan = {"kind": "round", "title": "月度巡检", "assignee": "rounds", "scope": {"place": ROOM}, "schedule": soon()}
    made_by = ask(room, "POST", "stocktakes/plans", {"plan": plan})["number"]
    here = visit(room, link=link, language="zh-CN", **PHONE)
    page = here.page
    here.go("/stocktakes/plans")
    assert not here.is_wider_than_the_screen
    page.wait_for_function("async () => (await (await fetch('/stocktakes?mine=yes')).text()).includes('ST-')")
    here.go("/stocktakes?mine=yes")
    page.locator("tbody a.main-link").click()
    expect(page.get_by_role("link", name=made_by)).to_be_visible()
    expect(page.get_by_text(here.says("stocktake.given_to", who="rounds"))).to_be_visible()
    number = page.url.rpartition("/")[2]
    page.get_by_role("link", name=here.says("stocktake.walk")).click()
    page.locator("#here").fill(ROOM)
    shot = {"name": "gap.png", "mimeType": "image/png", "buffer": picture()}
    card(here, "db-01").locator('input[type="file"]').set_input_files(shot)
    expect(card(here, "db-01").locator(".photos img")).to_have_js_property("naturalWidth", 1600)
    card(here, "db-01").get_by_role("button", name=here.says("walk.missing")).click()
    expect(page.locator("#told form")).to_be_visible()  # another photo, if one likes
    card(here, "app-02").get_by_role("button", name=here.says("walk.damaged")).click()
    scan(here, "A-0001")
    expect(page.locator("#progress")).to_contain_text("3 / 3")
    assert not here.is_wider_than_the_screen
    here.go(f"/stocktakes/{number}")
    draw(here)
    page.get_by_role("button", name=here.says("stocktake.close")).click()
    expect(page.get_by_text(here.pattern("stocktake.intact"))).to_be_visible()
    expect(page.locator("img.drawn")).to_have_js_property("naturalWidth", 600)
    row = page.locator("tbody tr").filter(has_text="db-01")
    expect(row).to_contain_text(here.says("stocktake_outcome.missing"))
    expect(row.locator("img")).to_have_count(1)
    assert not here.is_wider_than_the_screen
    told = report(room, number, "parameters")
    assert (told["plan"], told["assignee"]) == (made_by, "rounds")
    tables = report(room, number, "tables")
    assert [(each["photo"], each["ci"]) for each in tables["photos"]["rows"]] == [(f"{number}-1.jpg", "db-01")]
    incident = ask(room, "GET", f"stocktakes/{number}", None)["incident"]
    assert ask(room, "GET", f"incidents/{incident}", None)["state"] == "resolved"


def test_what_is_said_without_a_link_waits_and_two_people_see_each_other(room: Served, visit: Visit) -> None:
    links = {name: room.add_account(name, "engineer") for name in ("li", "zhao")}
    number = open_round(room, *links)
    li, zhao = (visit(room, link=link, **PHONE) for link in links.values())
    for here in (li, zhao):
        here.go(f"/stocktakes/{number}/walk")
    li.context.set_offline(True)
    scan(li, "A-0001")
    expect(li.page.locator("#queue")).to_contain_text("1")
    scan(li, "A-0003")
    expect(li.page.locator("#queue")).to_contain_text("2")
    scan(zhao, "A-0002")
    expect(card(zhao, "app-02")).to_have_count(0)
    expect(card(zhao, "app-01")).to_have_count(1)
    li.complaints.clear()  # a request without a link is one the console tells of
    li.context.set_offline(False)
    expect(li.page.locator("#queue")).to_be_hidden()
    expect(li.page.locator("#progress")).to_contain_text("3 / 3")
    counted = {row["who"] for row in report(room, number)}
    assert counted == {"li", "zhao"}


def report(served: Served, number: str, part: str = "") -> Any:
    """Return the lines of a report, or one part of it."""
    request = urllib.request.Request(
        f"{served.url}/api/v1/stocktakes/{number}/report",
        headers={"Authorization": f"Bearer {read_local_token(served.data)}"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        found = json.loads(answer.read())
    return found[part] if part else found["tables"]["lines"]["rows"]


CAMERA = """
window.BarcodeDetector = class { async detect() { return [{ rawValue: "A-0003" }]; } };
const canvas = document.createElement("canvas");
setInterval(() => canvas.getContext("2d").fillRect(Math.random() * 100, 0, 9, 9), 100);
navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(5);
"""
"""What Android's Chromium has and Debian's has not: a camera, and codes read from its pictures."""


def test_where_the_browser_reads_codes_the_camera_counts_each_once(room: Served, visit: Visit) -> None:
    link = room.add_account("lens", "engineer")
    number = open_round(room, "lens")
    here = visit(room, link=link, **PHONE)
    here.context.add_init_script(CAMERA)
    here.go(f"/stocktakes/{number}/walk")
    here.page.get_by_role("button", name=here.says("walk.camera")).click()
    expect(here.page.locator("#told")).to_contain_text("db-01")
    expect(here.page.locator("#progress")).to_contain_text("1 / 3")
    here.page.wait_for_timeout(1500)
    assert [row["outcome"] for row in report(room, number)].count("confirmed") == 1
    here.page.get_by_role("button", name=here.says("walk.camera")).click()
    expect(here.page.locator("#view")).to_be_hidden()


def test_who_counts_blind_is_shown_no_list(room: Served, visit: Visit) -> None:
    number = open_round(room, "blind", blind=True) if room.add_account("blind", "engineer") else ""
    here = visit(room, link=room.link("blind"), **PHONE)
    here.go(f"/stocktakes/{number}/walk")
    expect(here.page.locator("body")).not_to_contain_text("app-01")
    here.page.locator("#here").fill(ROOM)
    scan(here, "A-0001")
    expect(here.page.locator("#told")).to_contain_text(here.says("walk.counted", name="app-01"))
    expect(here.page.get_by_role("heading", name=here.says("walk.mine"))).to_be_visible()


def test_it_is_walked_without_script(room: Served, visit: Visit) -> None:
    link = room.add_account("plain", "engineer")
    number = open_round(room, "plain")
    here = visit(room, link=link, java_script_enabled=False, **PHONE)
    here.go(f"/stocktakes/{number}/walk")
    here.page.locator("#here").fill(ROOM)
    scan(here, "A-0002")
    expect(here.page.locator("#told")).to_contain_text("app-02")
    expect(here.page.locator("#here")).to_have_value(ROOM)


def test_stale_labels_are_chosen_and_printed(room: Served, visit: Visit) -> None:
    here = visit(room)
    here.go("/labels?state=never")
    here.page.get_by_role("checkbox", name="app-01", exact=True).check()
    with here.context.expect_page() as opened:
        here.page.get_by_role("button", name=here.says("labels.print")).click()
    opened.value.close()
    here.go("/labels?state=current")
    expect(here.ci_link("app-01")).to_be_visible()
