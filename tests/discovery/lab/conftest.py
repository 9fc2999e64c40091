"""A lab of the test's own, and an engine to ask it with."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from discovery.lab import Doors, Lab
from discovery.lab.estate import estate
from discovery.lab.running import simulated
from discovery.snmp import Engine, Patience
from tests.discovery.lab.asking import USER


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    """An estate of 24 devices; any community reads, and so does `USER`."""
    async with Lab(simulated(estate(24)), Doors(users=(USER,))) as opened:
        yield opened


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    """An engine that does not wait long, and is patient enough for a busy machine."""
    opened = Engine(patience=Patience(first=0.5, least=0.5, most=1.0, tries=2))
    yield opened
    opened.close()
