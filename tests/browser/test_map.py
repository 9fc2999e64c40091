"""The map in a real browser: it is drawn, unfolds, tells its evidence, shows a way; the port finder finds a MAC."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from collector.clock import now
from tests import wired
from tests.browser.conftest import Collect, Visit
from tests.browser.served import Served
from tests.browser.visitor import Visitor
from tests.browser.wire_agents import Told
from tests.wired import G4

DRAWN = "() => !!(document.getElementById('canvas') || {})._cyreg"
NAMES = "cy => cy.nodes('.ci').map(node => node.data('node').whole).sort()"


def cables() -> list[Told]:
    """Return what a probe says of the switches, and the agent of the server."""
    at = now()
    swept = [wired.told(at, name, bodies) for name, bodies in wired.switches().items()]
    return [Told(swept, "probe-01"), Told([wired.server().observe(at)], wired.SERVER)]


@pytest.fixture(scope="module")
def served(collect: Collect) -> Served:
    return collect(cables())


def drawn(here: Visitor, path: str = "/map") -> None:
    here.go(path)
    here.page.wait_for_function(DRAWN)


def on_map(here: Visitor, ask: str) -> Any:
    """Evaluate a function of the drawing."""
    return here.page.evaluate(f"({ask})(document.getElementById('canvas')._cyreg.cy)")


def click(here: Visitor, name: str) -> None:
    """Click the card of a CI where it is drawn."""
    at = on_map(here, f"cy => cy.nodes('.ci').filter(n => n.data('node').whole === '{name}').renderedPosition()")
    here.page.locator("#canvas").click(position=at)


def test_the_map_shows_every_ci_with_a_cable(served: Served, visit: Visit) -> None:
    here = visit(served)
    drawn(here)
    names = {*wired.switches(), wired.SERVER, "SEP-02BB"}
    assert set(on_map(here, NAMES)) == names
    assert on_map(here, "cy => cy.nodes('.zone').map(zone => zone.data('label')).sort()") == [
        here.says("map.no_zone"), "plant-2",
    ]  # fmt: skip
    assert on_map(here, "cy => cy.edges('.contradictory').length") == 1
    expect(here.page.locator("#links tbody tr")).to_have_count(8)


def test_a_switch_tells_its_neighbours_and_opens(served: Served, visit: Visit) -> None:
    here = visit(served)
    drawn(here)
    click(here, "access-01")
    detail = here.page.locator("#detail")
    expect(detail).to_contain_text("core-01 hears access-01")
    expect(detail).to_contain_text("db-01")
    detail.get_by_role("link", name=here.says("map.open")).click()
    expect(here.page.get_by_role("heading", name="access-01")).to_be_visible()
    expect(here.page.locator("#cables")).to_contain_text("db-01")


def test_a_group_folds_and_unfolds(served: Served, visit: Visit) -> None:
    here = visit(served)
    drawn(here)
    on_map(here, "cy => { cy.getElementById('band||server').emit('tap') }")
    assert wired.SERVER not in on_map(here, NAMES)
    on_map(here, "cy => { cy.nodes('.folded').emit('tap') }")
    assert wired.SERVER in on_map(here, NAMES)


def test_hovering_a_cable_tells_who_says_so(served: Served, visit: Visit) -> None:
    here = visit(served)
    drawn(here)
    box = here.page.locator("#canvas").bounding_box()
    assert box
    at = on_map(here, "cy => cy.edges('.contradictory').renderedMidpoint()")
    here.page.mouse.move(box["x"] + at["x"], box["y"] + at["y"])
    expect(here.page.locator("#hover")).to_contain_text(here.says("link_state.contradictory"))
    expect(here.page.locator("#hover")).to_contain_text("access-03 hears access-02")


def test_a_way_is_asked_for_on_the_map_and_marked(served: Served, visit: Visit) -> None:
    here = visit(served)
    drawn(here)
    click(here, wired.SERVER)
    here.page.get_by_role("button", name=here.says("map.from_here")).click()
    on_map(here, "cy => { cy.nodes('.ci').filter(n => n.data('node').whole === 'access-03').emit('tap') }")
    here.page.get_by_role("button", name=here.says("map.to_here")).click()
    expect(here.page.locator("#way li")).to_have_count(3)
    here.page.wait_for_function(DRAWN)
    assert on_map(here, "cy => cy.edges('.way').length") == 3
    on_map(here, "cy => { cy.getElementById('band||network').emit('tap') }")
    assert {"core-01", "access-01", "access-03"} <= set(on_map(here, NAMES)), "what is on the way is never folded away"
    assert "access-04" not in on_map(here, NAMES)
    assert on_map(here, "cy => cy.edges('.way').length") == 3


def test_a_mac_is_found_by_the_one_search(served: Served, visit: Visit) -> None:
    here = visit(served)
    here.go("/")
    here.page.locator("#find").fill("0200-00aa-0001")
    here.page.locator("#find").press("Enter")
    here.page.get_by_role("link", name=wired.PC).click()
    expect(here.page.get_by_role("heading", name=wired.PC)).to_be_visible()
    expect(here.page.locator(".sentence")).to_contain_text(f"access-01 {G4} VLAN 20")


def test_without_script_a_table_stands_in(served: Served, visit: Visit) -> None:
    here = visit(served, java_script_enabled=False)
    here.go("/map?from=db-01&to=access-03")
    expect(here.page.locator("#map")).to_be_hidden()
    expect(here.page.locator("#way li")).to_have_count(3)
    expect(here.page.locator("#links tbody tr")).to_have_count(8)


@pytest.mark.parametrize("path", ["/map", "/map?from=db-01&to=access-03", "/where?q=db-01", "/where"])
def test_no_page_of_cables_scrolls_sideways_on_a_phone(served: Served, visit: Visit, path: str) -> None:
    here = visit(served, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    here.go(path)
    assert not here.is_wider_than_the_screen
