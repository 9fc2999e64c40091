"""How what is new comes in: accepted by a rule that was tried first, and entered by hand where nothing discovers it."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, expect

from tests.browser.conftest import Visit
from tests.browser.served import Served
from tests.browser.test_sweeps import RUNS_S, Sweeper, lab, sweeper
from tests.browser.visitor import Visitor
from tests.flow.lab import Lab
from tests.flow.running import Up

__all__ = ["lab", "sweeper"]  # fixtures
RULE, OWNER = "防火墙自动登记", "网络组"
RACK, LABEL, PLACE = "Rack A07", "LB-0700", "Hall 2"


def found(up: Up, lab: Lab, sweeper: Sweeper, place: int) -> Any:
    """Sweep one device of the lab, and return the newcomer it is."""
    address = lab.addresses[place]
    sweeper.lend("newcomers", [address])
    sweep = sweeper.sweep(sweeper.plan("Newcomers", [address]))
    (target,) = up.until(lambda: [each for each in up.items(f"sweeps/{sweep}/targets") if each["ci"]], RUNS_S, "its CI")
    return up.get(f"cis/{target['ci']['id']}") | {"address": address}


def field(here: Visitor, name: str) -> Locator:
    return here.page.locator(f"[name={name}]")


def test_a_rule_is_tried_turned_on_and_accepts_the_newcomer_it_fits(
    up: Up, visit: Visit, lab: Lab, sweeper: Sweeper
) -> None:
    newcomer, served = found(up, lab, sweeper, 4), Served(up.data)
    assert newcomer["state"] == "proposed"
    here = visit(served, link=served.add_account("lin.tao", f"config_admin:{newcomer['class']}"), language="zh-CN")
    page = here.page
    here.go("/cis?state=proposed")
    page.get_by_role("link", name=here.says("arrival_rule.title")).click()
    page.get_by_role("link", name=here.says("arrival_rule.new")).first.click()
    field(here, "name").fill(RULE)
    field(here, "kind").select_option(f"{newcomer['class']}/{newcomer['type']}")
    field(here, "ranges").fill(newcomer["address"])
    field(here, "owner").fill(OWNER)
    page.get_by_role("button", name=here.says("arrival_rule.try")).click()
    fit = page.locator("#fit")
    expect(fit).to_contain_text(here.says("arrival_rule.fit_says", fits="1", left="0"))
    expect(fit.get_by_role("row").filter(has_text=newcomer["name"])).to_contain_text(here.says("arrival_rule.accepts"))
    expect(fit).to_be_in_viewport()
    expect(field(here, "owner")).to_have_value(OWNER)
    page.get_by_role("button", name=here.says("action.save")).click()
    badge = page.locator(".head .badge")
    expect(badge).to_have_text(here.says("arrival_rule_state.off"))
    assert up.get(f"cis/{newcomer['id']}")["state"] == "proposed", "a rule that is off accepts nobody"
    page.get_by_role("button", name=here.says("arrival_rule.turn_on_with.one", n="1")).click()
    expect(badge).to_have_text(here.says("arrival_rule_state.on"))
    expect(page.locator(".note.ok")).to_contain_text(here.says("arrival_rule.done", n="1"))
    here.go(f"/cis/{newcomer['id']}")
    expect(page.locator(".head .badge").first).to_have_text(here.says("state.active"))
    expect(page.get_by_text(here.pattern("happening.accepted")).first).to_contain_text(RULE)
    assert OWNER in page.content()


def test_a_ci_is_entered_by_hand_and_what_was_wrong_first_stands_beside_its_field(estate: Served, visit: Visit) -> None:
    here = visit(estate, link=estate.add_account("ji.fang", "config_admin:environment"))
    page = here.page
    here.go("/cis")
    page.get_by_role("link", name=here.says("enter.title")).click()
    said = {"name": RACK, "owner": "li.wei", "place": PLACE}
    for name, value in said.items():
        field(here, name).fill(value)
    field(here, "type").select_option("environment/rack")
    page.get_by_role("button", name=here.says("enter.do")).click()
    serial = field(here, "serial")
    expect(serial).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".entry").filter(has=serial)).to_contain_text(here.says("enter.why.unnamed"))
    for name, value in (said | {"type": "environment/rack"}).items():
        expect(field(here, name)).to_have_value(value)
    field(here, "label").fill(LABEL)
    page.get_by_role("button", name=here.says("enter.do")).click()
    expect(page.get_by_role("heading", level=1, name=RACK)).to_be_visible()
    expect(page.locator(".head .badge").first).to_have_text(here.says("state.active"))
    here.go("/cis")
    page.locator("form.bar input[name=q]").fill(LABEL)
    page.locator("form.bar input[name=q]").press("Enter")
    expect(page.locator("table.list tbody tr")).to_have_count(1)
    here.ci_link(RACK).click()
    expect(page.locator("main")).to_contain_text(PLACE)
