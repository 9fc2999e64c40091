"""The pictures of the README, taken of the showroom; `--screenshots` puts them where the README shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, StorageState

from tests.browser.conftest import launch
from tests.browser.served import Served
from tests.browser.visitor import arrive

WIDTH, HEIGHT, MAX_BYTES = 1360, 850, 250_000
SHOWN = Path(__file__).parents[2] / "docs" / "screenshots"
NAME, ROLES, PASSWORD = "chen.yu", ("system_admin", "config_admin:*", "ops"), "a pass phrase of some length"
PLACES: dict[str, Callable[[Served], str]] = {
    "overview": lambda estate: "/",
    "ci": lambda estate: f"/cis/{estate.ci('web-01')['id']}",
    "finding": lambda estate: f"/findings/{estate.items('findings')[0]['id']}",
}


@pytest.fixture(scope="module")
def camera(chromium: Browser) -> Iterator[Browser]:
    """A browser as on a Chinese workstation: there `system-ui` is a face with both scripts."""
    browser = launch(chromium.browser_type, LANG="zh_CN.UTF-8", LANGUAGE="zh_CN")
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def lived_in(chromium: Browser, estate: Served) -> StorageState:
    """What the browser keeps of somebody who works here: the account has a password, so nothing asks for one."""
    visitor = arrive(chromium, estate.url)
    visitor.go(estate.add_account(NAME, *ROLES))
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


@pytest.mark.parametrize("shot", [
    "ci-light-en", "ci-light-zh", "ci-dark-en", "overview-light-zh", "overview-dark-en", "finding-light-zh",
])  # fmt: skip
def test_a_picture(estate: Served, camera: Browser, lived_in: StorageState, folder: Path, shot: str) -> None:
    place, theme, language = shot.split("-")
    here = arrive(
        camera, estate.url, {"zh": "zh-CN"}.get(language, language), storage_state=lived_in, color_scheme=theme,
        viewport={"width": WIDTH, "height": HEIGHT},
    )  # fmt: skip
    here.go(PLACES[place](estate))
    picture = here.page.screenshot(path=folder / f"{shot}.png", animations="disabled")
    here.close()
    assert here.complaints == []
    assert picture.startswith(b"\x89PNG")
    assert (int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])) == (WIDTH, HEIGHT)
    assert len(picture) < MAX_BYTES
