"""From nothing to a swept network by hand, watched as it runs; then what people do with what was found.

Every test has plan, sweep and credential of its own. What each waits for is a state, never a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from collector.web.catalogue import LANGUAGES
from discovery.lab.estate import estate
from discovery.lab.estate.wiring import port_of
from tests.browser.conftest import Visit
from tests.browser.served import Served
from tests.browser.test_map import drawn, on_map
from tests.browser.test_screen_sizes import PHONE, wide
from tests.browser.visitor import Visitor
from tests.flow.lab import COMMUNITY, Lab
from tests.flow.running import Up

FIRST, DEVICES = "127.73.0.1", 7
BY_HAND, WIRED = slice(0, 4), slice(0, 6)
"""Devices that one community opens; the last one is opened by none."""
RUNS_MS, RUNS_S = 120_000, 120.0
ESTATE = estate(DEVICES)
SWITCH, NEIGHBOUR = "bj-acc-01", "bj-dist-01"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(tmp_path_factory.mktemp("lab"), FIRST, DEVICES)
    yield lab
    lab.close()


@pytest.fixture
def here(up: Up, visit: Visit) -> Visitor:
    return visit(Served(up.data))


@dataclass
class Sweeper:
    """Makes plans and sweeps by the API, where the page is not what is tested."""

    up: Up
    lab: Lab

    def lend(self, name: str, ranges: list[str], community: str = COMMUNITY) -> None:
        self.up.post("credentials", {"name": name, "kind": "snmp_community", "secret": {"community": community},
                                     "scope": {"ranges": ranges}})  # fmt: skip

    def plan(self, name: str, ranges: list[str], **more: str | int) -> str:
        settings = {"ranges": ranges, "snmp_port": self.lab.port, "timeout_ms": 1000, "until": "explore", **more}
        return str(self.up.post("sweep-plans", {"name": name, "settings": settings})["id"])

    def sweep(self, plan: str) -> str:
        """Sweep to the end; return the sweep's id."""
        sweep = str(self.up.post("sweeps", {"plan": plan})["id"])
        self.up.until(lambda: self.up.get(f"sweeps/{sweep}")["ended_at"], RUNS_S, "end of the sweep")
        assert self.up.get(f"sweeps/{sweep}")["state"] == "done"
        return sweep


@pytest.fixture
def sweeper(up: Up, lab: Lab) -> Sweeper:
    return Sweeper(up, lab)


def plan(here: Visitor, name: str, ranges: str, rate: str, port: str, schedule: str = "") -> None:
    """Fill the form of a plan and send it."""
    page = here.page
    here.go("/sweeps/plans/new")
    page.get_by_label(here.says("plan.name"), exact=True).fill(name)
    page.get_by_label(here.says("plan.ranges")).fill(ranges)
    page.get_by_label(here.says("plan.rate"), exact=True).fill(rate)
    page.get_by_label(here.says("plan.port"), exact=True).fill(port)
    page.get_by_label(here.says("plan.timeout"), exact=True).fill("1000")
    page.get_by_label(here.says("plan.schedule"), exact=True).fill(schedule)
    page.get_by_role("button", name=here.says("action.save")).click()


def start(here: Visitor, name: str) -> None:
    row = here.page.locator("#plans").get_by_role("row").filter(has_text=name)
    row.get_by_role("button", name=here.says("action.start")).click()
    expect(here.page.get_by_role("heading", level=1)).to_contain_text(name)


