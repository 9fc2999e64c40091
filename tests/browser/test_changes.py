"""A normal change by three people, each in a window of their own: raised with the picker, approved, carried out."""

from __future__ import annotations

from datetime import datetime, timedelta

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.served import Served
from tests.browser.test_screen_sizes import PHONE
from tests.browser.visitor import Visitor


def time_field(hours: int) -> str:
    """Return a time from now on as the picker takes it, in the collector's zone, which is ours."""
    return (datetime.now() + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S")  # noqa: DTZ005


def does(here: Visitor, path: str, step: str, after: str) -> None:
    """Do one step of the change at `path`, and see its state after it."""
    here.go(path)
    here.page.get_by_role("button", name=here.says(f"change_act.{step}"), exact=True).click()
    expect(here.page.locator("h1 + .badge")).to_contain_text(here.says(f"change_state.{after}"))
    assert not here.is_wider_than_the_screen


def test_a_normal_change_is_raised_approved_by_another_and_carried_out(estate: Served, visit: Visit) -> None:
    doer = visit(estate, link=estate.add_account("qian.duo", "engineer"), language="zh-CN")
    asker = visit(estate, link=estate.add_account("zhao.lei", "change_initiator"))
    judge = visit(estate, link=estate.add_account("sun.li", "change_supervisor:server"), **PHONE)

    page = asker.page
    asker.go("/changes")
    page.get_by_role("link", name=asker.says("changes.new")).first.click()
    page.get_by_label(asker.says("column.change_type")).select_option("normal")
    page.get_by_label(asker.says("column.title"), exact=True).fill("Upgrade nginx")
    page.get_by_label(asker.says("changes.reason"), exact=True).fill("CVE")
    page.get_by_label(asker.says("column.implementer")).select_option("qian.duo")
    page.get_by_label(asker.says("changes.find"), exact=True).fill("web-01")
    page.get_by_role("button", name=asker.says("changes.find_button"), exact=True).click()
    page.locator('input[name="add"][value="web-01"]').check()
    page.get_by_role("button", name=asker.says("action.save"), exact=True).last.click()
    expect(page.locator("h1")).to_have_text("Upgrade nginx")
    path = page.url.removeprefix(asker.url)

    does(asker, path, "submit", "requested")
    does(judge, path, "approve", "planning")

    doer.go(f"{path}/edit")
    doer.page.locator('input[name="start"]').fill(time_field(-1))
    doer.page.locator('input[name="end"]').fill(time_field(1))
    doer.page.locator('input[name="line_ci"]').fill("web-01")
    doer.page.locator('select[name="line_section"]').select_option("packages")
    doer.page.locator('input[name="line_key"]').fill("nginx|amd64")
    doer.page.locator('button[value="line"]').click()
    doer.page.locator('button[value="save"]').last.click()
    does(doer, path, "submit", "planned")
    does(judge, path, "approve", "approved")
    does(doer, path, "start", "implementing")
    does(doer, path, "finish", "implemented")
    expect(asker.page.get_by_role("button", name=asker.says("change_act.close"))).to_have_count(
        0
    )  # nothing was seen yet
