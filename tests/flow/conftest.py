"""One `up` for the tests of a module, with a webhook that remembers what was delivered."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collector.delivery.receiver import Receiver
from tests.flow import this_machine
from tests.flow.running import Up
from tests.flow.this_machine import Facts


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="module")
def up(receiver: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """`up` on an empty data folder, delivering to `receiver`."""
    before = _listening()
    running = Up(tmp_path_factory.mktemp("up") / "data", MUSTER_WEBHOOK_URL=receiver.url)
    running.listening_before, running.listening_when_ready = before, _listening()
    yield running
    running.close()


def _listening() -> Facts:
    return this_machine.listening() if shutil.which("ss") else set()


@pytest.fixture
def ups() -> Iterator[list[Up]]:
    """A list of further ones, ended with the test."""
    started: list[Up] = []
    yield started
    for each in started:
        each.close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"
