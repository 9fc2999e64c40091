"""Fixtures every part may use: a store on SQLite, and on PostgreSQL where its programs are installed."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from collector.store.engine import Store, open_store, sqlite_url
from collector.store.migrate import migrate


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _postgres_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server of the test run's own, on a socket in a temporary folder."""
    programs = _postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="muster-pg-", dir="/tmp"))
    as_owner = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        as_owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    port = free_port()
    data = folder / "data"
    subprocess.run([*as_owner, programs / "initdb", "-D", data, "-A", "trust", "-U", "muster", "--no-sync",
                    "-E", "UTF8", "--locale=C"], check=True, capture_output=True, cwd=folder)  # fmt: skip
    subprocess.run([*as_owner, programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o",
                    f"-p {port} -k {folder} -c listen_addresses= -c fsync=off -c max_connections=60", "start"],
                   check=True, capture_output=True, cwd=folder)  # fmt: skip
    try:
        yield f"postgresql+asyncpg://muster@/postgres?host={folder}&port={port}"
    finally:
        subprocess.run([*as_owner, programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"], check=False,
                       capture_output=True, cwd=folder)  # fmt: skip
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An empty, migrated store; the test runs once on each engine."""
    if request.param == "sqlite":
        opened = open_store(sqlite_url(tmp_path / "muster.db"))
    else:
        base = request.getfixturevalue("postgres_url")
        opened = open_store(await _fresh_database(base))
    await migrate(opened)
    yield opened
    await opened.close()


@pytest.fixture
async def sqlite_store(tmp_path: Path) -> AsyncIterator[Store]:
    """An empty, migrated store on SQLite, for tests of what lies above the store."""
    opened = open_store(sqlite_url(tmp_path / "muster.db"))
    await migrate(opened)
    yield opened
    await opened.close()


async def _fresh_database(base: str) -> str:
    import asyncpg

    name = "m" + os.urandom(6).hex()
    plain = base.replace("postgresql+asyncpg", "postgresql")
    connection = await asyncio.wait_for(asyncpg.connect(plain), 10)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return base.replace("/postgres?", f"/{name}?")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--campaign", type=int, default=0, help="how many cuts, kills or cases the long tests run")
    parser.addoption("--screenshots", action="store_true", help="put the pictures of the README where it shows them")


UNSETTLED = ("browser/", "flow/", "faults/test_kill", "faults/test_outage", "faults/test_herd", "faults/test_full_disk",
             "faults/test_clock_jumps")  # fmt: skip
"""Written, run while they were written, not yet seen green on a quiet machine: run with `-m unsettled`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if str(item.path.relative_to(here)).startswith(UNSETTLED):
            item.add_marker(pytest.mark.unsettled)
