"""Where a probe keeps what tables of devices said, from one sweep to the next: files named by the digest of what is in
them. Which of them still counts for a device, the collector remembers; a shelf that is lost costs one whole reading.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import time
from pathlib import Path
from typing import Final

from discovery.explore.tables import MAX_PACKED, NOTHING, BadTables, Tables, pack, unpack

log = logging.getLogger(__name__)

MOST_BYTES: Final = 256 << 20
KEPT_S: Final = 30 * 86_400.0
"""What nobody asked for in so long goes."""
NAME: Final = re.compile(r"[0-9a-f]{64}")


class Shelf:
    """`folder` is made when it is first needed. Whatever goes wrong with it is logged and costs what was to be kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, tables: Tables) -> str:
        """Keep tables and return their name, empty when they are not kept."""
        try:
            packed = pack(tables)
            name = hashlib.sha256(packed).hexdigest()
            self._write(self._folder / name, packed)
        except (BadTables, OSError) as error:
            log.warning("tables are not kept: %s", error)
            return ""
        return name

    def get(self, name: str) -> Tables:
        """Return the tables of a name, empty ones when they are not here or damaged."""
        if not NAME.fullmatch(name):
            return NOTHING
        try:
            path = self._folder / name
            os.utime(path)  # it is still asked for
            with path.open("rb") as file:
                packed = file.read(MAX_PACKED + 1)
            return unpack(packed) if hashlib.sha256(packed).hexdigest() == name else NOTHING
        except (BadTables, OSError):
            return NOTHING

    def tidy(self, most_bytes: int = MOST_BYTES) -> None:
        """Take away what nobody asked for in long, and the longest unused of what is too much."""
        total = 0
        for path, size, used_at in sorted(self._files(), key=lambda each: -each[2]):
            total += size
            if total > most_bytes or used_at < time.time() - KEPT_S:
                path.unlink(missing_ok=True)

    def _write(self, path: Path, packed: bytes) -> None:
        if path.exists():
            os.utime(path)
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        begun = path.with_suffix(".new")
        begun.write_bytes(packed)
        begun.replace(path)

    def _files(self) -> list[tuple[Path, int, float]]:
        try:
            found = [(path, path.stat()) for path in self._folder.iterdir() if path.is_file()]
        except OSError:
            return []
        return [(path, told.st_size, told.st_mtime) for path, told in found]
