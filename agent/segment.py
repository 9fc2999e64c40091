"""One file of the spool: its layout, and how to read it when part of it is damaged.

    file    head, record …
    head    magic, epoch (16 bytes), first sequence number, CRC-32 of these
    record  magic, CRC-32 of the payload, sequence number, class, length, wall clock in ms, CRC-32 of these, payload

All numbers are little-endian. The header sum of a record starts from the epoch, which only the agent
knows: bytes inside a payload can never pass for a record, whoever wrote the strings in it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field

HEAD_MAGIC = b"MUS1"
RECORD_MAGIC = b"\x9dREC"
HEAD = struct.Struct("<4s16sQI")
RECORD = struct.Struct("<4sIQBIqI")
SUM_BYTES = 4


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a segment; `offset` is where its payload starts, `wall_ms` when it was appended."""

    seq: int
    kind: int
    wall_ms: int
    offset: int
    length: int
    crc: int

    @property
    def size(self) -> int:
        """Bytes of the whole record in the file."""
        return RECORD.size + self.length


@dataclass(slots=True)
class Scan:
    """What is left of a segment. `torn_at` is where an append was cut off that never returned."""

    records: list[Record] = field(default_factory=list)
    is_damaged: bool = False
    torn_at: int | None = None
    reached: int = 0
    """The highest sequence number that may ever have been given out here, damage included."""
    uncounted: range = range(0)
    """Numbers of which at least one, nobody knows how many, stood in a damaged end."""

    def end_before(self, first_seq: int) -> None:
        """Take note that the next segment starts at `first_seq`: then the damage is counted exactly."""
        self.reached = min(self.reached, first_seq - 1)
        self.uncounted = range(0)


def encode_head(epoch: bytes, first_seq: int) -> bytes:
    head = HEAD.pack(HEAD_MAGIC, epoch, first_seq, 0)[:-SUM_BYTES]
    return head + struct.pack("<I", zlib.crc32(head))


def epoch_of(data: bytes) -> bytes | None:
    """Return the epoch in the head of a segment, or None when the head is damaged."""
    if len(data) < HEAD.size:
        return None
    magic, epoch, _, total = HEAD.unpack_from(data)
    intact = magic == HEAD_MAGIC and zlib.crc32(data[: HEAD.size - SUM_BYTES]) == total
    return bytes(epoch) if intact else None


def encode_record(epoch: bytes, record: Record, payload: bytes) -> bytes:
    """Return `payload` behind the header that `record` describes; its offset is not part of it."""
    fields = record.crc, record.seq, record.kind, record.length, record.wall_ms, 0
    head = RECORD.pack(RECORD_MAGIC, *fields)[:-SUM_BYTES]
    return head + struct.pack("<I", zlib.crc32(head, zlib.crc32(epoch))) + payload


def encode(epoch: bytes, first_seq: int, data: bytes, records: Iterable[Record]) -> bytes:
    """Return a whole segment that holds `records` of the segment `data`, copied as they are."""
    parts = (data[each.offset - RECORD.size : each.offset + each.length] for each in records)
    return encode_head(epoch, first_seq) + b"".join(parts)


def scan(data: bytes, epoch: bytes, first_seq: int) -> Scan:
    """Return every intact record of a segment, in order, and what is known of the damage between them."""
    found = Scan(reached=first_seq - 1)
    at = HEAD.size
    if epoch_of(data) is None:
        if len(data) < HEAD.size:
            found.torn_at = 0
            return found
        found.is_damaged, at = True, 0
    while at < len(data):
        at = _step(data, epoch, at, found)
    return found


def _step(data: bytes, epoch: bytes, at: int, found: Scan) -> int:
    """Take one record, or what stands in its place, into `found`; return where the next one starts."""
    record = _header_at(data, epoch, at)
    if record is None:
        return _resume(data, epoch, at, found)
    end = record.offset + record.length
    if end > len(data):
        found.torn_at = at  # the file ends first: the append was cut off, its number was never given out
        return len(data)
    found.reached = max(found.reached, record.seq)
    if zlib.crc32(data[record.offset : end]) == record.crc:
        found.records.append(record)
    else:
        found.is_damaged = True
    return end


def _resume(data: bytes, epoch: bytes, at: int, found: Scan) -> int:
    """Return where the next intact header after damage at `at` starts, or the end."""
    left = len(data) - at
    if left < RECORD.size:
        found.torn_at = at
        return len(data)
    found.is_damaged = True
    candidate = data.find(RECORD_MAGIC, at + 1)
    while candidate >= 0:
        if _header_at(data, epoch, candidate) is not None:
            return candidate
        candidate = data.find(RECORD_MAGIC, candidate + 1)
    # No number that may have been sent is ever used twice, so all that fit in there are spent.
    found.uncounted = range(found.reached + 1, found.reached + 1 + left // RECORD.size)
    found.reached = found.uncounted[-1]
    return len(data)


def _header_at(data: bytes, epoch: bytes, at: int) -> Record | None:
    if len(data) - at < RECORD.size:
        return None
    magic, crc, seq, kind, length, wall_ms, total = RECORD.unpack_from(data, at)
    head = data[at : at + RECORD.size - SUM_BYTES]
    if magic != RECORD_MAGIC or zlib.crc32(head, zlib.crc32(epoch)) != total:
        return None
    return Record(seq, kind, wall_ms, at + RECORD.size, length, crc)
