"""Language and theme follow the browser until a person chooses; what was chosen stays, on every machine of theirs."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.served import Served
from tests.browser.visitor import words


def language(page: Page) -> str:
    return str(page.locator("html").get_attribute("lang"))


def background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def is_dark(page: Page) -> bool:
    return sum(map(int, re.findall(r"\d+", background(page))[:3])) < 3 * 128


def test_a_browser_that_speaks_chinese_is_answered_in_chinese(estate: Served, visit: Visit) -> None:
    here = visit(estate, language="zh-CN", link="/login")
    assert language(here.page) == "zh-CN"
    expect(here.page.get_by_role("button", name=words("zh-CN", "login.submit"))).to_be_visible()


def test_a_chosen_language_stays_with_the_account(estate: Served, visit: Visit) -> None:
    here = visit(estate, link=estate.add_account("li.na", "viewer"))
    here.go("/cis?q=web-01")
    here.page.get_by_role("button", name=words("en", "language.zh-CN")).click()
    expect(here.page.get_by_role("heading", name=words("zh-CN", "nav.cis"), exact=True)).to_be_visible()
    assert here.page.url.endswith("/cis?q=web-01")
    assert language(here.page) == "zh-CN"
    there = visit(estate, link=estate.link("li.na"))
    assert language(there.page) == "zh-CN"
    there.page.get_by_role("button", name=words("zh-CN", "language.en")).click()
    expect(there.page.get_by_role("heading", name=words("en", "nav.overview"), exact=True)).to_be_visible()
    here.page.reload()
    assert language(here.page) == "en"


def test_a_chosen_theme_stays_with_the_account(estate: Served, visit: Visit) -> None:
    here = visit(estate, link=estate.add_account("wang.wei", "viewer"), color_scheme="light")
    assert not is_dark(here.page)
    choose(here.page, "auto", "light")
    here.page.emulate_media(color_scheme="dark")
    assert not is_dark(here.page)
    here.page.emulate_media(color_scheme="light")
    choose(here.page, "light", "dark")
    assert is_dark(here.page)
    there = visit(estate, link=estate.link("wang.wei"), color_scheme="light")
    assert is_dark(there.page)


def choose(page: Page, now: str, following: str) -> None:
    switch = words("en", "theme.switch", now=words("en", f"theme.{now}"), next=words("en", f"theme.{following}"))
    page.get_by_role("button", name=switch).click()
    expect(page.locator("html")).to_have_attribute("data-theme", following)


def test_while_nobody_chose_the_theme_is_that_of_the_system(estate: Served, visit: Visit) -> None:
    link = estate.add_account("zhao.min", "viewer")
    here = visit(estate, link=link, color_scheme="dark")
    assert is_dark(here.page)
    here.page.emulate_media(media="print")
    assert not is_dark(here.page)
    here.page.emulate_media(media="screen", color_scheme="light")
    assert not is_dark(here.page)


def test_the_choice_made_before_logging_in_counts_until_then(estate: Served, visit: Visit) -> None:
    here = visit(estate, link="/login")
    here.page.get_by_role("button", name=words("en", "language.zh-CN")).click()
    expect(here.page.get_by_role("button", name=words("zh-CN", "login.submit"))).to_be_visible()
    assert here.page.url.endswith("/login")
