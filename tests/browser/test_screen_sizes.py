"""Nothing is wider than the screen, on a phone and on a small laptop; English words are the longer ones."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.routing import APIRoute
from playwright.sync_api import expect

from collector.api.app import OTHER_ROUTERS
from tests.browser.conftest import Visit
from tests.browser.served import Served
from tests.browser.visitor import Visitor

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
LAPTOP = {"viewport": {"width": 1280, "height": 720}}
NO_PAGES = re.compile(r"[{.]|^/(healthz|readyz|metrics|login|map/graph|audit/check|metrics/estate)$")
"""Of what is served beside the API: what is about one thing, a file, or made for programs."""
WITH_QUERY = ("/where?q=web-01", "/search?q=web", "/channels/new?kind=email")


def open_pages(served: Served) -> list[str]:
    """Return an address of every kind of page about one thing."""
    ci = served.ci("web-01")["id"]
    finding, incident, agent = (served.items(path)[0]["id"] for path in ("findings", "incidents", "agents"))
    return [
        f"/cis/{ci}", f"/cis/{ci}/history", f"/cis/{ci}/compare", f"/cis/{ci}/sections/packages",
        f"/cis/{ci}/why?section=os&key=kernel", f"/findings/{finding}", f"/incidents/{incident}", f"/agents/{agent}",
        f"/agents/{agent}/ban", "/rules/SEC-CERT-001", "/nowhere",
    ]  # fmt: skip


@pytest.mark.parametrize(("screen", "language"), [(PHONE, "en"), (PHONE, "zh-CN"), (LAPTOP, "en")],
                         ids=["phone-en", "phone-zh", "laptop-en"])  # fmt: skip
def test_no_page_scrolls_sideways(estate: Served, visit: Visit, screen: dict[str, Any], language: str) -> None:
    here = visit(estate, language=language, **screen)
    assert wide(here, [*every_page(), *WITH_QUERY, *open_pages(estate)]) == []


def test_the_login_page_fits_a_phone(estate: Served, visit: Visit) -> None:
    here = visit(estate, link="/login", **PHONE)
    assert not here.is_wider_than_the_screen
    expect(here.page.get_by_role("button", name=here.says("login.submit"))).to_be_in_viewport()


def every_page() -> list[str]:
    """Return the address of every page that needs nothing in it: a new one is looked at without being named."""
    paths = {route.path for router in OTHER_ROUTERS for route in router.routes if isinstance(route, APIRoute)
             if "GET" in (route.methods or ())}  # fmt: skip
    return sorted(path for path in paths if not NO_PAGES.search(path))


def wide(here: Visitor, paths: list[str]) -> list[str]:
    """Return which of the pages scroll sideways."""
    found = []
    for path in paths:
        here.go(path)
        if here.is_wider_than_the_screen:
            found.append(path)
    return found
