"""The segment the spool writes to now: an append is on the disk whole, or nothing of it is kept."""

from __future__ import annotations

import os
from pathlib import Path

from agent import durable, segment


class Unwritten(OSError):
    """There was no room; nothing of the append was kept."""


class Unsynced(OSError):
    """The disk did not confirm; nobody knows what is on it, so the number must not be used again."""


class Tail:
    """Appends records, and starts a new segment when the present one is long enough."""

    def __init__(self, folder: Path, epoch: bytes, roll_bytes: int) -> None:
        self._folder, self._epoch, self._roll_bytes = folder, epoch, roll_bytes
        self._fd = -1
        self._size = 0
        self.path: Path | None = None

    def append(self, seq: int, record: bytes) -> tuple[Path, int, int]:
        """Put `record` on the disk; return its segment, its offset there and the segment's new size in bytes.

        Raise `Unwritten` or `Unsynced`.
        """
        if self._size >= self._roll_bytes:
            self.seal()
        is_new = self.path is None
        path = self.path or self._start(seq)
        offset = self._write(record if not is_new else segment.encode_head(self._epoch, seq) + record, path)
        try:
            durable.sync(self._fd)
            if is_new:
                durable.sync_folder(self._folder)
        except OSError as error:
            self.seal()
            raise Unsynced(*error.args) from error
        return path, offset + (segment.HEAD.size if is_new else 0), self._size

    def _start(self, seq: int) -> Path:
        path = self._folder / f"{seq:020d}.seg"
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | durable.BINARY
            self._fd = os.open(path, flags, 0o600)
        except OSError as error:
            raise Unwritten(*error.args) from error
        self.path, self._size = path, 0
        return path

    def _write(self, data: bytes, path: Path) -> int:
        """Write `data` and return where it starts."""
        offset = self._size
        try:
            durable.write_all(self._fd, data)
        except OSError as error:
            self._undo(path)
            raise Unwritten(*error.args) from error
        self._size += len(data)
        return offset

    def _undo(self, path: Path) -> None:
        """Take back a half-written append; a segment that cannot be cut is left to the next start."""
        try:
            os.ftruncate(self._fd, self._size)
        except OSError:
            self.seal()
            return
        if self._size == 0:
            self.seal()
            path.unlink(missing_ok=True)

    def seal(self) -> None:
        """Close the present segment; the next append starts a new one."""
        if self.path is not None:
            os.close(self._fd)
            self.path, self._fd, self._size = None, -1, 0
