"""A switch from the day it is found: registered, changed as planned by three people, and edited by nobody knows whom.

The switch is one of the lab, edited while it runs; what is held of it comes from sweeps and from nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.served import Served
from tests.browser.test_changes import does, time_field
from tests.browser.test_screen_sizes import PHONE
from tests.browser.test_sweeps import RUNS_S, Sweeper
from tests.browser.visitor import Visitor
from tests.flow.lab import Lab
from tests.flow.running import Up

FIRST, SWITCH = "127.76.0.1", "bj-core-01"
CONTACT, LOCATION = "1.3.6.1.2.1.1.4.0", "1.3.6.1.2.1.1.6.0"
HALL, SOMEBODY = "Hall 2, row 3", "somebody else"


class Floor:
    """The collector, its lab with one switch in it, and who comes in."""

    def __init__(self, folder: Path) -> None:
        self.lab = Lab(folder, FIRST, 1)
        self.up = Up(folder / "data")
        self.served = Served(self.up.data)
        self.sweeper = Sweeper(self.up, self.lab)
        self.sweeper.lend("walk", [FIRST])
        self.plan = self.sweeper.plan("Walk", [FIRST])

    def look(self) -> None:
        """Sweep, and wait until what was seen is applied."""
        self.sweeper.sweep(self.plan)

    def switch(self) -> Any:
        found = [each for each in self.up.items("cis") if each["name"] == SWITCH]
        return found[0] if found else None

    def incidents(self, finding: int) -> list[Any]:
        return [each for each in self.up.items("incidents") if each["detail"].get("finding") == finding]

    def finding(self, key: str, verdict: str) -> Any:
        """Wait for the finding of a value to have that verdict, and return it."""

        def found() -> Any:
            for each in self.up.items(f"findings?verdict={verdict}"):
                if any(item["key"] == key for item in each["items"]):
                    return each
            return None

        return self.up.until(found, RUNS_S, f"{verdict} finding of {key}")

    def close(self) -> None:
        self.up.close()
        self.lab.close()


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    floor = Floor(tmp_path_factory.mktemp("floor"))
    floor.look()
    floor.up.until(floor.switch, RUNS_S, SWITCH)
    for name, *roles in (
        ("qian.duo", "engineer"), ("zhao.lei", "change_initiator"), ("sun.li", "change_supervisor:network"),
        ("mei.hua", "change_manager"), ("lin.tao", "config_admin:network"),
    ):  # fmt: skip
        floor.served.add_account(name, *roles)
    yield floor
    floor.close()


def comes(floor: Floor, visit: Visit, name: str, **options: Any) -> Visitor:
    return visit(floor.served, link=floor.served.link(name), **options)


def test_a_new_arrival_is_registered(floor: Floor, visit: Visit) -> None:
    here = comes(floor, visit, "lin.tao")
    here.go("/cis?state=proposed")
    here.ci_link(SWITCH).click()
    here.page.get_by_label(here.says("field.record.owner"), exact=True).fill("李伟")
    here.page.get_by_label(here.says("field.record.label"), exact=True).fill("LB-0042")
    here.page.get_by_role("button", name=here.says("register.one"), exact=True).click()
    expect(here.page.locator("#proposed")).to_have_count(0)
    assert (floor.switch()["state"], floor.switch()["label"]) == ("active", "LB-0042")


def test_a_normal_change_is_planned_approved_carried_out_and_seen_verified(floor: Floor, visit: Visit) -> None:
    asker, judge = comes(floor, visit, "zhao.lei"), comes(floor, visit, "sun.li", **PHONE)
    doer = comes(floor, visit, "qian.duo", language="zh-CN")
    page = asker.page
    asker.go(f"/changes/new?ci={floor.switch()['id']}&type=normal")
    page.get_by_label(asker.says("column.title"), exact=True).fill("Move the core switch")
    page.get_by_label(asker.says("changes.reason"), exact=True).fill("the old hall is given up")
    page.get_by_label(asker.says("column.implementer")).select_option("qian.duo")
    page.get_by_role("button", name=asker.says("action.save"), exact=True).last.click()
    expect(page.locator("h1")).to_have_text("Move the core switch")
    path = page.url.removeprefix(asker.url)
    does(asker, path, "submit", "requested")
    does(judge, path, "approve", "planning")

    doer.go(f"{path}/edit")
    for name, value in (("start", time_field(-1)), ("end", time_field(1)), ("line_ci", SWITCH),
                        ("line_key", "location"), ("line_value", HALL)):  # fmt: skip
        doer.page.locator(f'input[name="{name}"]').fill(value)
    doer.page.locator('select[name="line_section"]').select_option("device")
    doer.page.locator('select[name="line_how"]').select_option("exact")
    doer.page.locator('button[value="line"]').click()
    doer.page.locator('button[value="save"]').last.click()
    does(doer, path, "submit", "planned")
    does(judge, path, "approve", "approved")
    does(doer, path, "start", "implementing")

    floor.look()
    floor.lab.do(do="edit", address=FIRST, oid=LOCATION, value=HALL)
    floor.look()
    floor.finding("location", "in_progress")
    does(doer, path, "finish", "implemented")
    floor.look()
    floor.finding("location", "verified")
    asker.go(path)
    expect(page.locator("#next + .sheet")).to_contain_text(asker.says("line_state.verified"))
    does(asker, path, "close", "closed")
    assert not [each for each in floor.up.items("incidents") if "location" in str(each["title"]).lower()]


def test_an_edited_switch_is_a_finding_that_an_emergency_change_explains_within_its_clock(
    floor: Floor, visit: Visit
) -> None:
    floor.lab.do(do="edit", address=FIRST, oid=CONTACT, value=SOMEBODY)
    floor.look()
    number = floor.finding("contact", "pending")["id"]
    floor.up.until(lambda: floor.incidents(number), RUNS_S, "incident, with the second look the collector asks for")
    asker, judge, manager = (comes(floor, visit, each) for each in ("zhao.lei", "sun.li", "mei.hua"))
    page = asker.page
    asker.go("/findings?state=open&verdict=pending")
    page.get_by_role("link", name=f"#{number}", exact=True).click()
    expect(page.locator("table.diff")).to_contain_text(SOMEBODY)
    expect(page.get_by_text(asker.says("finding.means.pending"))).to_be_visible()
    page.get_by_role("link", name=asker.says("finding.to_emergency")).click()
    expect(page.get_by_label(asker.says("column.change_type"))).to_have_value("emergency")
    expect(page.get_by_label(asker.says("changes.lines"))).to_have_value(f"{SWITCH},device,contact,,exact,{SOMEBODY}")
    page.get_by_label(asker.says("changes.reason"), exact=True).fill("the person on call has changed")
    page.get_by_role("button", name=asker.says("action.save"), exact=True).last.click()
    expect(page.locator("h1 + .badge")).to_contain_text(asker.says("change_state.draft"))
    path = page.url.removeprefix(asker.url)
    does(asker, path, "submit", "requested")
    does(judge, path, "approve", "confirming")
    does(manager, path, "approve", "approved")

    asker.go(f"/findings/{number}")
    expect(page.locator(".title")).to_contain_text(asker.says("finding_state.closed"))
    expect(page.locator(".title")).to_contain_text(asker.says("verdict.verified"))
    expect(page.get_by_role("link", name=path.rpartition("/")[2])).to_be_visible()
    (incident,) = floor.incidents(number)
    assert (incident["severity"], incident["state"]) == ("notice", "resolved")
    asker.go(f"/cis/{floor.switch()['id']}")
    expect(page.locator(".timeline").first).to_contain_text(
        asker.says("happening.finding_closed", ref=number, verdict=asker.says("verdict.verified"))
    )


def test_a_supervisor_has_it_put_back_or_accepts_several_at_once(floor: Floor, visit: Visit) -> None:
    floor.lab.do(do="edit", address=FIRST, oid=CONTACT, value="nobody")
    floor.look()
    number = floor.finding("contact", "pending")["id"]
    judge = comes(floor, visit, "sun.li", language="zh-CN", **PHONE)
    page = judge.page
    judge.go(f"/findings/{number}")
    page.locator('textarea[name="reason"]').fill("没有变更依据")
    page.locator('select[name="assignee"]').select_option("qian.duo")
    page.get_by_role("button", name=judge.says("finding_do.undo"), exact=True).click()
    expect(page.get_by_text("没有变更依据")).to_be_visible()
    assert not judge.is_wider_than_the_screen
    judge.go("/findings?state=open")
    page.locator(f'input[name="finding"][value="{number}"]').check()
    page.locator("#why").fill("值班人员已确认")
    page.get_by_role("button", name=judge.says("findings.accept"), exact=True).click()
    judge.go(f"/findings/{number}")
    expect(page.locator(".title")).to_contain_text(judge.says("verdict.accepted"))
    expect(page.get_by_text("值班人员已确认").first).to_be_visible()  # the task to put it back ends with it, too
