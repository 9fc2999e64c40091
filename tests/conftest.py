"""Fixtures every part may use: a store on SQLite, and on PostgreSQL where its programs are installed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import socket
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import structlog

from collector import garbage
from collector.store.engine import Store, open_store, sqlite_url
from collector.store.migrate import migrate
from tests import postgres

# An error that is logged is shown without the values around it: to draw these takes seconds each time.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)

# How fast examples are made and run says how busy the machine is, and nothing of the code.
hypothesis.settings.register_profile("muster", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("muster")


# A run loads twelve thousand tests that never become garbage; to look at them again and again took a sixth of its time.
garbage.wait()


def pytest_collection_finish() -> None:
    garbage.settle()


def free_port() -> int:
    """Return a port nothing listens on, below those the kernel lends to outgoing connections (32768 and up)."""
    while True:
        port = secrets.randbelow(12_000) + 20_000
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server of the test run's own, on a socket in a temporary folder."""
    installed = postgres.programs()
    if installed is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with postgres.server(installed, free_port()) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, migrated SQLite database, to be copied for each test: to migrate costs a third of a second."""
    file = tmp_path_factory.mktemp("migrated") / "muster.db"
    _apart(_migrated(sqlite_url(file)))
    return file


@pytest.fixture(scope="session")
def migrated_postgres(postgres_url: str) -> str:
    """The name of an empty, migrated database, the template of each test's own."""
    name = "migrated"
    _apart(_tell(postgres_url, f"CREATE DATABASE {name}"))
    _apart(_migrated(postgres_url.replace("/postgres?", f"/{name}?")))
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An empty, migrated store; the test runs once on each engine."""
    if request.param == "sqlite":
        opened = _copy(request.getfixturevalue("migrated_file"), tmp_path)
    else:
        base, template = request.getfixturevalue("postgres_url"), request.getfixturevalue("migrated_postgres")
        name = "m" + os.urandom(6).hex()
        await _tell(base, f"CREATE DATABASE {name} TEMPLATE {template} {postgres.COPIED}")
        opened = open_store(base.replace("/postgres?", f"/{name}?"))
    yield opened
    await opened.close()
    if request.param == "postgresql":
        await _tell(base, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def sqlite_store(migrated_file: Path, tmp_path: Path) -> AsyncIterator[Store]:
    """An empty, migrated store on SQLite, for tests of what lies above the store."""
    opened = _copy(migrated_file, tmp_path)
    yield opened
    await opened.close()


def _copy(file: Path, folder: Path) -> Store:
    shutil.copy(file, folder / "muster.db")
    return open_store(sqlite_url(folder / "muster.db"))


def _apart(work: Coroutine[Any, Any, None]) -> None:
    """Run `work` in a thread with a loop of its own: the test's may be running here."""
    with ThreadPoolExecutor(1) as apart:
        apart.submit(asyncio.run, work).result()


async def _migrated(url: str) -> None:
    opened = open_store(url)
    await migrate(opened)
    await opened.close()


async def _tell(base: str, statement: str) -> None:
    import asyncpg

    connection = await asyncio.wait_for(asyncpg.connect(base.replace("postgresql+asyncpg", "postgresql")), 10)
    await connection.execute(statement)
    await connection.close()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--campaign", type=int, default=0, help="how many cuts, kills or cases the long tests run")
    parser.addoption("--histories", type=int, default=0, help="how many random histories the oracle judges")
    parser.addoption("--screenshots", action="store_true", help="put the pictures of the README where it shows them")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the groups of tests that share a worker: xdist 3.8 writes them where pytest 9.2 no longer reads them."""
    for item in items:
        grouped = vars(item).get("_nodeid")
        if grouped and grouped != item.nodeid:
            item._id = type(item.id).parse(grouped)
