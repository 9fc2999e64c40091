"""Reading is bounded, and says in the agent's own words why it did not happen."""

from __future__ import annotations

import gzip
import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.collectors.base import Denied, Unsupported
from agent.collectors.bounded import Malformed, copy, read, read_if_allowed, unzipped


def test_a_file_of_just_the_limit_is_read_and_a_longer_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 10)
    assert read(path, 10) == b"x" * 10
    with pytest.raises(Malformed):
        read(path, 9)


def test_a_missing_file_is_unsupported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "none", tmp_path / "file/below"):
        with pytest.raises(Unsupported):
            read(path)
        assert read_if_allowed(path) is None


def test_a_forbidden_file_is_denied(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch(mode=0)
    rights = os.geteuid()
    try:
        if rights == 0:  # root may read everything
            os.seteuid(65534)
        with pytest.raises(Denied):
            read(path)
        assert read_if_allowed(path) is None
    finally:
        os.seteuid(rights)


def test_a_fifo_in_a_files_place_does_not_make_the_agent_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    assert read(tmp_path / "fifo") == b""


def test_a_file_of_proc_is_read_though_it_claims_to_be_empty() -> None:
    assert read("/proc/self/stat").startswith(str(os.getpid()).encode())


def test_a_copy_has_the_same_limit(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 10)
    copy(path, tmp_path / "copy", 10)
    assert (tmp_path / "copy").read_bytes() == b"x" * 10
    with pytest.raises(Malformed):
        copy(path, tmp_path / "copy", 9)


def test_what_gzip_packed_is_unpacked_up_to_the_limit() -> None:
    packed = gzip.compress(b"x" * 10)
    assert unzipped(packed, 10) == b"x" * 10
    for content, limit in ((packed, 9), (packed[:-1], 10), (b"x", 10), (packed + b"x", 10)):
        with pytest.raises(Malformed):
            unzipped(content, limit)


@given(st.binary(), st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=5))
def test_any_bytes_are_unpacked_or_malformed(content: bytes, changes: list[tuple[int, int]]) -> None:
    packed = bytearray(gzip.compress(content))
    for at, byte in changes:
        packed[at % len(packed)] = byte
    for each in (content, bytes(packed)):
        with suppress(Malformed):
            assert len(unzipped(each, 1000)) <= 1000
