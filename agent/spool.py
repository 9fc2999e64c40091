"""What the agent has seen and the collector has not yet confirmed: an append-only log that survives anything.

An observation's number is fixed when `append` returns, and then the record is on the disk. Nothing leaves
but by `ack`, or through the drop journal, which is on the disk first. See `segment` for the layout.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import time
import zlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from agent import durable, quota, reopen, segment
from agent.drops import join
from agent.quota import Entry
from agent.tail import Tail, Unsynced, Unwritten
from wire.observation import MAX_OBSERVATION_BYTES, Drop, Envelope

log = logging.getLogger(__name__)

MAX_BYTES = 256 * 1024 * 1024
MAX_AGE_S = 30 * 86_400
SEGMENT_BYTES = 1024 * 1024
RESERVE_BYTES = 64 * 1024
Payload = bytes  # within the class `bytes` is its size
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class SpoolFull(Exception):
    """There is no room for another observation; nothing of it was kept."""


class SpoolBusy(Exception):
    """Another agent works on this spool."""


class SpoolFailed(Exception):
    """The disk did not take an observation; its number is spent."""


class Spool:
    """The log in one folder. Not for several threads; another process is kept out by a lock."""

    def __init__(self, folder: Path, max_bytes: int, max_age_s: float, clock: Callable[[], float]) -> None:
        self._folder, self._max_bytes, self._max_age_s, self._clock = folder, max_bytes, max_age_s, clock
        durable.make_folder(folder)
        try:
            self._lock = durable.lock(folder / "lock")
        except OSError as error:
            raise SpoolBusy(f"{folder} is used by another agent") from error
        found = reopen.reopen(folder)
        self.epoch = found.epoch
        self._journal, self._told, self._next = found.journal, found.told, found.next_seq
        self._time = quota.SpoolTime()
        self._waiting = {
            record.seq: Entry(record, path, self._time.at(record.wall_ms / 1000))
            for path, records in found.records.items()
            for record in records
        }
        self._sizes = {path: path.stat().st_size for path in found.records if path.exists()}
        self._carried: dict[int, int] = {}  # sequence number → index of the last drop its observation tells
        roll_bytes = max(4_096, min(SEGMENT_BYTES, max_bytes // 16))
        self._tail = Tail(folder, self.epoch, roll_bytes)
        self._delete_empty()
        self._keep_reserve()

    @classmethod
    def open(
        cls,
        folder: Path,
        max_bytes: int = MAX_BYTES,
        max_age_s: float = MAX_AGE_S,
        clock: Callable[[], float] = time.time,
    ) -> Spool:
        """Return the spool in `folder`, made if missing; raise `SpoolBusy` or OSError. `clock` gives Unix seconds."""
        return cls(folder, max_bytes, max_age_s, clock)

    def close(self) -> None:
        """Let go of the files; what was appended is on the disk already."""
        self._tail.seal()
        os.close(self._lock)

    # --- what it holds

    @property
    def depth(self) -> int:
        """Observations not yet acknowledged, count."""
        return len(self._waiting)

    @property
    def bytes(self) -> int:
        """Size of its segments, bytes."""
        return sum(self._sizes.values())

    @property
    def acked_through(self) -> int:
        """The highest sequence number up to which all are acknowledged or dropped."""
        return next(iter(self._waiting), self._next) - 1

    @property
    def dropped_total(self) -> int:
        """Observations dropped in this epoch, count."""
        return self._journal.total

    def pending_drops(self) -> tuple[Drop, ...]:
        """Return the drops the collector has not confirmed to know, oldest first, at most 1,000."""
        return tuple(drop for _, drop in self._journal.pending(self._told))

    # --- in

    def append(self, payload: Payload, superseding: bool = False, stream: int = 0, tells: int = 0) -> int:
        """Put `payload` on the disk and return its sequence number; raise `SpoolFull` or `SpoolFailed`.

        A `superseding` one makes the earlier superseding ones of its `stream` superfluous: they go first
        when room is needed. `tells` is how many of `pending_drops()` it carries.
        """
        if len(payload) > MAX_OBSERVATION_BYTES:
            raise ValueError(f"an observation of {len(payload)} bytes, at most {MAX_OBSERVATION_BYTES}")
        kind = 1 + stream if superseding else quota.EVENT
        carried = self._journal.pending(self._told)[:tells]
        self._make_room(len(payload), kind)
        try:
            seq = self._write(payload, kind)
        except SpoolFull:
            if not self._drop(quota.superseded(self._waiting, kind), "superseded"):
                raise
            seq = self._write(payload, kind)
        if carried:
            self._carried[seq] = carried[-1][0]
        return seq

    def _write(self, payload: Payload, kind: int) -> int:
        seq, wall_s = self._next, self._clock()
        record = segment.Record(seq, kind, int(wall_s * 1000), 0, len(payload), zlib.crc32(payload))
        try:
            path, offset, size = self._tail.append(seq, segment.encode_record(self.epoch, record, payload))
        except Unwritten as error:
            raise SpoolFull(str(error)) from error
        except Unsynced as error:
            self._next += 1
            with contextlib.suppress(SpoolFull):
                self._journal_drops([Drop(seq, seq, 1, "corrupt")])
            raise SpoolFailed(str(error)) from error
        self._next += 1
        self._sizes[path] = size
        record = replace(record, offset=offset + segment.RECORD.size)
        self._waiting[seq] = Entry(record, path, self._time.at(wall_s))
        return seq

    # --- out

    def peek(self, max_count: int = 500, max_bytes: int = 4 * 1024 * 1024) -> list[Envelope]:
        """Return the oldest waiting observations: at least one when there is any, else within both limits."""
        taken: list[Envelope] = []
        damaged: list[int] = []
        room = max_bytes
        for seq, entry in self._waiting.items():
            room -= entry.record.length
            if len(taken) >= max_count or (taken and room < 0):
                break
            payload = _read(entry)
            if payload is None:
                damaged.append(seq)
            else:
                taken.append(Envelope(seq, payload, entry.record.crc))
        for path in {self._waiting[seq].path for seq in damaged}:
            reopen.set_aside(path)
        self._give_up(damaged, "corrupt")
        return taken

    def ack(self, seqs: Iterable[int]) -> None:
        """Let go of observations the collector has on its disk; numbers that are not here are ignored."""
        known = [seq for seq in seqs if self._waiting.pop(seq, None)]
        self._told = max([self._told, *(self._carried.pop(seq, 0) for seq in known)])
        if not known:
            return
        try:
            self._with_reserve(self._write_cursor)
            self._delete_empty()
            self._journal.forget(self._told, self.acked_through)
        except OSError as error:  # nothing is deleted before the cursor is down; the next ack tries again
            log.warning("the spool could not be tidied", extra={"error": str(error)})

    def refuse(self, seq: int, reason: str) -> None:
        """Give up an observation the collector will never take."""
        log.warning("the collector refused an observation", extra={"seq": seq, "reason": reason[:300]})
        self._give_up([seq] if seq in self._waiting else [], "refused")

    def _give_up(self, seqs: list[int], reason: str) -> None:
        """Drop `seqs`; while the disk is too full to say so they stay and come up again."""
        with contextlib.suppress(SpoolFull):
            self._drop(seqs, reason)

    def _write_cursor(self) -> None:
        cursor = reopen.encode_cursor(self.epoch, self.acked_through, self._told, self._next)
        durable.write_file(self._folder / "cursor", cursor)

    def _delete_empty(self) -> None:
        """Unlink the segments none of whose records waits."""
        held = {entry.path for entry in self._waiting.values()}
        empty = [path for path in self._sizes if path not in held]
        for path in empty:
            if self._tail.path == path:
                self._tail.seal()
            path.unlink(missing_ok=True)
            del self._sizes[path]
        if empty:
            durable.sync_folder(self._folder)
            self._keep_reserve()

    # --- bounds

    def _make_room(self, length: int, kind: int) -> None:
        """Drop what is too old, then the superseded, then the oldest, until `length` bytes more fit."""
        size = segment.HEAD.size + segment.RECORD.size + length
        if size > self._max_bytes:
            raise SpoolFull(f"{size} bytes, the spool holds {self._max_bytes}")
        self._drop(quota.expired(self._waiting, self._time.at(self._clock()), self._max_age_s), "age")
        if (need := self.bytes + size - self._max_bytes) > 0:
            replaced = quota.superseded(self._waiting, kind)
            self._drop(list(quota.worth(self._waiting, replaced, need)), "superseded")
        if (need := self.bytes + size - self._max_bytes) > 0:
            self._drop(list(quota.worth(self._waiting, self._waiting, need)), "quota")

    def _drop(self, seqs: list[int], reason: str) -> bool:
        """Journal the loss, then free the space; return False when there was nothing to drop."""
        if not seqs:
            return False
        self._journal_drops(join(Drop(seq, seq, 1, reason) for seq in seqs))
        touched = {self._waiting.pop(seq).path for seq in seqs}
        for seq in seqs:
            self._carried.pop(seq, None)
        try:
            self._delete_empty()
            for path in touched & self._sizes.keys():
                self._shrink(path)
        except OSError as error:  # the journal holds; the space comes free another time
            log.warning("the spool could not be tidied", extra={"error": str(error)})
        return True

    def _journal_drops(self, drops: list[Drop]) -> None:
        try:
            self._with_reserve(lambda: self._journal.add(drops))
        except OSError as error:
            raise SpoolFull(f"no room for the drop record: {error.strerror}") from error

    def _shrink(self, path: Path) -> None:
        """Rewrite a segment without the records that no longer wait."""
        if self._tail.path == path:
            self._tail.seal()
        entries = [entry for entry in self._waiting.values() if entry.path == path]
        data = segment.encode(self.epoch, int(path.stem), path.read_bytes(), (each.record for each in entries))
        durable.write_file(path, data)
        self._sizes[path] = len(data)
        offset = segment.HEAD.size
        for entry in entries:
            entry.record = replace(entry.record, offset=offset + segment.RECORD.size)
            offset += entry.record.size

    # --- the reserve: a full disk must not stop the bookkeeping that empties it

    def _with_reserve(self, write: Callable[[], None]) -> None:
        """Run `write`; when the disk is full, give up the reserve and run it once more."""
        try:
            write()
        except OSError as error:
            reserve = self._folder / "reserve"
            if error.errno not in _NO_ROOM or not reserve.exists():
                raise
            reserve.unlink()
            write()

    def _keep_reserve(self) -> None:
        reserve = self._folder / "reserve"
        if not reserve.exists():
            with contextlib.suppress(OSError):
                durable.write_file(reserve, b"\0" * RESERVE_BYTES)


def _read(entry: Entry) -> bytes | None:
    """Return an observation as it was appended, or None when the disk no longer holds it so."""
    try:
        with entry.path.open("rb") as file:
            file.seek(entry.record.offset)
            payload = file.read(entry.record.length)
    except OSError:
        return None
    return payload if len(payload) == entry.record.length and zlib.crc32(payload) == entry.record.crc else None
