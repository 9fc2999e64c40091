"""Databases of dnf, made of captured rows: `dnf4-history` is what dnf 4.14 wrote, its command lines made shorter;
`dnf5-history` tells about the same in the tables of dnf 5.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.agent.collectors.linux.trees import capture

DNF4 = "var/lib/dnf/history.sqlite"
DNF5 = "usr/lib/sysimage/libdnf5/transaction_history.sqlite"
CAPTURES = {DNF4: "dnf4-history", DNF5: "dnf5-history"}

Tables = dict[str, dict[str, Any]]


def build(path: Path, tables: Tables) -> Path:
    """Write a database of these tables (columns without a type, and rows) and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with opened(path) as database:
        database.execute("PRAGMA synchronous = OFF")
        for name, table in tables.items():
            columns = table["columns"]
            database.execute(f"CREATE TABLE {name} ({', '.join(columns)})")
            places = ", ".join("?" * len(columns))
            database.executemany(f"INSERT INTO {name} VALUES ({places})", table["rows"])
    return path


def captured(path: str) -> Tables:
    """Return the tables captured of the database at `path`."""
    return capture(CAPTURES[path])


def of_one(uid: object, began: object = 1_795_861_294, command: object = "install cowsay") -> Tables:
    """Return dnf 4's tables of one transaction that installs cowsay."""
    tables = captured(DNF4)
    tables["trans"]["rows"] = [[1, began, None, None, None, "9", uid, command, 1, ""]]
    return tables


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database; at the end everything is committed."""
    with closing(sqlite3.connect(path)) as database, database:
        yield database
