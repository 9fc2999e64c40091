"""A server of each test's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.collector.tickets.player import Player


@pytest.fixture
def player() -> Iterator[Player]:
    made = Player()
    yield made
    made.close()
