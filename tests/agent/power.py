"""A disk that forgets: what a power cut leaves of a folder is what was synced, and nothing else."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from agent import durable


class PowerCut(BaseException):
    """The machine went dark here; no `except OSError` or `except Exception` may survive it."""


class Disk:
    """Watches every sync below `folder` and can rebuild what the platter then held.

    A file's bytes are those of its last sync; a folder's names are those of its last sync. With `cut_at`
    the power goes at that sync, before it takes effect.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.syncs, self.cut_at = folder, 0, -1
        self._contents: dict[int, bytes] = {}
        self._names: dict[str, int] = {}
        self._held: dict[int, int] = {}  # open descriptors, so that no inode number comes round again
        self._sync = durable.sync
        monkeypatch.setattr(durable, "sync", self._watch)

    def _watch(self, fd: int) -> None:
        self.syncs += 1
        if self.syncs == self.cut_at:
            raise PowerCut
        path = Path(os.readlink(f"/proc/self/fd/{fd}"))
        if path == self.folder:
            self._names = {each.name: each.stat().st_ino for each in path.iterdir()}
        elif path.parent == self.folder and path.is_file():
            inode = os.fstat(fd).st_ino
            self._contents[inode] = path.read_bytes()
            if inode not in self._held:
                self._held[inode] = os.dup(fd)

    def after_cut(self, target: Path, chance: random.Random | None = None) -> Path:
        """Write what survived into `target` and return it.

        With `chance` a part of what was appended but not synced survives as well, as it does on real disks.
        """
        target.mkdir()
        for name, inode in self._names.items():
            content = self._contents.get(inode, b"")
            if chance and inode in self._held:
                written = Path(f"/proc/self/fd/{self._held[inode]}").read_bytes()
                if written.startswith(content):
                    content = written[: chance.randint(len(content), len(written))]
            (target / name).write_bytes(content)
        for fd in self._held.values():
            os.close(fd)
        self._held.clear()
        return target
