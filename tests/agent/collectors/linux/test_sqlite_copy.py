"""A database of another program is read as that program last committed it, and is not touched."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agent.collectors.base import Unsupported
from agent.collectors.bounded import Malformed
from agent.collectors.bounded import copy as bounded_copy
from agent.collectors.linux import sqlite_copy
from tests.agent.collectors.linux.dnf_databases import build, opened

MORE = "." * 3000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database of many pages, each full of one word."""
    return build(
        tmp_path / "lib" / "it.sqlite", {"word": {"columns": ["said", "more"], "rows": [["before", MORE]] * 50}}
    )


def said(path: Path) -> set[str]:
    with sqlite_copy.opened(path) as database:
        return {text for (text,) in database.execute("SELECT said FROM word")}


def files(path: Path) -> dict[str, tuple[bytes, int]]:
    return {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in path.parent.iterdir()}


def test_what_stands_in_the_wal_alone_is_read_and_nothing_beside_it_is_touched(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as owner:
        owner.execute("PRAGMA journal_mode = WAL")
        owner.execute("PRAGMA wal_autocheckpoint = 0")
        owner.execute("UPDATE word SET said = 'after'")
        before = files(path)
        assert said(path) == {"after"}
        assert files(path) == before
        assert b"after" not in before[path.name][0], "it stood in the WAL alone"


@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
@pytest.mark.parametrize("spilled", [False, True], ids=["in memory", "in the files"])
def test_a_database_in_the_middle_of_a_transaction_is_read_as_it_stood_before(
    path: Path, mode: str, spilled: bool
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as owner:
        owner.execute(f"PRAGMA journal_mode = {mode}")
        owner.execute(f"PRAGMA cache_spill = {1 if spilled else 0}")
        owner.execute("PRAGMA cache_size = 5")
        owner.execute("BEGIN EXCLUSIVE")
        owner.execute("UPDATE word SET said = 'midway'")
        assert any(b"midway" in content for content, _ in files(path).values()) == spilled
        assert said(path) == {"before"}
        owner.execute("COMMIT")
    assert said(path) == {"midway"}


def test_one_that_never_keeps_still_is_malformed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def moving(source: Path, target: Path, limit: int) -> None:
        bounded_copy(source, target, limit)
        os.utime(source)

    monkeypatch.setattr(sqlite_copy, "copy", moving)
    with pytest.raises(Malformed, match="still"):
        said(path)


def test_what_is_no_file_is_unsupported(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(Unsupported):
            said(path)


def test_one_that_is_too_long_is_malformed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_copy, "MAX_BYTES", 1000)
    with pytest.raises(Malformed):
        said(path)


def test_a_view_without_end_in_a_tables_place_ends(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(path) as database:
        database.execute("DROP TABLE word")
        database.execute(
            "CREATE VIEW word AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) "
            "SELECT max(id) AS said FROM n"
        )
    monkeypatch.setattr(sqlite_copy, "WITHIN_S", 0.05)
    with pytest.raises(Malformed):
        said(path)


def test_a_value_that_is_too_long_is_malformed(path: Path) -> None:
    with opened(path) as database:
        database.execute("UPDATE word SET said = ?", ["x" * (sqlite_copy.MAX_CELL + 1)])
    with pytest.raises(Malformed):
        said(path)


def test_text_that_is_not_utf_8_is_read_all_the_same(path: Path) -> None:
    with opened(path) as database:
        database.execute("UPDATE word SET said = CAST(x'41ff' AS TEXT)")
    assert said(path) == {"A\N{REPLACEMENT CHARACTER}"}
