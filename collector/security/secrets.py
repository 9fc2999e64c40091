"""The collector's secret files: mode 0600 in a folder of mode 0700, whole or absent, made once an installation."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

MAX_SECRET_BYTES = 65_536


class UnsafeSecret(Exception):
    """A secret file cannot be trusted: others may read it, or it is not a file of ours. The message says what to do."""


def read_or_make(path: Path, make: Callable[[], bytes]) -> bytes:
    """Return the content of `path`, made and durably written when it is missing; raise `UnsafeSecret`, OSError.

    Two processes that start at once agree on one content.
    """
    _make_folder(path.parent)
    with _locked(path.parent):
        if not path.exists():
            write(path, make())
        return read(path)


def write(path: Path, data: bytes) -> None:
    """Put `data` at `path` (mode 0600) atomically and durably."""
    temporary = path.with_name(f"{path.name}.tmp")
    temporary.unlink(missing_ok=True)
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    _sync_folder(path.parent)


def read(path: Path) -> bytes:
    """Return the content of `path`; raise `UnsafeSecret` when others may read it, OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(fd, "rb") as file:
        mode = os.fstat(fd).st_mode & 0o777
        if mode & 0o077:
            raise UnsafeSecret(f"{path} can be read by others (mode {mode:o}): chmod 600 it, and think who saw it")
        return file.read(MAX_SECRET_BYTES)


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sync_folder(folder.parent)
    folder.chmod(0o700)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    fd = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
