"""Which observations the spool gives up when they are too old or it is too full."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from agent.segment import Record

MAX_STEP_S = 86_400.0

EVENT = 0
"""The class of a record that nothing supersedes; any other class is superseded by its next record."""


@dataclass(slots=True)
class Entry:
    """A record that waits in the segment `path`. `age_at` is the spool time of its append, in seconds."""

    record: Record
    path: Path
    age_at: float


Waiting = Mapping[int, Entry]
"""Sequence number → what waits, oldest first."""


class SpoolTime:
    """The wall clock without its jumps: no step counts for more than a day or goes back, in seconds.

    Ages are told in it, so a machine that wakes up ten years in the future loses nothing.
    """

    def __init__(self) -> None:
        self._time, self._wall = 0.0, 0.0

    def at(self, wall_s: float) -> float:
        """Return the spool time at Unix time `wall_s`, later than any asked before."""
        step = wall_s - self._wall if self._wall else 0.0
        self._time += min(max(0.0, step), MAX_STEP_S)
        self._wall = wall_s
        return self._time


def expired(waiting: Waiting, now: float, max_age_s: float) -> list[int]:
    """Return the numbers of the records older than `max_age_s` at spool time `now`."""
    return list(takewhile(lambda seq: now - waiting[seq].age_at > max_age_s, waiting))


def superseded(waiting: Waiting, coming: int = EVENT) -> list[int]:
    """Return the records that a later one of their class, or one of class `coming` to be appended now, replaces."""
    latest = {entry.record.kind: seq for seq, entry in waiting.items()}
    latest.pop(coming, None)
    return [
        seq
        for seq, entry in waiting.items()
        if entry.record.kind != EVENT and latest.get(entry.record.kind) != seq
    ]  # fmt: skip


def worth(waiting: Waiting, candidates: Iterable[int], need: int) -> Iterator[int]:
    """Yield the first of `candidates` whose sizes in bytes come to `need`."""
    for seq in candidates:
        if need <= 0:
            return
        need -= waiting[seq].record.size
        yield seq
