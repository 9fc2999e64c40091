"""Secret files: ours alone, whole or absent, the same for everyone who starts at once."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from collector.security import secrets
from collector.security.secrets import UnsafeSecret


def test_a_secret_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "ca" / "token.key"
    made = secrets.read_or_make(path, lambda: b"first")
    assert secrets.read_or_make(path, lambda: b"second") == made == b"first"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [each.name for each in path.parent.iterdir()] == ["token.key"]


def test_a_secret_others_can_read_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "token.key"
    secrets.read_or_make(path, lambda: b"secret")
    path.chmod(0o640)
    with pytest.raises(UnsafeSecret, match="chmod 600"):
        secrets.read_or_make(path, lambda: b"")


def test_a_link_in_place_of_a_secret_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"planted")
    (tmp_path / "token.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        secrets.read_or_make(tmp_path / "token.key", lambda: b"")


def test_what_a_crash_left_half_written_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "token.key.tmp").write_bytes(b"hal")
    assert secrets.read_or_make(tmp_path / "token.key", lambda: b"whole") == b"whole"
    assert os.listdir(tmp_path) == ["token.key"]


def test_all_who_start_at_once_get_the_same_secret(tmp_path: Path) -> None:
    path, found, gate = tmp_path / "ca" / "token.key", list[bytes](), threading.Barrier(8)

    def start() -> None:
        gate.wait()
        found.append(secrets.read_or_make(path, lambda: os.urandom(32)))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
