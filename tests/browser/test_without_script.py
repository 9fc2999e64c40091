"""A browser that runs no script does the whole day's work: log in, list, filter, read, explain, enrol, choose."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.served import Served
from tests.browser.showroom import UPGRADED
from tests.browser.visitor import Visitor, words

PASSWORD = "a pass phrase of some length"


@pytest.fixture
def plain(estate: Served, visit: Visit) -> Visitor:
    """A window that runs no script, logged in."""
    return visit(estate, java_script_enabled=False)


def test_a_password_is_set_and_logs_in(estate: Served, visit: Visit) -> None:
    here = visit(estate, link=estate.add_account("chen.jie", "viewer"), java_script_enabled=False)
    here.page.get_by_role("link", name=here.says("account.set_password")).click()
    for field in ("account.new", "account.again"):
        here.page.get_by_label(here.says(field), exact=True).fill(PASSWORD)
    here.page.get_by_role("button", name=here.says("account.save_password")).click()
    expect(here.page.get_by_text(here.says("account.done.password"))).to_be_visible()

    again = visit(estate, link="/cis?q=web-01", java_script_enabled=False)
    again.page.get_by_label(again.says("login.name")).fill("chen.jie")
    again.page.get_by_label(again.says("login.password")).fill(PASSWORD)
    again.page.get_by_role("button", name=again.says("login.submit")).click()
    expect(again.page).to_have_url(estate.url + "/cis?q=web-01")
    expect(again.ci_link("web-01")).to_be_visible()


def test_lists_are_filtered_sorted_and_given_other_columns(plain: Visitor) -> None:
    page = plain.page
    plain.go("/cis")
    page.locator("summary", has_text=plain.says("filter.class")).click()
    page.get_by_role("checkbox", name=plain.says("class.pc"), exact=True).check()
    page.locator("details[open]").get_by_role("button", name=plain.says("action.apply")).click()
    expect(page.get_by_role("link", name=f"{plain.says('filter.class')}: {plain.says('class.pc')}")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_role("columnheader").get_by_role("link", name=plain.says("column.name")).click()
    expect(page.locator("tbody tr").first).to_contain_text("pc-wang")
    page.locator("summary", has_text=plain.says("list.columns")).click()
    page.get_by_role("checkbox", name=plain.says("column.memory"), exact=True).check()
    page.locator("details[open]").get_by_role("button", name=plain.says("action.apply")).click()
    expect(page.get_by_role("columnheader", name=plain.says("column.memory"))).to_be_visible()
    expect(page.locator("tbody tr").first).to_contain_text("32 GiB")


def test_a_ci_its_past_and_the_why_of_a_value_are_read(plain: Visitor) -> None:
    page = plain.page
    plain.go("/cis?q=web-01")
    plain.ci_link("web-01").click()
    expect(page.get_by_role("row").filter(has_text=UPGRADED[2]).first).to_be_visible()
    page.get_by_label(plain.pattern("ci.as_of")).fill("2000-01-01T00:00:00")
    page.get_by_role("button", name=plain.says("action.show")).click()
    expect(page.get_by_text(plain.says("ci.no_facts.title"))).to_be_visible()
    page.get_by_role("link", name=plain.says("ci.now")).click()
    row = page.get_by_role("row", name=re.compile(rf"^{plain.says('field.kernel')} "))
    row.get_by_role("link", name=plain.says("ci.why")).click()
    expect(page.get_by_role("heading", name=plain.says("ci.why"), exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name=plain.says("why.claims"))).to_be_visible()


def test_a_machine_is_given_its_line(plain: Visitor) -> None:
    plain.go("/agents")
    plain.page.get_by_role("button", name=plain.says("agents.make_token")).click()
    expect(plain.page.get_by_text(re.compile("^muster-agent enroll https://.* --token muster1"))).to_be_visible()


def test_language_and_theme_are_chosen_and_the_session_is_ended(estate: Served, visit: Visit) -> None:
    link = estate.add_account("sun.yu", "viewer")
    here = visit(estate, link=link, java_script_enabled=False)
    here.page.get_by_role("button", name=here.says("language.zh-CN")).click()
    expect(here.page.get_by_role("heading", name=words("zh-CN", "nav.overview"), exact=True)).to_be_visible()
    here.page.locator("summary", has_text="sun.yu").click()
    here.page.get_by_role("button", name=words("zh-CN", "account.log_out")).click()
    expect(here.page.get_by_role("button", name=words("zh-CN", "login.submit"))).to_be_visible()


def test_every_place_is_there(plain: Visitor) -> None:
    for path in ("/", "/map", "/where", "/findings", "/incidents", "/results", "/rules", "/duplicates", "/agents",
                 "/settings", "/settings/accounts", "/search?q=db-01"):  # fmt: skip
        plain.go(path)
        expect(plain.page.get_by_role("heading", level=1).first).to_be_visible()
