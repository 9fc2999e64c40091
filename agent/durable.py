"""Files that survive a power cut: written whole or not at all, and on the disk when the call returns."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import zlib
from pathlib import Path
from typing import Any

MAX_SMALL_FILE = 1024 * 1024
BINARY: int = getattr(os, "O_BINARY", 0)
"""Windows translates line ends in whatever is opened without it."""


def sync(fd: int) -> None:
    """Flush a file descriptor to the disk. The only way there, so that a test can watch it or cut the power."""
    if sys.platform == "darwin":
        import fcntl

        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
    else:
        os.fsync(fd)


def sync_folder(folder: Path) -> None:
    """Make creations, renames and removals in `folder` durable; Windows does that by itself."""
    if sys.platform != "win32":
        fd = os.open(folder, os.O_RDONLY)
        try:
            sync(fd)
        finally:
            os.close(fd)


def write_all(fd: int, data: bytes) -> None:
    """Write every byte of `data`; raise OSError with what was already written left in the file."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def write_file(path: Path, data: bytes) -> None:
    """Put `data` at `path` (mode 0600) atomically and durably; on OSError the old content stands."""
    temporary = path.with_name(f"{path.name}.tmp")
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | BINARY, 0o600)
        try:
            write_all(fd, data)
            sync(fd)
        finally:
            os.close(fd)
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Create `folder` (mode 0700) and its parents, durably."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)


def lock(path: Path) -> int:
    """Return a descriptor that holds the lock of `path` until it is closed; raise OSError when another holds it."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        raise
    return fd


def seal(value: dict[str, Any]) -> bytes:
    """Return one line: the CRC-32 of the JSON text, and the text."""
    text = json.dumps(value, sort_keys=True).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def unseal(line: bytes) -> dict[str, Any] | None:
    """Return what `seal` was given, or None when the line is not what it wrote."""
    sum_text, _, text = line.rstrip(b"\n").partition(b" ")
    try:
        value = json.loads(text) if int(sum_text, 16) == zlib.crc32(text) else None
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def read_small(path: Path, limit: int = MAX_SMALL_FILE) -> bytes | None:
    """Return the content of a file, or None when it is missing, unreadable or longer than `limit` bytes."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError:
        return None
    return data if len(data) <= limit else None
