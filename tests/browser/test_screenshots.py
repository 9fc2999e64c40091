"""The pictures of the README; `--screenshots` sweeps a demo for them and puts them where the README shows them.

A host is shown as the showroom has it; the rest as `up --demo` does, for which the showroom stands in otherwise. In a
network namespace (`unshare --net`, loopback up) nothing of what else runs on the machine is in the picture.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, StorageState

from tests.browser.conftest import launch
from tests.browser.served import Served
from tests.browser.test_map import DRAWN
from tests.browser.visitor import arrive
from tests.flow.running import Up

WIDTH, HEIGHT, MAX_BYTES = 1360, 850, 250_000
DEVICES, HOSTNAME, PLAYED_S = 200, "ops-01", 900.0
SHOWN = Path(__file__).parents[2] / "docs" / "screenshots"
NAME, PASSWORD = "chen.yu", "a pass phrase of some length"
ROLES = ("system_admin", "config_admin:*", "ops", "network_admin")
PLACES: dict[str, Callable[[Served], str]] = {
    "overview": lambda served: "/",
    "ci": lambda served: f"/cis/{served.ci('web-01')['id']}",
    "finding": lambda served: f"/findings/{_finding(served)['id']}",
    "sweep": lambda served: "/sweeps" + "".join(f"/{each['id']}" for each in _planned(served)[:1]),
    "map": lambda served: "/map",
}


def _planned(served: Served) -> list[Any]:
    """Return the sweeps of a plan: a single look is of one address."""
    return [each for each in served.items("sweeps") if each["plan_name"]]


def _finding(served: Served) -> Any:
    """Return the newest finding that is not of the machine the demo runs on: that has a life of its own."""
    return next(each for each in served.items("findings") if each["ci"]["name"] != HOSTNAME)


@pytest.fixture(scope="module")
def camera(chromium: Browser) -> Iterator[Browser]:
    """A browser as on a Chinese workstation: there `system-ui` is a face with both scripts."""
    browser = launch(chromium.browser_type, LANG="zh_CN.UTF-8", LANGUAGE="zh_CN")
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def demo(request: pytest.FixtureRequest, estate: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A demo in which everything has happened, on a machine with a name of ours; else the showroom."""
    if not request.config.getoption("--screenshots"):
        yield estate
        return
    up = Up(tmp_path_factory.mktemp("demo") / "data", demo=DEVICES, hostname=HOSTNAME)
    try:
        up.until(lambda: len(up.items("incidents")) > 1 and _is_quiet(up), PLAYED_S, "end of the play")
        yield Served(up.data)
    finally:
        up.close()


def _is_quiet(up: Up) -> bool:
    found = up.items("sweeps")
    return len(found) > 1 and all(each["ended_at"] for each in found)


def live(chromium: Browser, served: Served) -> StorageState:
    """Return what the browser keeps of somebody who works here: the account has a password, so nothing asks for one."""
    visitor = arrive(chromium, served.url)
    visitor.go(served.add_account(NAME, *ROLES))
    visitor.go("/settings")
    for field in ("account.new", "account.again"):
        visitor.page.get_by_label(visitor.says(field), exact=True).fill(PASSWORD)
    visitor.page.get_by_role("button", name=visitor.says("account.save_password")).click()
    visitor.page.get_by_text(visitor.says("account.done.password")).wait_for()
    kept = visitor.context.storage_state()
    visitor.close()
    return kept


@pytest.fixture
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.config.getoption("--screenshots"):
        SHOWN.mkdir(parents=True, exist_ok=True)
        return SHOWN
    return tmp_path


@pytest.fixture(scope="module")
def lived_in(chromium: Browser) -> Callable[[Served], StorageState]:
    return functools.cache(lambda served: live(chromium, served))


@pytest.mark.parametrize("shot", [
    "ci-light-en", "ci-light-zh", "ci-dark-en", "overview-light-zh", "overview-dark-en", "finding-light-zh",
    "sweep-light-zh", "sweep-dark-en", "map-light-zh", "map-dark-en",
])  # fmt: skip
def test_a_picture(
    estate: Served, demo: Served, camera: Browser, lived_in: Callable[[Served], StorageState], folder: Path, shot: str
) -> None:
    place, theme, language = shot.split("-")
    served = estate if place == "ci" else demo
    here = arrive(
        camera, served.url, {"zh": "zh-CN"}.get(language, language), storage_state=lived_in(served), color_scheme=theme,
        viewport={"width": WIDTH, "height": HEIGHT},
    )  # fmt: skip
    here.go(PLACES[place](served))
    if place == "map" and here.page.locator("#canvas").count():
        here.page.wait_for_function(DRAWN)
    picture = here.page.screenshot(path=folder / f"{shot}.png", animations="disabled")
    here.close()
    assert here.complaints == []
    assert picture.startswith(b"\x89PNG")
    assert (int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])) == (WIDTH, HEIGHT)
    assert len(picture) < MAX_BYTES
