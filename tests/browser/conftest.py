"""One chromium for all of it, this machine's own `up`, and collectors that hold simulated hosts only."""

from __future__ import annotations

import functools
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserType, StorageState, sync_playwright

from tests.bench.programs import collector
from tests.browser import showroom
from tests.browser.served import Served
from tests.browser.visitor import Visitor, arrive
from tests.browser.wire_agents import Told, admit, aside, tell, zones_of
from tests.conftest import free_port
from tests.flow.running import Up

PROGRAM = shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-quic",
]  # fmt: skip
Visit = Callable[..., Visitor]
Collect = Callable[[Sequence[Told]], Served]
"""What the agents of a new collector say → that collector, when it has applied it all."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker runs this folder: it has one chromium and starts each collector once."""
    here = Path(__file__).parent
    missing = "chromium is not installed (Debian: apt-get install chromium)"
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(pytest.mark.skipif(PROGRAM is None, reason=missing))


def launch(kind: BrowserType, **environment: str) -> Browser:
    """Start Debian's chromium without a screen."""
    return kind.launch(executable_path=PROGRAM, args=ARGUMENTS, env=os.environ | environment)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """A real browser."""
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """`muster up` on an empty data folder."""
    running = Up(tmp_path_factory.mktemp("up") / "data")
    yield running
    running.close()


@contextmanager
def collecting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collect]:
    """Starts collectors without a local agent, and ends them."""
    programs = []

    def start(told: Sequence[Told]) -> Served:
        folder = tmp_path_factory.mktemp("collector")
        (folder / "data").mkdir()
        machines = aside(admit(folder / "data", [zones_of(each) for each in told]))
        program, (_, data_port, _) = collector(folder / "data", folder / "log", (free_port(), free_port(), free_port()))
        programs.append(program)
        aside(tell(folder / "data", data_port, machines, told))
        return Served(folder / "data")

    yield start
    for program in programs:
        program.stop()


@pytest.fixture(scope="module")
def collect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collect]:
    """Starts collectors without a local agent; each ends with the file's last test."""
    with collecting(tmp_path_factory) as start:
        yield start


@pytest.fixture(scope="package")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A collector that has heard the hosts of the showroom."""
    with collecting(tmp_path_factory) as start:
        yield start(showroom.agents())


@pytest.fixture(scope="package")
def cookies(chromium: Browser) -> Callable[[Served], StorageState]:
    """Returns what a browser keeps that has followed a login link; one link a collector is enough."""

    @functools.cache
    def log_in(served: Served) -> StorageState:
        visitor = arrive(chromium, served.url)
        visitor.go(served.link())
        kept = visitor.context.storage_state()
        visitor.close()
        return kept

    return log_in


@pytest.fixture
def visit(chromium: Browser, cookies: Callable[[Served], StorageState]) -> Iterator[Visit]:
    """Opens windows, logged in unless a `link` to come in by is given; none may have complained in the end."""
    visitors: list[Visitor] = []

    def open_window(served: Served, *, link: str | None = None, **options: Any) -> Visitor:
        if link is None and "storage_state" not in options:
            options["storage_state"] = cookies(served)
        visitor = arrive(chromium, served.url, **options)
        visitors.append(visitor)
        if link is not None:
            visitor.go(link)
        return visitor

    yield open_window
    complaints = [each for visitor in visitors for each in visitor.complaints]
    for visitor in visitors:
        visitor.close()
    assert complaints == []
