"""A look into another program's SQLite database, of which that program never notices.

It is read from a private copy, WAL and journal included: a reader on the spot takes locks the program could run into in
the middle of its work, and leaves files beside the database; one that takes the file for immutable misses what only the
WAL has.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from agent.collectors.base import Unsupported
from agent.collectors.bounded import Malformed, copy
from agent.stamps import Stamp, stamp

if TYPE_CHECKING:
    from sqlite3 import Connection

MAX_BYTES: Final = 128 * 1024 * 1024
"""Of each of its files."""
MAX_CELL: Final = 1_000_000
"""Bytes of one value or row; a longer one is not looked at."""
WITHIN_S: Final = 3.0
TRIES: Final = 3
_STEPS: Final = 10_000
"""Of SQLite's machine, between two looks at the clock."""
_PARTS: Final = ("", "-wal", "-journal")


@contextmanager
def opened(path: Path) -> Iterator[Connection]:
    """Open a copy of the database at `path`; raise `Denied`, `Unsupported` without one, `Malformed`.

    What SQLite finds wrong while it is read is `Malformed`, too.
    """
    import sqlite3  # only a machine with such a database pays for it

    if not path.is_file():
        raise Unsupported(f"{path} does not exist")
    try:
        with _copied(path) as file, closing(sqlite3.connect(file)) as database:
            _bound(database, sqlite3.SQLITE_LIMIT_LENGTH)
            yield database
    except (sqlite3.Error, OSError) as error:
        raise Malformed(f"{path} cannot be read: {type(error).__name__}") from error


@contextmanager
def _copied(path: Path) -> Iterator[Path]:
    """Yield a copy of a database that did not move meanwhile."""
    with TemporaryDirectory(prefix="muster-") as folder:
        for _ in range(TRIES):
            target, before = Path(folder) / "copy", _stamps(path)
            _copy(path, target)
            if _stamps(path) == before:
                yield target
                return
        raise Malformed(f"{path} does not keep still")


def _stamps(path: Path) -> list[Stamp]:
    return [stamp(_beside(path, part)) for part in _PARTS]


def _beside(path: Path, part: str) -> Path:
    return path.with_name(path.name + part)


def _copy(path: Path, target: Path) -> None:
    copy(path, target, MAX_BYTES)
    for part in _PARTS[1:]:
        _beside(target, part).unlink(missing_ok=True)
        with suppress(Unsupported):
            copy(_beside(path, part), _beside(target, part), MAX_BYTES)


def _bound(database: Connection, length: int) -> None:
    """Let a database that was made to harm cost little: no view calls anything, no value is long, all has an end."""
    until = time.monotonic() + WITHIN_S
    database.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
    database.setlimit(length, MAX_CELL)
    database.text_factory = lambda raw: raw.decode("utf-8", "replace")
    for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "synchronous = OFF"):
        database.execute(f"PRAGMA {pragma}")