def test_a_network_is_swept_by_hand_from_the_first_credential_to_the_ledger(here: Visitor, lab: Lab) -> None:
    page, swept = here.page, lab.addresses[BY_HAND]
    here.go("/credentials")
    page.locator("summary", has_text=here.says("credentials.add")).click()
    page.get_by_role("link", name=here.says("credential_kind.snmp_community")).first.click()
    page.get_by_label(here.says("credential.name"), exact=True).fill("by hand")
    page.get_by_label(here.says("credential.field.community"), exact=True).fill(COMMUNITY)
    page.get_by_label(here.says("credential.ranges")).fill(f"{swept[0]}-{swept[-1]}")
    page.get_by_role("button", name=here.says("action.save")).click()
    expect(page.get_by_text(here.says("credentials.saved"))).to_be_visible()
    assert COMMUNITY not in page.content()

    plan(here, "Hall one", f"{swept[0]}-{swept[-1]}\n127.73.0.250", "200", str(lab.port))
    expect(page.get_by_role("row").filter(has_text="Hall one")).to_contain_text(here.says("sweeps.by_hand"))
    start(here, "Hall one")
    expect(page.locator("[data-count=identified]")).to_have_text(str(len(swept)), timeout=RUNS_MS)
    expect(page.get_by_text(here.says("sweep.ended"))).to_be_visible(timeout=RUNS_MS)
    page.get_by_role("link", name=here.says("sweep.show_result")).click()
    expect(page.locator("table.ledger tbody tr")).to_have_count(len(swept))
    expect(page.locator(".live")).to_have_count(0)
    page.get_by_role("link", name=re.compile(here.says("cause.no_answer"))).click()
    expect(page.locator("table.ledger tbody tr")).to_have_count(1)
    expect(page.locator("table.ledger tbody")).to_contain_text(here.says("remedy.no_answer"))


def test_a_plan_with_a_schedule_says_when_it_is_next_due(here: Visitor) -> None:
    plan(here, "Every January", "192.0.2.0/30", "10", "161", "0 3 1 1 *")
    row = here.page.locator("#plans").get_by_role("row").filter(has_text="Every January")
    expect(row.locator("time")).to_have_attribute("title", re.compile(r"-01-01 "))


def test_a_plan_that_is_wrong_keeps_what_was_typed(here: Visitor) -> None:
    plan(here, "Wrong", "10.0.0.0/99", "200", "161")
    expect(here.page.get_by_text(here.pattern("form.range"))).to_be_visible()
    expect(here.page.get_by_label(here.says("plan.name"), exact=True)).to_have_value("Wrong")
    expect(here.page.get_by_label(here.says("plan.ranges"))).to_have_value("10.0.0.0/99")


def test_a_sweep_that_runs_is_watched_and_cancelled(here: Visitor, up: Up, sweeper: Sweeper) -> None:
    sweeper.plan("To be cancelled", ["127.72.0.0/16"], rate=1, until="alive")
    page = here.page
    here.go("/sweeps")
    start(here, "To be cancelled")
    sweep = page.url.rpartition("/")[2]
    expect(page.locator(".live")).to_be_visible()
    up.until(lambda: up.get(f"sweeps/{sweep}")["state"] == "running", RUNS_S, "running sweep")
    page.get_by_role("button", name=here.says("sweep.cancel")).click()
    expect(page.locator(".title .badge")).to_have_text(here.says("sweep_state.cancelled"))
    expect(page.locator(".live")).to_have_count(0)
    expect(page.get_by_role("button", name=here.says("sweep.cancel"))).to_have_count(0)


def test_a_found_switch_is_opened_and_its_neighbours_are_seen_on_the_map(
    here: Visitor, up: Up, lab: Lab, sweeper: Sweeper
) -> None:
    wired = lab.addresses[WIRED]
    sweeper.lend("neighbours", wired)
    sweep = sweeper.sweep(sweeper.plan("Neighbours", wired))
    up.until(lambda: linked(up), RUNS_S, "link of the two switches")
    page = here.page
    here.go(f"/sweeps/{sweep}")
    row = page.locator("table.ledger tbody tr").filter(has_text=SWITCH)
    row.get_by_role("link", name=re.compile(SWITCH)).click()
    expect(page.get_by_role("heading", level=1, name=SWITCH)).to_be_visible()
    expect(page.locator("#cables")).to_contain_text(NEIGHBOUR)
    page.locator("#cables").get_by_role("link", name=here.says("ci.on_map")).click()
    drawn(here, page.url.removeprefix(here.url))
    assert {SWITCH, NEIGHBOUR} <= set(on_map(here, "cy => cy.nodes('.ci').map(node => node.data('node').whole)"))
    on_map(here, f"cy => {{ cy.nodes('.ci').filter(n => n.data('node').whole === '{SWITCH}').emit('tap') }}")
    expect(page.locator("#detail")).to_contain_text(NEIGHBOUR)


