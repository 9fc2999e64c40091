"""Many events that are alike become one row with a count: a storm ends as a few rows, and nothing grows without bound.

What is new is told after a moment, so that a burst comes as one. While more like it keep coming they are counted, and
told again after ever longer pauses.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from discovery.receiver.heard import Heard

SETTLE_MS: Final = 1_000
QUIET_MS: Final = 5_000
LONGEST_QUIET_MS: Final = 300_000
MOST_OF_ONE: Final = 200
"""Folds that are open for one address; what does not fit is counted as dropped there."""
MOST: Final = 20_000
"""Folds that are open in all."""

Row = dict[str, Any]
Key = tuple[str, ...]


@dataclass(slots=True)
class Fold:
    """Those alike since the last row was told. Times in epoch ms; `quiet`: the pause after the next row."""

    heard: Heard
    at: int
    until: int
    count: int
    due: int
    quiet: int = QUIET_MS


class Folds:
    """What was heard and not told yet, by address."""

    def __init__(self) -> None:
        self._open: dict[Key, Fold] = {}
        self._of_one = Counter[str]()
        self._number = 0

    def __len__(self) -> int:
        return len(self._open)

    def add(self, address: str, heard: Heard, now: int) -> bool:
        """Take one in; False when there is no room, not even to count it with its address."""
        key = _key(address, heard)
        fold = self._open.get(key)
        if fold is None:
            return self._begin(key, address, heard, now)
        if not fold.count:
            fold.at = now
        fold.until, fold.count = now, fold.count + 1
        return True

    def dropped(self, address: str, now: int) -> bool:
        """Count one of this address that was not read."""
        return self.add(address, DROPPED, now)

    def _begin(self, key: Key, address: str, heard: Heard, now: int) -> bool:
        if len(self._open) >= MOST:
            return False
        if heard is not DROPPED and self._of_one[address] >= MOST_OF_ONE:
            self.dropped(address, now)
            return False
        self._open[key] = Fold(heard, now, now, 1, now + SETTLE_MS)
        self._of_one[address] += 1
        return True

    def due(self, now: int, at_once: bool = False) -> dict[str, list[Row]]:
        """Return the rows that are to be told now, by address; all there are when `at_once`."""
        told: defaultdict[str, list[Row]] = defaultdict(list)
        over = []
        for key, fold in self._open.items():
            if fold.due > now and not at_once:
                continue
            if not fold.count:
                over.append(key)
                continue
            told[key[0]].append(self._row(fold))
            fold.count, fold.due, fold.quiet = 0, now + fold.quiet, min(2 * fold.quiet, LONGEST_QUIET_MS)
        for key in over:
            self._end(key)
        return told

    def _end(self, key: Key) -> None:
        del self._open[key]
        self._of_one[key[0]] -= 1
        if not self._of_one[key[0]]:
            del self._of_one[key[0]]

    def _row(self, fold: Fold) -> Row:
        """Return a fold as a row of the section `events`."""
        self._number += 1
        heard = fold.heard
        said = {
            "kind": heard.kind, "severity": heard.severity, "object": heard.object, "actor": heard.actor,
            "origin": heard.origin, "message": heard.message, "source": heard.source, "oid": heard.oid,
        }  # fmt: skip
        return {
            "at": moment(fold.at), "number": self._number, "until": moment(fold.until), "count": fold.count,
            "authentic": heard.authentic, **{name: value for name, value in said.items() if value},
        }  # fmt: skip


DROPPED: Final = Heard("events_dropped", "warning", source="receiver")


def _key(address: str, heard: Heard) -> Key:
    """Return what is equal for two that are folded into one."""
    return (
        address, heard.kind, heard.object, heard.actor, heard.origin, heard.source, heard.oid, heard.fold,
        "authentic" if heard.authentic else "",
    )  # fmt: skip


def moment(ms: int) -> str:
    """Return RFC 3339 in UTC, to the millisecond."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
