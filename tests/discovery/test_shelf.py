"""Where a probe keeps tables between sweeps."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from discovery.explore.tables import MAX_PACKED, NOTHING, Tables
from discovery.shelf import KEPT_S, Shelf


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "shelf"


def some(at: float, size: int = 1) -> Tables:
    return Tables({"1.3.6": {(1,): os.urandom(size)}}, {}, at)


def test_tables_come_back_by_their_name_and_only_their_owner_reads_them(folder: Path) -> None:
    shelf, tables = Shelf(folder), some(1.0)
    name = shelf.put(tables)
    assert shelf.get(name) == tables
    assert shelf.put(tables) == name
    assert [path.name for path in folder.iterdir()] == [name]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["", "gone", "../shelf", "a" * 64])
def test_what_is_not_there_is_nothing(folder: Path, name: str) -> None:
    assert Shelf(folder).get(name) is NOTHING


def test_a_file_that_is_damaged_is_nothing(folder: Path) -> None:
    shelf = Shelf(folder)
    name = shelf.put(some(1.0))
    (folder / name).write_bytes((folder / name).read_bytes()[:-1])
    assert shelf.get(name) is NOTHING


def test_what_is_too_much_or_cannot_be_written_is_not_kept(folder: Path, tmp_path: Path) -> None:
    assert Shelf(folder).put(some(1.0, MAX_PACKED * 2)) == ""
    (tmp_path / "file").touch()
    assert Shelf(tmp_path / "file").put(some(1.0)) == ""


def test_what_nobody_asked_for_in_long_goes_and_the_longest_unused_of_what_is_too_much(folder: Path) -> None:
    shelf = Shelf(folder)
    names = [shelf.put(some(float(at), 1000)) for at in range(4)]
    for at, name in enumerate(names):
        used = time.time() - (KEPT_S + 10 if at == 0 else 100 - at)
        os.utime(folder / name, (used, used))
    shelf.tidy()
    assert {path.name for path in folder.iterdir()} == set(names[1:])
    assert shelf.get(names[1])  # asked for, so it is the youngest now
    shelf.tidy(most_bytes=2 * (folder / names[1]).stat().st_size + 100)
    assert {path.name for path in folder.iterdir()} == {names[1], names[3]}