def linked(up: Up) -> bool:
    ends = [{each["a"]["ci"]["name"], each["b"]["ci"]["name"]} for each in up.get("topology")["links"]]
    return {SWITCH, NEIGHBOUR} in ends


def test_a_mac_is_found_on_the_port_it_is_plugged_in_at(here: Visitor, up: Up, lab: Lab, sweeper: Sweeper) -> None:
    wired = lab.addresses[WIRED]
    sweeper.lend("macs", wired)
    sweeper.sweep(sweeper.plan("MACs", wired))
    at, plugged = next(iter(ESTATE.plan.edge[SWITCH].items()))
    mac, port = plugged.mac.hex(":"), port_of(ESTATE.nodes[SWITCH], at)[0]
    up.until(lambda: [each for each in up.get(f"whereabouts?q={mac}")["found"] if each["place"]], RUNS_S, "place")
    here.go("/")
    here.page.locator("#find").fill(mac.replace(":", "").upper())
    here.page.locator("#find").press("Enter")
    here.page.get_by_role("link", name=mac).first.click()
    expect(here.page.locator(".place-found")).to_contain_text(SWITCH)
    expect(here.page.locator(".place-found")).to_contain_text(port)


def test_why_a_target_failed_and_what_to_do_stands_in_the_ledger(here: Visitor, lab: Lab, sweeper: Sweeper) -> None:
    (address,) = lab.addresses[WIRED.stop :]
    sweeper.lend("that is wrong", [address], "not-the-community")
    sweep = sweeper.sweep(sweeper.plan("In vain", [address]))
    page = here.page
    here.go(f"/sweeps/{sweep}")
    row = page.locator("table.ledger tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(here.says("cause.credential_refused"))
    expect(row).to_contain_text(here.says("remedy.credential_refused"))
    page.get_by_role("button", name=here.says("sweep.again")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("In vain")
    expect(page).not_to_have_url(re.compile(sweep))


def test_without_script_a_sweep_is_started_looked_at_again_and_read(
    up: Up, visit: Visit, lab: Lab, sweeper: Sweeper
) -> None:
    here, device = visit(Served(up.data), java_script_enabled=False), lab.addresses[:1]
    sweeper.lend("without script", device)
    sweeper.plan("Without script", device, until="identify")
    page = here.page
    here.go("/sweeps")
    start(here, "Without script")
    sweep = page.url.rpartition("/")[2]
    expect(page.get_by_role("link", name=here.says("sweep.refresh"))).to_be_visible()
    up.until(lambda: up.get(f"sweeps/{sweep}")["ended_at"], RUNS_S, "end of the sweep")
    page.get_by_role("link", name=here.says("sweep.refresh")).click()
    expect(page.locator(".title .badge")).to_have_text(here.says("sweep_state.done"))
    expect(page.locator("table.ledger tbody tr")).to_contain_text("bj-core-01")


def test_no_page_of_sweeps_scrolls_sideways_on_a_phone(up: Up, visit: Visit, lab: Lab, sweeper: Sweeper) -> None:
    device = lab.addresses[:1]
    sweeper.lend("phone", device)
    plan = sweeper.plan("A plan with a name of some length, as it is looked at on a phone", device)
    sweep = sweeper.sweep(plan)
    ci = up.until(lambda: [each["id"] for each in up.items("cis") if each["name"] == "bj-core-01"], RUNS_S, "CI")[0]
    paths = ["/sweeps", f"/sweeps/{sweep}", f"/sweeps/{sweep}?cause=all", "/sweeps/plans/new", f"/sweeps/plans/{plan}",
             f"/sweeps/plans/{plan}/remove", "/credentials", "/credentials/new?kind=snmp_user", "/",
             "/cis?state=proposed", f"/cis/{ci}", f"/cis/{ci}?left=class"]  # fmt: skip
    for language in LANGUAGES:
        assert wide(visit(Served(up.data), language=language, **PHONE), paths) == []
