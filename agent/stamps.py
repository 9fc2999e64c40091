"""Notices that something a collector reads has changed, by looking at a few files' stamps."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

EVERY_S = 5.0
QUIET_S = 1.0
MAX_WAIT_S = 15.0

Stamp = tuple[int, int, int] | None
"""(mtime in ns, size in bytes, inode), or None for what is not there."""


def stamp(path: Path) -> Stamp:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


class Stamps:
    """Watches the stamps of each section.

    A section is due when its files moved and then kept still for a second, so that nobody reads the
    package database in the middle of an upgrade; after 15 seconds of unrest it is due all the same.
    """

    def __init__(
        self, paths: Mapping[str, Sequence[str]], root: Path, now: float, look: Callable[[Path], Stamp] = stamp
    ) -> None:
        self._look = look
        self._sections: dict[Path, list[str]] = {}
        for section, names in paths.items():
            for name in names:
                self._sections.setdefault(root / name.lstrip("/"), []).append(section)
        self._seen = {path: look(path) for path in self._sections}
        self._moving: dict[str, tuple[float, float]] = {}  # section → when it began to move, when it last did
        self.next_at = now + EVERY_S

    def check(self, now: float) -> frozenset[str]:
        """Look if it is time to, and return the sections due; `now` is monotonic, in seconds."""
        if now < self.next_at:
            return frozenset()
        for path, sections in self._sections.items():
            found = self._look(path)
            if found != self._seen[path]:
                self._seen[path] = found
                for section in sections:
                    self._moving[section] = self._moving.get(section, (now, now))[0], now
        due = {
            section
            for section, (began, last) in self._moving.items()
            if now - last >= QUIET_S or now - began >= MAX_WAIT_S
        }
        for section in due:
            del self._moving[section]
        self.next_at = now + (QUIET_S if self._moving else EVERY_S)
        return frozenset(due)
