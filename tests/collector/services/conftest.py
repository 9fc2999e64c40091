"""A small estate to read, and a collector with two probes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from collector.store.engine import Store
from tests.collector.services.sweeping import Collector, with_probes
from tests.people import Template, copy_of, make_template


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
async def seeded_store(template: Template, tmp_path: Path) -> AsyncIterator[Store]:
    store = copy_of(template, tmp_path)
    yield store
    await store.close()


@pytest.fixture
async def collector(sqlite_store: Store) -> Collector:
    return await with_probes(sqlite_store)
