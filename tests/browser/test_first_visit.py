"""A person starts `up`, follows the link it prints, finds this machine and reads why a value is what it is."""

from __future__ import annotations

import re
import socket
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.served import Served
from tests.flow.running import Up

WITHIN_S = 60.0


def printed_link(up: Up) -> str:
    found = re.search(r"http://\S+/login/\S+", up.lines[1])
    assert found, up.lines
    return found[0]


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_the_printed_link_logs_in_once_and_the_overview_shows_this_machine(up: Up, visit: Visit) -> None:
    up.until(up.host, WITHIN_S, "CI of this machine")
    served, link = Served(up.data), printed_link(up)
    here = visit(served, link=link)
    expect(here.page).to_have_url(served.url + "/")
    expect(here.page.get_by_role("heading", name=here.says("nav.overview"))).to_be_visible()
    expect(here.page.get_by_role("link", name=socket.gethostname(), exact=True).first).to_be_visible()
    again = visit(served, link=link)
    expect(again.page.get_by_role("alert")).to_have_text(again.says("login.bad_link"))
    again.go("/cis")
    expect(again.page.get_by_role("button", name=again.says("login.submit"))).to_be_visible()


def test_this_machine_is_found_by_search_and_by_filters_that_stand_in_the_address(up: Up, visit: Visit) -> None:
    name = up.until(up.host, WITHIN_S, "CI of this machine")["name"]
    here = visit(Served(up.data))
    here.go("/cis")
    box = here.page.get_by_role("searchbox", name=here.says("cis.hint"))
    box.fill(name)
    box.press("Enter")
    expect(here.page).to_have_url(re.compile(r"[?&]q="))
    here.page.locator("summary", has_text=here.says("filter.state")).click()
    here.page.get_by_role("checkbox", name=here.says("state.active")).check()
    here.page.locator("details[open]").get_by_role("button", name=here.says("action.apply")).click()
    expect(here.page).to_have_url(re.compile(r"[?&]state=active"))
    assert query(here.page)["q"] == [name]
    chip = here.page.get_by_role("link", name=f"{here.says('filter.state')}: {here.says('state.active')}")
    chip.click()
    expect(chip).to_have_count(0)
    assert query(here.page) == {"q": [name]}
    here.ci_link(name).click()
    expect(here.page).to_have_title(f"{name} · Muster")


def test_the_one_search_box_leads_to_this_machine(up: Up, visit: Visit) -> None:
    host = up.until(up.host, WITHIN_S, "CI of this machine")
    here = visit(Served(up.data))
    here.go("/rules")
    box = here.page.get_by_role("searchbox", name=here.says("search.hint"))
    box.fill(host["name"])
    box.press("Enter")
    here.ci_link(host["name"]).click()
    expect(here.page).to_have_url(re.compile(rf"/cis/{host['id']}$"))


def test_a_fact_shows_its_age_its_source_and_why_it_is_believed(up: Up, visit: Visit) -> None:
    host = up.until(up.host, WITHIN_S, "CI of this machine")
    here = visit(Served(up.data))
    here.go(f"/cis/{host['id']}")
    section = here.page.locator("section", has=here.page.get_by_role("heading", name=here.says("section.os")))
    row = section.get_by_role("row", name=re.compile(rf"^{here.says('field.kernel')} "))
    expect(row.locator("time")).to_have_attribute("datetime", re.compile(r"^20\d\d-"))
    expect(section).to_contain_text(here.says("source.agent"))
    expect(section).to_contain_text(here.says("ci.confirmed", when="").strip())
    why = row.get_by_role("link", name=here.says("ci.why"))
    why.click()
    (agent,) = [each["id"] for each in up.items("agents") if each["host"]]
    expect(here.page.get_by_text(here.says("why.rank", source=f"agent/{agent}"))).to_be_visible()
    expect(here.page.get_by_role("heading", name=here.says("why.claims"))).to_be_visible()
    expect(here.page.get_by_role("heading", name=here.says("why.authorised"))).to_be_visible()
    why.click()
    expect(here.page.get_by_role("heading", name=here.says("why.claims"))).to_have_count(0)
