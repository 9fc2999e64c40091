"""A daily inspection arrives done; on a phone, with a photo and a bad link, it is filled in; two people sign it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from collector.clock import now
from tests.browser.conftest import Collect, Visit
from tests.browser.on_foot import NAMES, PHONE, ROOM, ask, draw, picture, soon
from tests.browser.served import Served
from tests.browser.visitor import Visitor
from tests.browser.wire_agents import Told
from tests.simulated import SimulatedHost

NO_LINK = "ERR_INTERNET_DISCONNECTED"
"""What the console says of a request without a link."""
TITLE = {"zh-CN": "机房日巡检", "en": "Machine room, daily"}
WITH_DISKS = {"checks": ["SRV-DISK-001", "AGT-SILENT-001"], "scope": {"classes": ["server"], "place": "机房A"}}
ITEMS = [
    {"id": "M-INLET", "text": {"zh": "冷通道温度", "en": "Cold aisle"}, "answer": "reading", "unit": "°C", "low": 18,
     "high": 27},
    {"id": "M-FIRE", "text": {"zh": "消防气瓶", "en": "Gas cylinders"}, "photo": "required",
     "options": [{"text": {"zh": "正常", "en": "In order"}},
                 {"text": {"zh": "异常", "en": "Not in order"}, "ok": False}]},
    {"id": "M-SENSES", "text": {"zh": "异响异味", "en": "Noise or smell"}, "answer": "text"},
]  # fmt: skip


@pytest.fixture(scope="module")
def hall(collect: Collect) -> Served:
    """A collector with three hosts that stand in one room."""
    told = []
    for number, name in enumerate(NAMES, 1):
        host = SimulatedHost(number, packages=3)
        host.bodies["os"]["hostname"] = name
        told.append(Told([host.observe(now() - 60_000)], name))
    served = collect(told)
    for number, name in enumerate(NAMES, 1):
        ask(served, "PATCH", f"cis/{served.ci(name)['id']}", {"record": {"place": f"{ROOM}/{number} 排"}})
    return served


def planned(served: Served, assignee: str, deputy: str = "") -> str:
    plan = {"title": {"zh": TITLE["zh-CN"], "en": TITLE["en"]}, "schedule": soon(), "assignee": assignee,
            "deputy": deputy, "items": ITEMS, "cadence": "daily", **WITH_DISKS}  # fmt: skip
    return str(ask(served, "POST", "plans", {"plan": plan})["number"])


def card(here: Visitor, item: str) -> Locator:
    return here.page.locator(f'#list > li[data-item="{item}"]')


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_daily_inspection_arrives_done_is_walked_on_a_phone_and_signed_by_two(
    hall: Served,
    visit: Visit,
    language: str,
) -> None:
    inspector, reviewer = f"inspector-{language.lower()}", f"reviewer-{language.lower()}"
    links = {name: hall.add_account(name, "engineer") for name in (inspector, reviewer)}
    plan = planned(hall, inspector)
    here = visit(hall, link=links[inspector], language=language, **PHONE)
    page = here.page
    here.go("/inspections?mine=yes")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.locator("tbody a.main-link").click()
    expect(page.locator("h1")).to_have_text(TITLE[language])
    expect(page.locator("#gist")).to_contain_text(here.says("inspection.open_items.other", n="3"))
    number = page.url.rpartition("/")[2]
    found = ask(hall, "GET", f"inspections/{number}", None)
    assert (found["plan"], {line["name"] for line in found["lines"]}) == (plan, {"app-01", "app-02", "db-01"})
    assert not here.is_wider_than_the_screen
    page.get_by_role("link", name=here.says("inspection.fill")).click()
    expect(card(here, "M-INLET")).to_be_visible()
    page.wait_for_load_state()  # its sheets say how tall a button is
    for button in page.locator(".walk .button:visible").all():
        box = button.bounding_box()
        assert box
        assert box["height"] >= 48
    card(here, "M-INLET").locator('input[name="value"]').fill("29.5")
    card(here, "M-INLET").get_by_role("button", name=here.says("action.save")).click()
    expect(card(here, "M-INLET")).to_contain_text(here.says("item_state.problem"))
    here.context.set_offline(True)
    card(here, "M-FIRE").locator('input[type="file"]').set_input_files(
        {"name": "cylinder.png", "mimeType": "image/png", "buffer": picture()}
    )
    expect(page.locator("#queue")).to_contain_text("1")
    card(here, "M-SENSES").locator("textarea").fill("none")
    card(here, "M-SENSES").get_by_role("button", name=here.says("action.save")).click()
    expect(page.locator("#queue")).to_contain_text("2")
    here.context.set_offline(False)
    expect(page.locator("#queue")).to_be_hidden()
    here.complaints[:] = [each for each in here.complaints if NO_LINK not in each]
    expect(card(here, "M-FIRE").locator(".photos img")).to_have_count(1)
    card(here, "M-FIRE").locator("button").first.click()
    expect(page.locator("#progress")).to_contain_text("3 / 3")
    assert not here.is_wider_than_the_screen
    draw(here)
    page.locator("#end").get_by_role("button", name=here.says("inspection.sign")).click()
    expect(page.get_by_text(here.pattern("inspection.intact"))).to_be_visible()
    expect(page.locator("img.drawn")).to_have_js_property("naturalWidth", 600)

    other = visit(hall, link=links[reviewer], language=language)
    other.go(f"/inspections/runs/{number}")
    expect(other.page.locator("#items img")).to_have_js_property("naturalWidth", 1600)
    other.page.get_by_role("button", name=other.says("inspection.review_sign")).click()
    expect(other.page.locator(".title .badge")).to_contain_text(other.says("inspection_state.done"))
    other.page.locator("summary", has_text=other.says("inspection.report")).click()
    with other.page.expect_download() as download:
        other.page.get_by_role("link", name="PDF", exact=True).click()
    assert download.value.path().read_bytes().startswith(b"%PDF")
    incident = ask(hall, "GET", f"incidents/{found['incident']}", None)
    assert (incident["state"], incident["assignee"]) == ("resolved", inspector)


def test_it_is_filled_in_without_script(hall: Served, visit: Visit) -> None:
    link = hall.add_account("plain-inspector", "engineer")
    plan = planned(hall, "plain-inspector")
    number = ask(hall, "POST", f"plans/{plan}/runs", {})["number"]
    here = visit(hall, link=link, java_script_enabled=False, **PHONE)
    here.go(f"/inspections/runs/{number}/walk")
    card(here, "M-INLET").locator('input[name="value"]').fill("22")
    card(here, "M-INLET").get_by_role("button", name=here.says("action.save")).click()
    expect(card(here, "M-INLET")).to_contain_text(here.says("item_state.ok"))
    assert here.page.url.endswith("#M-INLET")


def test_a_template_becomes_a_plan_in_two_clicks(hall: Served, visit: Visit) -> None:
    here = visit(hall, link=hall.add_account("planner", "incident_manager"))
    here.go("/inspections/plans")
    here.page.locator("#templates").get_by_role("link", name=here.says("inspection.use")).first.click()
    here.page.get_by_role("button", name=here.says("action.save")).click()
    expect(here.page.locator(".title .badge")).to_contain_text(here.says("plan_state.active"))
    expect(here.page.get_by_role("heading", name=here.says("inspection.versions"))).to_be_visible()
