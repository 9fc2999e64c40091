"""The chain of the audit log: each row seals itself and the one before, so that whatever is done to it later shows.

A row is vouched for by the one behind it, the last one by the head. What the database says of its own head can be
rewritten with everything else, so heads are also exported, signed, as anchors. Functions of values; no database.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from collector.store.audit import AuditRow, Mark

ORIGIN: Final = Mark(0, bytes(32), 0)
"""Where every chain begins."""
CUT: Final = "audit.prune"
"""The act by which old rows are taken away: it says where the chain begins from then on."""
_CANONICAL: Final = json.JSONEncoder(separators=(",", ":"), default=repr).encode
"""`default`: whoever tampers may put bytes where a text was."""
CHANGED, MISSING, INSERTED, REWRITTEN = "changed", "missing", "inserted", "rewritten"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be appended; as in `AuditRow`."""

    at: int
    actor: str
    origin: str
    action: str
    object: str
    details: str


@dataclass(frozen=True, slots=True)
class Broken:
    """The first row that is not what was written.

    `how`: changed, missing, inserted; rewritten: this row or an earlier one, from `since` on, with all behind it.
    """

    seq: int
    how: str
    since: int


def linked(entries: Iterable[Entry], head: Mark) -> list[AuditRow]:
    """Return the rows that append `entries` to `head`. Time never runs backwards along a chain."""
    rows = []
    for each in entries:
        at = max(each.at, head.at)
        told = (each.actor, each.origin, each.action, each.object, each.details)
        digest = _digest(head.seq + 1, at, told, head.hash)
        rows.append(AuditRow(head.seq + 1, at, *told, head.hash, digest))
        head = Mark(head.seq + 1, digest, at)
    return rows


def _digest(seq: int, at: int, told: tuple[str, ...], prev: bytes) -> bytes:
    """SHA-256 over the hash before and the row as canonical JSON: one spelling, every part within its quotes."""
    return hashlib.sha256(prev + _CANONICAL([seq, at, *told]).encode("ascii")).digest()


def _fits(row: AuditRow, seq: int) -> bool:
    """Return whether a row is what its own hash says, were it number `seq`."""
    told = (row.actor, row.origin, row.action, row.object, row.details)
    return isinstance(row.prev, bytes) and _digest(seq, row.at, told, row.prev) == row.hash


@dataclass(slots=True)
class Check:
    """Reads a chain from `start` on, row by row: `take` each, then `end`; `broken` is the first that is wrong.

    `anchors`: hashes by number that were kept elsewhere. A row is judged when the next one is there to vouch for it.
    """

    start: Mark
    anchors: Mapping[int, bytes] = field(default_factory=dict)
    broken: Broken | None = None
    last: Mark = ORIGIN
    sure: int = 0
    """Up to this row anchors agree."""
    _waiting: AuditRow | None = None
    _is_cut: bool = False

    def __post_init__(self) -> None:
        self.last, self._is_cut = self.start, self.start.seq > 0
        self._compare(self.start)

    def take(self, row: AuditRow) -> None:
        self._judge(row.prev)
        self._waiting = row

    def end(self, head: Mark) -> Broken | None:
        """Hold what was read against the head and the anchors behind it; return what is broken first."""
        self._judge(head.hash)
        if not self.broken and (self.last.seq, self.last.hash) != (head.seq, head.hash):
            self.broken = self._against(head)
        if not self.broken and any(seq > self.last.seq for seq in self.anchors):
            self._break(self.last.seq + 1, MISSING)
        if not self.broken and self._is_cut:  # nobody has said that what stood before was taken away
            self._break(self.start.seq, MISSING)
        return self.broken

    def _against(self, head: Mark) -> Broken:
        if self.last.seq == head.seq:
            return Broken(head.seq, CHANGED, head.seq)
        seq, how = (self.last.seq, MISSING) if self.last.seq < head.seq else (head.seq, INSERTED)
        return Broken(seq + 1, how, seq + 1)

    def _judge(self, vouched: bytes) -> None:
        """Judge the row that waits; `vouched`: its hash, as what stands behind it remembers."""
        row, before = self._waiting, self.last
        self._waiting = None
        if row is None or self.broken:
            return
        if row.seq != before.seq + 1:
            stands_before = isinstance(row.seq, int) and row.seq <= before.seq
            self._break(row.seq if stands_before else before.seq + 1, INSERTED if stands_before else MISSING)
        elif not _fits(row, row.seq):
            # A row that fits one number lower was pushed up by one that was put in before it.
            pushed = row.prev != before.hash and _fits(row, row.seq - 1)
            self._break(before.seq if pushed else row.seq, INSERTED if pushed else CHANGED)
        elif row.prev != before.hash:
            genuine = row.hash == vouched and before.seq > self.start.seq
            self._break(before.seq if genuine else row.seq, CHANGED)
        else:
            self.last = Mark(row.seq, row.hash, row.at)
            self._compare(self.last)
            if row.action == CUT and _cut_at(row.details) == cut(self.start):
                self._is_cut = False

    def _compare(self, place: Mark) -> None:
        kept = self.anchors.get(place.seq)
        if kept is None:
            return
        if kept == place.hash:
            self.sure = place.seq
        elif not self.broken:
            self.broken = Broken(place.seq, REWRITTEN, self.sure + 1)

    def _break(self, seq: int, how: str) -> None:
        self.broken = Broken(seq, how, seq)


def cut(start: Mark) -> dict[str, object]:
    """Return what the act `CUT` tells of the place where the chain begins from then on."""
    return {"last": start.seq, "hash": start.hash.hex()}


def _cut_at(details: str) -> dict[str, object] | None:
    try:
        told = json.loads(details)["after"]
        return {name: told[name] for name in ("last", "hash")}
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
