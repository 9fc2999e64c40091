"""An incident from the moment it arrives: seen live, taken, handed on, solved and scored; and one nobody looks at."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.bench.programs import ask
from tests.browser import showroom
from tests.browser.conftest import Collect, Visit
from tests.browser.served import Served
from tests.browser.test_screen_sizes import PHONE
from tests.browser.visitor import Visitor

LATER_MS = 60_000
"""The clocks of incidents are looked at every quarter of a minute."""
MONTH_MS = 30 * 86_400_000


@pytest.fixture(scope="module")
def desk(collect: Collect) -> Served:
    served = collect(showroom.agents()[:1])
    for name, role in (("ann", "service_desk"), ("bob", "engineer"), ("uma", "viewer")):
        served.add_account(name, role)
    return served


def comes(served: Served, visit: Visit, name: str, **options: Any) -> Visitor:
    return visit(served, link=served.link(name), **options)


def does(who: Visitor, act: str, text: str = "", **more: str) -> None:
    """Do one act on the page of an incident: open its form, fill it in, send it."""
    form = who.page.locator(f"details.act:has(input[name=act][value={act}])")
    form.locator("summary").click()
    for name, value in more.items():
        if name == "score":
            form.locator(f"input[name=score][value='{value}']").check()
        else:
            form.locator(f"select[name={name}]").select_option(value)
    if text:
        form.locator("textarea[name=text]").fill(text)
    form.locator("button").click()


def shows(who: Visitor, state: str) -> None:
    expect(who.page.locator(".head .badge", has_text=who.says(f"incident_state.{state}"))).to_be_visible()


def test_an_incident_arrives_live_and_ends_with_a_score(desk: Served, visit: Visit) -> None:
    ann = comes(desk, visit, "ann")
    ann.go("/incidents")
    uma = comes(desk, visit, "uma", language="zh-CN", **PHONE)
    uma.go("/help")
    uma.page.locator("input[name=title]").fill("打印机不出纸")
    expect(uma.page.locator("#articles")).to_contain_text(uma.says("knowledge.suggest_none"))
    uma.page.get_by_role("button", name=uma.says("help.send")).click()
    expect(uma.page.locator("h1")).to_have_text("打印机不出纸")
    assert not uma.is_wider_than_the_screen
    number = uma.page.url.rsplit("/", 1)[1]

    fresh = ann.page.locator("[data-when=fresh] a")
    expect(fresh).to_be_visible()
    fresh.click()
    ann.page.locator("table.list").get_by_role("link", name=number).click()
    ann.page.get_by_role("button", name=ann.says("incident_act.take")).click()
    shows(ann, "in_progress")
    does(ann, "hand_on", "somebody has to go there")
    shows(ann, "assigned")

    bob = comes(desk, visit, "bob", color_scheme="dark")
    bob.go(f"/incidents/{number}")
    bob.page.get_by_role("button", name=bob.says("incident_act.take")).click()
    does(bob, "resolve", "new rollers", code="replaced")
    shows(bob, "resolved")

    uma.page.reload()
    does(uma, "close", "很快", score="5")
    shows(uma, "closed")
    ann.page.reload()
    expect(ann.page.locator("main")).to_contain_text(ann.says("incident_score.5"))
    assert not ann.is_wider_than_the_screen


def test_one_that_nobody_looks_at_escalates_by_itself(desk: Served, visit: Visit) -> None:
    number = ask(desk.data, "my/reports", {"title": "Nobody looks at this"})["number"]
    ann = comes(desk, visit, "ann")
    ann.go("/incidents")
    overdue = ann.page.locator("[data-count=overdue]")
    expect(overdue).to_have_text("0")
    _a_month_ago(desk, number)
    expect(overdue).to_have_text("1", timeout=LATER_MS)
    ann.go("/incidents?desk=escalated")
    ann.page.locator("table.list").get_by_role("link", name=number).click()
    expect(ann.page.locator(".head .badge", has_text=ann.says("incident.escalated"))).to_be_visible()
    expect(ann.page.locator("main")).to_contain_text(ann.says("incident_mark.escalate"))


def _a_month_ago(desk: Served, number: str) -> None:
    """Let an incident have been opened a month ago: what its clocks go by are the times in the store."""
    with sqlite3.connect(desk.data / "muster.db", timeout=20) as store:
        store.execute("PRAGMA wal_autocheckpoint=0")
        of = "(SELECT id FROM incident WHERE number = ?)"
        store.execute(f"UPDATE incident_interval SET since = since - {MONTH_MS} WHERE incident_id = {of}", (number,))
        store.execute("UPDATE incident SET wake_at = 1 WHERE number = ?", (number,))
    store.close()
