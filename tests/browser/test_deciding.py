"""Two machines that look like one: a person decides it on the page of the case, and takes it back on the CI's."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from collector.clock import now
from tests.browser.conftest import Collect, Visit
from tests.browser.served import Served
from tests.browser.wire_agents import Told
from tests.simulated import SimulatedHost


@pytest.fixture(scope="module")
def twins(collect: Collect) -> Served:
    """A collector that has heard two machines of one name."""
    told = []
    for number in (1, 2):
        host = SimulatedHost(number, packages=3)
        host.bodies["os"]["hostname"] = "twin-01"
        told.append(Told([host.observe(now() - 60_000)], "twin-01"))
    return collect(told)


def test_a_duplicate_is_decided_and_taken_back(twins: Served, visit: Visit) -> None:
    here = visit(twins)
    page = here.page
    here.go("/duplicates")
    page.get_by_role("link", name=here.says("case.duplicate"), exact=True).click()
    page.get_by_role("radio", name=here.says("decision.same"), exact=False).check()
    survivor = page.get_by_label(here.says("case.survivor"))
    survivor.select_option(index=1)
    page.get_by_label(here.says("case.reason")).fill("one box, looked at in the rack")
    page.get_by_role("button", name=here.says("case.do")).click()
    expect(page.get_by_text("one box, looked at in the rack")).to_be_visible()
    machines = [each for each in twins.items("cis?class=server") if each["name"] == "twin-01"]
    assert len(machines) == 1
    here.go(f"/cis/{machines[0]['id']}")
    page.get_by_role("link", name=here.says("identity.title"), exact=True).click()
    expect(page.get_by_role("heading", name=here.says("identity.merged"))).to_be_visible()
    page.get_by_role("button", name=here.says("identity.unmerge")).click()
    expect(page.get_by_role("heading", name=here.says("identity.merged"))).to_be_hidden()
    assert len([each for each in twins.items("cis?class=server") if each["name"] == "twin-01"]) == 2
