"""What may never happen, counted: compares what agents were promised with what is on the disks.

Of one agent and spool epoch: O appended (`append` returned), K acknowledged, D dropped and on record, S waiting in
the spool, C stored by the collector, T attempted.

    lost           O − (C ∪ D ∪ S)    nobody has it any more
    acked_missing  K − (C ∪ D)        promised, and not there
    duplicated     stored more than once
    unexpected     C − T, or other bytes under the number that was appended
    gaps           numbers missing between the first and the last of C, beyond D and S
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path

from agent.spool import Spool


@dataclass
class Counters:
    """The first six must be 0; the rest says how much there was to lose."""

    lost: int = 0
    duplicated: int = 0
    acked_missing: int = 0
    unexpected: int = 0
    gaps: int = 0
    effects_diff: int = 0
    appended: int = 0
    stored: int = 0
    resent: int = 0
    recovered: int = 0

    @property
    def is_clean(self) -> bool:
        return not any((self.lost, self.duplicated, self.acked_missing, self.unexpected, self.gaps, self.effects_diff))

    def __str__(self) -> str:
        return ", ".join(f"{each.name} {getattr(self, each.name)}" for each in fields(self))


@dataclass
class Told:
    """What the marks of one agent and epoch say. `crcs` is by number, of appends that returned."""

    tried: set[int] = field(default_factory=set)
    crcs: dict[int, int] = field(default_factory=dict)
    acked: set[int] = field(default_factory=set)
    sent: Counter[int] = field(default_factory=Counter)


def told(marks: Path) -> dict[bytes, Told]:
    """Return epoch → what was promised. The last line may have been cut short by a kill, or there may be none yet."""
    found: dict[bytes, Told] = {}
    here = Told()
    for line in (marks.read_bytes() if marks.exists() else b"").splitlines(keepends=True):
        if not line.endswith(b"\n"):
            continue
        what, *words = line.split()
        if what == b"E":
            here = found.setdefault(bytes.fromhex(words[0].decode()), Told())
        elif what == b"T":
            here.tried.add(int(words[0]))
        elif what == b"A":
            here.crcs[int(words[0])] = int(words[1])
        elif what == b"K":
            here.acked.update(map(int, words))
        elif what == b"P":
            here.sent.update(range(int(words[0]), int(words[1]) + 1))
    return found


@dataclass(frozen=True)
class Kept:
    """What the spool of a stopped agent holds and has on record as dropped."""

    epoch: bytes
    waiting: frozenset[int]
    dropped: frozenset[int]


def kept(spool: Path) -> Kept:
    """Open a copy of `spool`, as its agent's next start would."""
    with tempfile.TemporaryDirectory(prefix="muster-spool-") as scratch:
        copy = Path(shutil.copytree(spool, Path(scratch) / "spool"))
        opened = Spool.open(copy)
        waiting = frozenset(each.seq for each in opened.peek(1_000_000, 1 << 40))
        dropped = frozenset(seq for drop in opened.pending_drops() for seq in range(drop.first_seq, drop.last_seq + 1))
        opened.close()
        return Kept(opened.epoch, waiting, dropped)


class Log:
    """The collector's ingest log, read again and again; the bytes of a row are looked at once."""

    def __init__(self) -> None:
        self._seen = 0
        self._crcs: dict[int, int] = {}

    def rows(self, database: sqlite3.Connection, uid: str, epoch: bytes) -> dict[int, list[int]]:
        """Return number → CRC-32 of each row of that number."""
        for row_id, payload in database.execute("SELECT id, payload FROM observation WHERE id > ?", (self._seen,)):
            self._crcs[row_id] = zlib.crc32(payload)
        self._seen = max(self._crcs, default=0)
        found: dict[int, list[int]] = {}
        query = (
            "SELECT o.seq, o.id FROM observation o JOIN agent a ON a.id = o.agent_id WHERE a.uid = ? AND o.epoch = ?"
        )
        for seq, row_id in database.execute(query, (uid, epoch)):
            found.setdefault(seq, []).append(self._crcs[row_id])
        return found


def count(log: Log, database: sqlite3.Connection, uid: str, state: Path) -> Counters:
    """Return the counters of one stopped agent against the collector's database."""
    total, promises = Counters(), told(state / "marks")
    if not promises:
        return total  # killed before it could open its spool
    spool = kept(state / "spool")
    for epoch, promised in promises.items():
        here = spool if epoch == spool.epoch else Kept(epoch, frozenset(), frozenset())
        dropped = here.dropped | _dropped(database, uid, epoch)
        add(total, _compare(promised, log.rows(database, uid, epoch), here.waiting, dropped))
    return total


def _compare(promised: Told, rows: dict[int, list[int]], waiting: frozenset[int], dropped: frozenset[int]) -> Counters:
    stored, appended = rows.keys(), promised.crcs.keys()
    accounted = stored | dropped | waiting
    others = [seq for seq, crcs in rows.items() if any(not _expected(promised, seq, crc) for crc in crcs)]
    return Counters(
        lost=len(appended - accounted),
        duplicated=sum(1 for crcs in rows.values() if len(crcs) > 1),
        acked_missing=len(promised.acked - stored - dropped),
        unexpected=len(others),
        gaps=len(set(range(1, max(stored, default=0) + 1)) - accounted),
        appended=len(appended),
        stored=len(stored),
        resent=sum(1 for times in promised.sent.values() if times > 1),
        recovered=len(stored - appended),
    )


def _expected(promised: Told, seq: int, crc: int) -> bool:
    return crc in promised.tried and promised.crcs.get(seq, crc) == crc


def _dropped(database: sqlite3.Connection, uid: str, epoch: bytes) -> frozenset[int]:
    query = (
        "SELECT d.first_seq, d.last_seq FROM drop_record d JOIN agent a ON a.id = d.agent_id "
        "WHERE a.uid = ? AND d.epoch = ?"
    )
    return frozenset(_numbers(database.execute(query, (uid, epoch))))


def _numbers(ranges: sqlite3.Cursor) -> Iterator[int]:
    for first, last in ranges:
        yield from range(first, last + 1)


def add(total: Counters, more: Counters) -> None:
    for each in fields(Counters):
        setattr(total, each.name, getattr(total, each.name) + getattr(more, each.name))
