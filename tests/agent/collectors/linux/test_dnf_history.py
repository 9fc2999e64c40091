"""dnf's own database tells who asked for what; a damaged one is the declared error."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.collectors.bounded import Malformed
from agent.collectors.linux.dnf_history import history
from agent.collectors.linux.transactions import MAX_TRANSACTIONS
from tests.agent.collectors.catalogue import kept
from tests.agent.collectors.linux.dnf_databases import CAPTURES, DNF4, DNF5, build, captured, of_one
from tests.agent.collectors.linux.trees import plant

PASSWD = "root:x:0:0::/root:/bin/sh\nwang:x:1000:1000::/home/wang:/bin/sh\nbatch:x:1000:1000::/:/bin/false\n"


def told(root: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = kept("package_log", history(root) or [])
    return rows


def test_dnf_4_tells_when_who_asked_with_what_words_and_what_moved(tmp_path: Path) -> None:
    plant(tmp_path, {"etc/passwd": PASSWD})
    build(tmp_path / DNF4, captured(DNF4))
    assert told(tmp_path) == [
        {"tool": "dnf", "started": "2026-11-28T10:21:34Z", "ended": "2026-11-28T10:21:35Z",
         "command": "-q -y --setopt=gpgcheck=0 install cowsay-3.03 oldlib", "packages": ["cowsay", "oldlib"]},
        {"tool": "dnf", "started": "2026-11-28T10:21:37Z", "ended": "2026-11-28T10:21:37Z", "actor": "wang",
         "command": "-q -y --setopt=gpgcheck=0 --setopt=proxy=http://…@proxy.invalid:3128 upgrade cowsay",
         "packages": ["cowsay"]},
        {"tool": "dnf", "started": "2026-11-28T10:21:39Z", "ended": "2026-11-28T10:21:39Z", "actor": "uid 1001",
         "command": "-q -y --setopt=gpgcheck=0 install python3-cow-say", "packages": ["python3-cow-say"]},
        {"tool": "dnf", "started": "2026-11-28T10:21:41Z", "ended": "2026-11-28T10:21:41Z", "actor": "uid 1001",
         "command": "-q -y --setopt=gpgcheck=0 remove oldlib", "packages": ["oldlib"]},
    ]  # fmt: skip


def test_dnf_5_does_too_and_what_only_changed_its_reason_did_not_move(tmp_path: Path) -> None:
    plant(tmp_path, {"etc/passwd": PASSWD})
    build(tmp_path / DNF5, captured(DNF5))
    assert told(tmp_path) == [
        {"tool": "dnf", "started": "2026-11-28T10:21:34Z", "ended": "2026-11-28T10:21:35Z",
         "command": "dnf install cowsay oldlib", "packages": ["cowsay", "oldlib"]},
        {"tool": "dnf", "started": "2026-11-28T10:21:37Z", "ended": "2026-11-28T10:21:37Z", "actor": "wang",
         "command": "dnf --setopt=proxy=http://…@proxy.invalid:3128 upgrade cowsay", "packages": ["cowsay"]},
        {"tool": "dnf", "started": "2026-11-28T10:21:39Z", "actor": "uid 1001",
         "command": "dnf remove oldlib", "packages": ["oldlib"]},
    ]  # fmt: skip


@pytest.mark.parametrize("uid", [-1, 0, 2**31 - 1, 2**32 - 1, 2**40, -(2**40), "1000", None, 1000.0])
def test_a_login_that_was_not_set_names_nobody_and_neither_does_root(tmp_path: Path, uid: object) -> None:
    plant(tmp_path, {"etc/passwd": PASSWD})
    build(tmp_path / DNF4, of_one(uid))
    assert [row.get("actor") for row in told(tmp_path)] == [None]


@pytest.mark.parametrize("uid", [4_000_000_000, 4_000_000_000 - 2**32])
def test_a_uid_of_the_upper_half_is_one_however_it_was_written(tmp_path: Path, uid: int) -> None:
    build(tmp_path / DNF4, of_one(uid))
    assert [row["actor"] for row in told(tmp_path)] == ["uid 4000000000"]


def test_without_a_passwd_that_can_be_read_there_is_still_the_number(tmp_path: Path) -> None:
    plant(tmp_path, {"etc/passwd": "wang:x\n"})
    build(tmp_path / DNF4, of_one(1000))
    assert [row["actor"] for row in told(tmp_path)] == ["uid 1000"]


def test_what_ended_in_error_did_not_move(tmp_path: Path) -> None:
    tables = captured(DNF4)
    for row in tables["trans_item"]["rows"]:
        row[-1] = 2 if row[0] != 1 else 1
    build(tmp_path / DNF4, tables)
    assert [row["packages"] for row in told(tmp_path)] == [["cowsay"]]


def test_only_the_last_transactions_are_told_the_oldest_first(tmp_path: Path) -> None:
    tables = of_one(1000)
    tables["trans"]["rows"] = [[n, 1_700_000_000 + n, None, None, None, "9", 1000, "", 1, ""] for n in range(1, 301)]
    tables["trans_item"]["rows"] = [[n, n, 1, 1, 6, 2, 1] for n in range(1, 301)]
    build(tmp_path / DNF4, tables)
    rows = told(tmp_path)
    assert (len(rows), rows[-1]["started"]) == (MAX_TRANSACTIONS, "2023-11-14T22:18:20Z")
    assert rows == sorted(rows, key=lambda row: str(row["started"]))


def test_no_database_is_none_and_an_empty_one_tells_nothing(tmp_path: Path) -> None:
    assert history(tmp_path) is None
    tables = captured(DNF4)
    build(tmp_path / DNF4, {name: {**table, "rows": []} for name, table in tables.items()})
    assert history(tmp_path) == []


def test_a_damaged_database_is_malformed_unless_that_of_the_other_dnf_tells_something(tmp_path: Path) -> None:
    plant(tmp_path, {DNF4: "SQLite format 3, or not"})
    with pytest.raises(Malformed):
        history(tmp_path)
    build(tmp_path / DNF5, captured(DNF5))
    assert len(told(tmp_path)) == 3


def test_a_database_without_the_tables_or_in_a_folders_place_is_no_history(tmp_path: Path) -> None:
    build(tmp_path / DNF4, {"trans": {"columns": ["id"], "rows": []}})
    with pytest.raises(Malformed):
        history(tmp_path)
    (tmp_path / DNF4).unlink()
    (tmp_path / DNF4).mkdir()
    assert history(tmp_path) is None


CELL = st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=40) | st.binary(max_size=40)
SAME_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@SAME_FOLDER
@given(uid=CELL, began=CELL, command=CELL, name=CELL)
def test_any_values_are_transactions_that_keep_to_the_catalogue(
    tmp_path: Path, uid: object, began: object, command: object, name: object
) -> None:
    tables = of_one(uid, began, command)
    tables["rpm"]["rows"][0][1] = name
    build(tmp_path / DNF4, tables)
    told(tmp_path)


@cache
def in_wal(name: str) -> dict[str, bytes]:
    """Return the files of a captured database with its last words in the WAL, by what their names end in."""
    with TemporaryDirectory() as folder, closing(sqlite3.connect(build(Path(folder) / "db", captured(name)))) as dnf:
        dnf.execute("PRAGMA journal_mode = WAL")
        dnf.execute("PRAGMA wal_autocheckpoint = 0")
        dnf.execute("UPDATE trans SET user_id = 1000")
        dnf.commit()
        return {part: (Path(folder) / f"db{part}").read_bytes() for part in ("", "-wal")}


CHANGES = st.lists(st.tuples(st.sampled_from(["", "-wal"]), st.integers(0, 2**16), st.integers(0, 255)), max_size=40)


@SAME_FOLDER
@pytest.mark.parametrize("name", CAPTURES)
@given(changes=CHANGES, cut=st.integers(0, 2**16))
def test_a_database_with_any_bytes_changed_or_cut_is_read_or_malformed(
    tmp_path: Path, name: str, changes: list[tuple[str, int, int]], cut: int
) -> None:
    files = {part: bytearray(content) for part, content in in_wal(name).items()}
    for part, at, byte in changes:
        files[part][at % len(files[part])] = byte
    for part, content in files.items():
        plant(tmp_path, {name + part: {"hex": content[: cut or None].hex()}})
    with suppress(Malformed):
        told(tmp_path)
