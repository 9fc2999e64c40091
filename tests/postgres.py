"""A PostgreSQL server of one's own, on a socket in a temporary folder, from the programs Debian installs."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

COPIED = "STRATEGY FILE_COPY"
"""PostgreSQL 15 and later otherwise write a whole database into the log: eight times as long."""


def programs() -> Path | None:
    """Return the folder of the newest version that is installed, if any is."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextmanager
def server(installed: Path, port: int, *settings: str) -> Iterator[str]:
    """Run the server of the programs in `installed` and yield the URL of its first database; nothing of it is left.

    What it holds is not safe from a power cut, for it is thrown away.
    """
    folder = Path(tempfile.mkdtemp(prefix="muster-pg-", dir=_place()))
    as_owner: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        as_owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    data, told = folder / "data", ["listen_addresses=", "fsync=off", "max_connections=60", *settings]
    options = " ".join([f"-p {port} -k {folder}", *(f"-c {each}" for each in told)])
    initdb = ["-D", data, "-A", "trust", "-U", "muster", "--no-sync", "-E", "UTF8", "--locale=C"]
    _run([*as_owner, installed / "initdb", *initdb], folder)
    _run([*as_owner, installed / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start"], folder)
    try:
        yield f"postgresql+asyncpg://muster@/postgres?host={folder}&port={port}"
    finally:
        _run([*as_owner, installed / "pg_ctl", "-D", data, "-m", "immediate", "stop"], folder, check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _place() -> str:
    """Return where there is room: in memory where the tests were given some, for a copy on disk takes half a second."""
    return "/dev/shm" if os.environ.get("PYTEST_DEBUG_TEMPROOT", "").startswith("/dev/shm/") else "/tmp"


def _run(words: Sequence[str | Path], folder: Path, check: bool = True) -> None:
    subprocess.run(words, check=check, capture_output=True, cwd=folder)
