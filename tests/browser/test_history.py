"""What moved stands there with before and after, between two moments, and can be seen as it was."""

from __future__ import annotations

import re
from datetime import datetime

from playwright.sync_api import Locator, Page, expect

from collector.clock import now
from tests.browser.conftest import Visit
from tests.browser.served import Served
from tests.browser.showroom import DAY, HOUR, OPENED_PORT, SEEN_BEFORE, UPGRADED

NAME, OLD, NEW = UPGRADED


def picked(ago_ms: int) -> str:
    """Return a time as the picker takes it, in the collector's zone, which is ours."""
    return datetime.fromtimestamp((now() - ago_ms) / 1000).strftime("%Y-%m-%dT%H:%M:%S")  # noqa: DTZ006


def moved(page: Page, *texts: str) -> Locator:
    """Return the rows of tables that hold all `texts`."""
    rows = page.get_by_role("row")
    for text in texts:
        rows = rows.filter(has_text=text)
    return rows


def test_the_history_of_a_ci_shows_before_and_after(estate: Served, visit: Visit) -> None:
    here = visit(estate)
    here.go(f"/cis/{estate.ci('web-01')['id']}/history")
    expect(moved(here.page, NAME, OLD, NEW)).to_be_visible()
    expect(moved(here.page, here.says("section.listening_ports"), str(OPENED_PORT)).first).to_be_visible()
    link = moved(here.page, here.says("section.interfaces"), "down").first
    expect(link).to_contain_text("up")


def test_the_history_of_one_value_says_between_which_moments_it_moved(estate: Served, visit: Visit) -> None:
    here = visit(estate)
    here.go(f"/cis/{estate.ci('web-01')['id']}/history")
    moved(here.page, NAME, OLD, NEW).get_by_role("link").click()
    expect(here.page.get_by_role("heading", name=here.says("ci.why"), exact=True)).to_be_visible()
    step = moved(here.page, OLD, NEW)
    seen = [datetime.fromisoformat(each.get_attribute("datetime") or "") for each in step.locator("time").all()]
    assert len(seen) == 2
    assert round((seen[1] - seen[0]).total_seconds()) == 15 * 60
    expect(here.page.get_by_role("definition").filter(has_text=OLD)).to_be_visible()  # what is authorised


def test_a_ci_can_be_seen_as_it_was(estate: Served, visit: Visit) -> None:
    here = visit(estate)
    ci = estate.ci("web-01")["id"]
    here.go(f"/cis/{ci}/sections/packages")
    expect(moved(here.page, NAME, NEW)).to_be_visible()
    here.go(f"/cis/{ci}")
    here.page.get_by_label(here.pattern("ci.as_of")).fill(picked(SEEN_BEFORE + HOUR))
    here.page.get_by_role("button", name=here.says("action.show")).click()
    expect(here.page.get_by_role("status")).to_contain_text(here.pattern("ci.past"))
    head = here.page.get_by_role("heading", name=here.says("section.listening_ports"))
    ports = here.page.locator("section", has=head)
    expect(ports).to_contain_text("443")
    expect(ports).not_to_contain_text(str(OPENED_PORT))
    here.page.get_by_role("heading", name=here.says("section.packages")).get_by_role("link").click()
    expect(moved(here.page, NAME, OLD).first).to_be_visible()
    expect(moved(here.page, NAME, NEW)).to_have_count(0)


def test_before_it_arrived_nothing_is_known_and_that_is_said(estate: Served, visit: Visit) -> None:
    here = visit(estate)
    here.go(f"/cis/{estate.ci('web-01')['id']}?at={picked(40 * DAY)}")
    expect(here.page.get_by_text(here.says("ci.no_facts.title"))).to_be_visible()
    here.page.get_by_role("link", name=here.says("ci.now")).click()
    expect(here.page.get_by_role("heading", name=here.says("section.packages"))).to_be_visible()


def test_two_moments_are_compared_value_by_value(estate: Served, visit: Visit) -> None:
    here = visit(estate)
    here.go(f"/cis/{estate.ci('web-01')['id']}/compare")
    here.page.get_by_label(here.pattern("compare.from")).fill(picked(SEEN_BEFORE + HOUR))
    here.page.get_by_label(here.says("compare.to"), exact=True).fill(picked(0))
    here.page.get_by_role("button", name=here.says("action.compare")).click()
    expect(moved(here.page, NAME, OLD, NEW)).to_be_visible()
    expect(moved(here.page, "sshd")).to_have_count(0)


def test_what_nothing_covers_is_one_finding_with_both_values_and_its_incident(estate: Served, visit: Visit) -> None:
    here = visit(estate)
    here.go("/findings")
    here.page.get_by_role("row").filter(has_text="web-01").get_by_role("link").first.click()
    expect(here.page).to_have_url(re.compile(r"/findings/\d+$"))
    expect(moved(here.page, NAME, OLD, NEW)).to_be_visible()
    expect(here.page.get_by_text(here.says("finding.within", span=here.says("unit.min", n=15)))).to_be_visible()
    here.page.get_by_role("link", name=here.pattern("finding.to_incident")).click()
    expect(here.page.get_by_role("link", name="web-01").first).to_be_visible()
    expect(moved(here.page, NAME, OLD, NEW)).to_be_visible()
