"""What a spool left on the disk: read back, gaps accounted for, damage set aside. Nothing here is fatal."""

from __future__ import annotations

import contextlib
import logging
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count, islice, pairwise
from pathlib import Path
from typing import Any

from agent import durable, segment
from agent.drops import Coverage, DropJournal, join
from wire.observation import Drop

log = logging.getLogger(__name__)

EPOCH_BYTES = 16
MAX_SEGMENT = 64 * 1024 * 1024
KEPT_DAMAGED = 8


@dataclass(slots=True)
class Remains:
    """A spool as it was found: what `Spool` goes on from."""

    epoch: bytes
    journal: DropJournal
    acked: int = 0
    told: int = 0
    next_seq: int = 1
    records: dict[Path, list[segment.Record]] = field(default_factory=dict)


@dataclass(slots=True)
class _Found:
    """One segment file and its scan."""

    path: Path
    scan: segment.Scan


def reopen(folder: Path) -> Remains:
    """Return what `folder` holds, starting a new epoch where none can be known; raise OSError when it cannot write."""
    cursor = durable.unseal(durable.read_small(folder / "cursor") or b"") or {}
    paths = sorted(folder.glob("*.seg"))
    epoch = _epoch(folder, cursor, paths)
    found = [each for path in paths if (each := _look(path, epoch)) is not None]
    for each, after in pairwise(found):
        each.scan.end_before(int(after.path.stem))
    remains = Remains(epoch, DropJournal(folder / "drops"))
    if cursor.get("epoch") == epoch.hex():
        remains.acked, remains.told, remains.next_seq = (int(cursor[name]) for name in ("acked", "told", "next"))
    else:
        remains.acked = min((int(each.path.stem) for each in found), default=1) - 1
    dropped = remains.journal.coverage()
    for each in found:
        _pass_over(each.scan, dropped)
    reached = [each.scan.reached for each in found]
    remains.next_seq = max(remains.next_seq, 1 + max(remains.acked, remains.journal.last_seq, *reached))
    _account(remains, found)  # on the disk before any damaged byte is touched
    for each in found:
        remains.records[each.path] = _mend(each, epoch)
    _keep_order(remains)
    return remains


def encode_cursor(epoch: bytes, acked: int, told: int, next_seq: int) -> bytes:
    return durable.seal({"epoch": epoch.hex(), "acked": acked, "told": told, "next": next_seq})


def set_aside(path: Path) -> None:
    """Keep a damaged segment's bytes as `*.bad`, the newest few of them, for whoever wants to know what happened."""
    log.warning("a spool segment is damaged", extra={"segment": path.name})
    with contextlib.suppress(OSError):
        os.link(path, path.with_suffix(f".{os.urandom(3).hex()}.bad"))
        old = sorted(path.parent.glob("*.bad"), key=lambda each: each.stat().st_mtime)
        for each in old[:-KEPT_DAMAGED]:
            each.unlink()


def _epoch(folder: Path, cursor: dict[str, Any], paths: Iterable[Path]) -> bytes:
    """Return the epoch the files agree on, or a new one written down."""
    heads = [segment.epoch_of(_head(path)) for path in paths]
    votes = Counter(each for each in heads if each is not None)
    if cursor:
        votes[bytes.fromhex(cursor["epoch"])] += 1
    written = durable.read_small(folder / "epoch")
    if written in votes:
        return bytes(written)  # type: ignore[arg-type]  # None is no key
    if not votes:
        return _begin(folder)
    epoch = votes.most_common(1)[0][0]
    durable.write_file(folder / "epoch", epoch)
    return epoch


def _begin(folder: Path) -> bytes:
    """Start a new epoch; the drops of another one say nothing about its numbers."""
    epoch = os.urandom(EPOCH_BYTES)
    (folder / "drops").unlink(missing_ok=True)
    durable.write_file(folder / "epoch", epoch)
    durable.write_file(folder / "cursor", encode_cursor(epoch, 0, 0, 1))
    return epoch


def _head(path: Path) -> bytes:
    with contextlib.suppress(OSError), path.open("rb") as file:
        return file.read(segment.HEAD.size)
    return b""


def _look(path: Path, epoch: bytes) -> _Found | None:
    """Return the scan of one segment; one that is another spool's is moved out of the way."""
    data = durable.read_small(path, MAX_SEGMENT)
    if not path.stem.isdigit() or segment.epoch_of(data or b"") not in (None, epoch):
        os.replace(path, path.with_suffix(".foreign.bad"))
        return None
    first_seq = int(path.stem)
    if data is not None:
        return _Found(path, segment.scan(data, epoch, first_seq))
    most = max(1, path.stat().st_size // segment.RECORD.size)
    lost = range(first_seq, first_seq + most)
    return _Found(path, segment.Scan(is_damaged=True, reached=lost[-1], uncounted=lost))


def _pass_over(scan: segment.Scan, dropped: Coverage) -> None:
    """Let the numbers a damaged end may have held be none of the dropped ones, whose records are taken out of files."""
    fit = (seq for seq in count(scan.uncounted.start) if seq not in dropped)
    spent = list(islice(fit, len(scan.uncounted)))
    if spent:
        scan.uncounted = range(spent[0], spent[-1] + 1)
        scan.reached = spent[-1]


def _account(remains: Remains, found: list[_Found]) -> None:
    """Journal every number given out and neither here, acknowledged nor already journalled."""
    held = {record.seq for each in found for record in each.scan.records}
    dropped = remains.journal.coverage()
    missing = [
        Drop(seq, seq, _count(seq, found), "corrupt")
        for seq in range(remains.acked + 1, remains.next_seq)
        if seq not in held and seq not in dropped
    ]
    if missing:
        remains.journal.add(join(missing))


def _count(seq: int, found: list[_Found]) -> int:
    """Return 1, and 0 for a number that only may have been given out; the first of those stands for all."""
    return int(not any(seq in each.scan.uncounted[1:] for each in found))


def _mend(found: _Found, epoch: bytes) -> list[segment.Record]:
    """Leave only whole records in the file, and return them."""
    path, scan = found.path, found.scan
    if scan.is_damaged:
        set_aside(path)
    try:
        if not scan.records:
            path.unlink(missing_ok=True)
        elif scan.is_damaged:
            first_seq = int(path.stem)
            durable.write_file(path, segment.encode(epoch, first_seq, path.read_bytes(), scan.records))
            return segment.scan(path.read_bytes(), epoch, first_seq).records
        elif scan.torn_at is not None:
            _truncate(path, scan.torn_at)
    except OSError as error:  # no room to mend: what is whole is served from where it is
        log.warning("a spool segment stays as it is", extra={"segment": path.name, "error": str(error)})
    return scan.records


def _truncate(path: Path, size: int) -> None:
    fd = os.open(path, os.O_RDWR | durable.BINARY)
    try:
        os.ftruncate(fd, size)
        durable.sync(fd)
    finally:
        os.close(fd)


def _keep_order(remains: Remains) -> None:
    """Leave out what is acknowledged, dropped or there twice; what remains is in order of its number."""
    dropped = remains.journal.coverage()
    last = remains.acked
    for path in sorted(remains.records):
        fresh = []
        for record in remains.records[path]:
            if record.seq > last and record.seq not in dropped:
                fresh.append(record)
                last = record.seq
        remains.records[path] = fresh
