"""The journal of what the spool had to give up: on the disk before the space is used again."""

from __future__ import annotations

import contextlib
import os
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from agent import durable
from wire.observation import Drop

COMPACT_BYTES = 256 * 1024
MAX_BYTES = 64 * 1024 * 1024
MAX_TOLD = 1_000


class DropJournal:
    """Drops in the order they happened, each with an index from 1 that is never used again.

    One sealed line each: `{index, first, last, count, reason}`; a line `{index, total}` at the start
    stands for those up to `index` that were told and forgotten. A damaged line is skipped: the spool
    finds the gap again when it opens.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._drops: list[tuple[int, Drop]] = []
        self._index = 0
        self.total = 0
        for line in (durable.read_small(path, MAX_BYTES) or b"").split(b"\n"):
            self._recall(durable.unseal(line) or {})

    def _recall(self, entry: dict[str, Any]) -> None:
        with contextlib.suppress(KeyError, TypeError, ValueError):
            self._index = max(self._index, int(entry["index"]))
            if "total" in entry:
                self.total = int(entry["total"])
                return
            drop = Drop(int(entry["first"]), int(entry["last"]), int(entry["count"]), str(entry["reason"]))
            self._drops.append((int(entry["index"]), drop))
            self.total += drop.count

    @property
    def index(self) -> int:
        """The index of the latest drop, 0 when there was none."""
        return self._index

    @property
    def last_seq(self) -> int:
        """The highest sequence number any remembered drop covers."""
        return max((drop.last_seq for _, drop in self._drops), default=0)

    def add(self, drops: Sequence[Drop]) -> None:
        """Append `drops` and sync; on OSError nothing is remembered."""
        numbered = list(enumerate(drops, self._index + 1))
        lines = b"".join(_line(index, drop) for index, drop in numbered)
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | durable.BINARY, 0o600)
        try:
            before = os.lseek(fd, 0, os.SEEK_END)
            try:
                # A new line first: what a cut-off append left behind then spoils no line but its own.
                durable.write_all(fd, b"\n" + lines)
                durable.sync(fd)
            except OSError:
                os.ftruncate(fd, before)
                raise
        finally:
            os.close(fd)
        if before == 0:
            durable.sync_folder(self._path.parent)
        self._drops += numbered
        self._index += len(numbered)
        self.total += sum(drop.count for drop in drops)

    def pending(self, told: int) -> tuple[tuple[int, Drop], ...]:
        """Return (index, drop) of the oldest `MAX_TOLD` drops after index `told`."""
        return tuple(islice((each for each in self._drops if each[0] > told), MAX_TOLD))

    def coverage(self) -> Coverage:
        """Return the set of sequence numbers dropped so far."""
        return Coverage(drop for _, drop in self._drops)

    def forget(self, told: int, acked: int) -> None:
        """Compact a long journal: leave out what was told and lies below the cursor."""
        if not self._path.exists() or self._path.stat().st_size < COMPACT_BYTES:
            return
        kept = [(index, drop) for index, drop in self._drops if index > told or drop.last_seq > acked]
        total = self.total - sum(drop.count for _, drop in kept)
        head = durable.seal({"index": kept[0][0] - 1 if kept else self._index, "total": total})
        durable.write_file(self._path, head + b"".join(_line(index, drop) for index, drop in kept))
        self._drops = kept


class Coverage:
    """A set of sequence numbers, kept as ranges."""

    def __init__(self, drops: Iterable[Drop]) -> None:
        self._ends: list[int] = []
        self._starts: list[int] = []
        for drop in sorted(drops, key=lambda each: each.first_seq):
            if self._ends and drop.first_seq <= self._ends[-1] + 1:
                self._ends[-1] = max(self._ends[-1], drop.last_seq)
            else:
                self._starts.append(drop.first_seq)
                self._ends.append(drop.last_seq)

    def __contains__(self, seq: int) -> bool:
        at = bisect_right(self._starts, seq) - 1
        return at >= 0 and seq <= self._ends[at]


def _line(index: int, drop: Drop) -> bytes:
    return durable.seal(
        {"index": index, "first": drop.first_seq, "last": drop.last_seq, "count": drop.count, "reason": drop.reason}
    )


def join(drops: Iterable[Drop]) -> list[Drop]:
    """Return `drops` with neighbouring ranges of one reason made one."""
    joined: list[Drop] = []
    for drop in drops:
        before = joined[-1] if joined else None
        if before and before.reason == drop.reason and before.last_seq + 1 == drop.first_seq:
            joined[-1] = Drop(before.first_seq, drop.last_seq, before.count + drop.count, drop.reason)
        else:
            joined.append(drop)
    return joined
