"""Reads files with a limit, and names the one error of every parser of collectors."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from collections.abc import Iterator
from pathlib import Path

from agent.collectors.base import Denied, Unsupported

MAX_BYTES = 16 * 1024 * 1024
_CHUNK = 256 * 1024


class Malformed(ValueError):
    """Text that is not what its tool or the kernel writes, or more of it than can be true."""


def read(path: Path | str, limit: int = MAX_BYTES) -> bytes:
    """Return the bytes of a file; raise `Denied`, `Unsupported` where there is no such file, `Malformed` if longer.

    A FIFO or device put in a file's place cannot make the agent wait: it is opened without blocking.
    """
    return b"".join(_chunks(path, limit))


def copy(path: Path, target: Path, limit: int) -> None:
    """Write the bytes of a file to `target`; raise as `read` does, and `OSError` where they cannot be written."""
    with target.open("wb") as file:
        file.writelines(_chunks(path, limit))


def _chunks(path: Path | str, limit: int) -> Iterator[bytes]:
    try:
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except PermissionError as error:
        raise Denied(f"{path} is not readable") from error
    except (FileNotFoundError, NotADirectoryError, ProcessLookupError) as error:
        raise Unsupported(f"{path} does not exist") from error
    try:
        yield from _all_of(fd, path, limit)
    finally:
        os.close(fd)


def _all_of(fd: int, path: Path | str, limit: int) -> Iterator[bytes]:
    left = limit + 1
    try:
        while left > 0 and (part := os.read(fd, min(left, _CHUNK))):
            left -= len(part)
            yield part
    except ProcessLookupError as error:  # /proc of a process that just ended
        raise Unsupported(f"{path} does not exist any more") from error
    if left <= 0:
        raise Malformed(f"{path} has more than {limit} bytes")


def unzipped(content: bytes, limit: int = MAX_BYTES) -> bytes:
    """Return what gzip packed; raise `Malformed` if it is damaged, or longer than `limit` when unpacked."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            plain = file.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Malformed(f"gzip: {type(error).__name__}") from error
    if len(plain) > limit:
        raise Malformed(f"gzip: more than {limit} bytes")
    return plain


def read_if_allowed(path: Path | str, limit: int = MAX_BYTES) -> bytes | None:
    """Return the bytes of a file, or None where it is missing or not for us to read; raise `Malformed` if longer."""
    try:
        return read(path, limit)
    except (Denied, Unsupported):
        return None
