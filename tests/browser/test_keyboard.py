"""The keys of the lists: / finds, j and k walk, enter opens."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.served import Served
from tests.browser.visitor import Visitor


@pytest.fixture
def here(estate: Served, visit: Visit) -> Visitor:
    visitor = visit(estate)
    visitor.go("/cis?class=server")
    return visitor


def chosen(page: Page) -> str:
    """Return the name in the row the keys stand on."""
    return page.locator("tr[aria-selected=true]").get_by_role("link").first.inner_text().strip()


def test_a_slash_goes_to_the_search_box_and_is_not_typed_into_it(here: Visitor) -> None:
    box = here.page.get_by_role("searchbox", name=here.says("search.hint"))
    here.page.keyboard.press("/")
    expect(box).to_be_focused()
    here.page.keyboard.type("db/01")
    expect(box).to_have_value("db/01")


def test_j_and_k_walk_the_list_and_enter_opens_the_row(here: Visitor) -> None:
    names = [each.inner_text().strip() for each in here.page.locator("tbody tr td:first-child").all()]
    assert len(names) > 4
    for keys, name in (("jj", names[1]), ("j", names[2]), ("kk", names[0]), ("k", names[0])):
        for key in keys:
            here.page.keyboard.press(key)
        assert chosen(here.page) == name
    here.page.keyboard.press("j")
    here.page.keyboard.press("Enter")
    expect(here.page).to_have_title(re.compile(f"^{names[1]} "))


def test_keys_typed_into_a_box_do_not_move_the_list(here: Visitor) -> None:
    here.page.get_by_role("searchbox", name=here.says("cis.hint")).focus()
    here.page.keyboard.type("jk")
    expect(here.page.locator("tr[aria-selected=true]")).to_have_count(0)


def test_escape_closes_a_menu_and_the_skip_link_is_first(here: Visitor) -> None:
    menu = here.page.locator("details[open]")
    here.page.locator("summary", has_text=here.says("filter.type")).click()
    expect(menu).to_have_count(1)
    here.page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    here.page.reload()
    here.page.keyboard.press("Tab")
    expect(here.page.get_by_role("link", name=here.says("nav.skip"))).to_be_focused()
