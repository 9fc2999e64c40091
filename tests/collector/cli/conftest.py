"""The application over a small estate, for commands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.people import Template, World, copy_of, make_template, make_world


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
async def world(template: Template, tmp_path: Path) -> AsyncIterator[World]:
    store = copy_of(template, tmp_path)
    yield make_world(store, tmp_path, template.estate)
    await store.close()
