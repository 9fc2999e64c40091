"""The application over a small estate, and over one that holds nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from collector.store.engine import Store
from collector.web.catalogue import Texts, entries
from tests import swept
from tests.collector.web.sweeping import vault
from tests.people import Template, World, copy_of, make_template, make_world
from tests.swept import Swept


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
async def world(template: Template, tmp_path: Path) -> AsyncIterator[World]:
    store = copy_of(template, tmp_path)
    yield make_world(store, tmp_path, template.estate)
    await store.close()


@pytest.fixture
def empty_world(sqlite_store: Store, tmp_path: Path) -> World:
    return make_world(sqlite_store, tmp_path, None)


@pytest.fixture
async def made(world: World) -> Swept:
    """A sweep that has ended; web-01 is what stands at its first address."""
    async with world.store.write() as tx:
        begun = await swept.begin(tx, vault(world), world.clock())
        await swept.finish(tx, begun, world.clock())
        await swept.bind(tx, world.estate.web.uid, "10.20.0.1", world.clock())
    return begun


@pytest.fixture
def complete(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a text that does not exist be an error, where a page would show its key."""
    shown = Texts.__call__

    def strict(self: Texts, key: str, **values: Any) -> Any:
        assert key in entries(self.language), f"no text {key}"
        return shown(self, key, **values)

    monkeypatch.setattr(Texts, "__call__", strict)
