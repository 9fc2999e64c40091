"""What logrotate put away is read on in order, as far as it is whole."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from agent.collectors.bounded import MAX_BYTES, Malformed
from agent.collectors.linux.rotated_logs import MAX_OLDER, newest_first, put_away


def names(folder: Path, *there: str) -> list[str]:
    for name in there:
        (folder / name).write_bytes(name.encode())
    return [path.name for path in put_away(folder / "log")]


def test_those_put_away_by_number_come_by_number(tmp_path: Path) -> None:
    assert names(tmp_path, "log", "log.10.gz", "log.2.gz", "log.1") == ["log.1", "log.2.gz", "log.10.gz"]


def test_those_put_away_by_date_come_newest_first_and_only_a_few(tmp_path: Path) -> None:
    there = [f"log-202601{day:02}.gz" for day in range(1, 20)]
    assert names(tmp_path, *there) == sorted(there, reverse=True)[:MAX_OLDER]


def test_what_only_looks_like_the_log_is_none(tmp_path: Path) -> None:
    assert names(tmp_path, "log.1.xz", "log.old", "log-2026", "log.1.gz.tmp", "login.1", "log.99999", "xlog.1") == []
    assert put_away(tmp_path / "none/log") == []


def test_the_log_comes_first_then_what_was_packed(tmp_path: Path) -> None:
    (tmp_path / "log.1.gz").write_bytes(gzip.compress(b"two") + gzip.compress(b" parts"))
    (tmp_path / "log").write_bytes(b"one")
    assert list(newest_first(tmp_path / "log")) == [b"one", b"two parts"]
    (tmp_path / "log").unlink()
    assert list(newest_first(tmp_path / "log")) == [b"two parts"]


@pytest.mark.parametrize(
    "packed",
    [b"not gzip", gzip.compress(b"cut off")[:-9], gzip.compress(bytes(MAX_BYTES + 1))],
    ids=["no gzip", "cut off", "a bomb"],  # what gzip packs names the second it was packed in
)
def test_a_damaged_one_and_a_bomb_end_it_and_harm_nothing(tmp_path: Path, packed: bytes) -> None:
    (tmp_path / "log").write_bytes(b"one")
    (tmp_path / "log.1.gz").write_bytes(packed)
    (tmp_path / "log.2").write_bytes(b"older")
    assert list(newest_first(tmp_path / "log")) == [b"one"]


def test_a_log_that_is_itself_too_long_is_malformed(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(Malformed):
        list(newest_first(tmp_path / "log"))
