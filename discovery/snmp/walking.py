"""A walk, without its traffic: what to ask next, and what an answer adds.

Guards: an identifier that does not increase ends it, so does a row beyond the budget, and an answer with nothing in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from discovery.asking import Index, Value
from discovery.failures import Failed
from discovery.snmp.ber import SHORT, Malformed, index, oid_text
from discovery.snmp.message import (
    AUTHORIZATION_ERROR,
    GENERAL_ERROR,
    NO_SUCH_NAME,
    STATUS_NAMES,
    TOO_BIG,
    Pdu,
)
from discovery.snmp.variables import NO_SUCH_OBJECT, Binding

START_REPETITIONS = 10
MOST_REPETITIONS = 50
STEADY_FACTOR = 4
STEADY_S = 0.2
"""Repetitions grow while a round trip takes less than this, or than so many times the shortest one."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What one walk may cost: seconds of wall clock, octets of names and values; its rows are said with the walk."""

    seconds: float = 60.0
    octets: int = 16 << 20


class Column:
    """One subtree being walked; `values` by what follows its identifier, in order; `count` of all that were taken."""

    __slots__ = ("at", "count", "ended", "last", "root", "values")

    def __init__(self, root: bytes) -> None:
        self.root, self.last = root, root
        self.at: Index = ()
        self.count = 0
        self.ended = False
        self.values: dict[Index, Value] = {}

    def take(self, bindings: Sequence[Binding]) -> int:
        """Add variables as far as the subtree goes, and return how many. Raises Failed where one is out of order."""
        root, size, at, values, taken = self.root, len(self.root), self.at, self.values, 0
        try:
            for name, tag, value in bindings:
                if tag >= NO_SUCH_OBJECT or not name.startswith(root):
                    self._end(name, tag, bindings[taken - 1][0] if taken else self.last)
                    break
                below = name[size:]
                where = SHORT.get(below) or index(below)
                if where <= at:
                    raise _circle(name)
                at = where
                taken += 1
                if value is not None:
                    values[where] = value
        finally:
            if taken:
                self.at, self.last = at, bindings[taken - 1][0]
                self.count += taken
        return taken

    def _end(self, name: bytes, tag: int, last: bytes) -> None:
        """End at a variable beyond the subtree. Raises Failed when it does not come after the last one."""
        self.ended = True
        if tag < NO_SUCH_OBJECT and index(name) < index(last):
            raise _circle(name)


def _circle(name: bytes) -> Failed:
    return Failed("oid_not_increasing", oid_text(name))


class Repetitions:
    """How many rows to ask for at once: more while answers come steadily, fewer after trouble."""

    __slots__ = ("_shortest", "most", "now")

    def __init__(self, most: int = MOST_REPETITIONS) -> None:
        self.now, self.most = min(START_REPETITIONS, most), most
        self._shortest = float("inf")

    def steady(self, rtt: float) -> None:
        """An answer took `rtt` seconds."""
        self._shortest = min(self._shortest, rtt)
        if rtt <= max(STEADY_S, STEADY_FACTOR * self._shortest):
            self.now = min(self.most, self.now * 2)
        else:
            self.now = max(1, self.now // 2)

    def trouble(self) -> None:
        """An answer did not come, or did not fit: what was asked is not asked again."""
        self.now = self.most = max(1, self.now // 2)


class Walking:
    """Columns walked together. `bulk`: with GETBULK, else GETNEXT. `failure`: the cause why it is not complete."""

    def __init__(self, columns: Sequence[Column], rows: int, octets: int, bulk: bool = True) -> None:
        self.columns, self.rows = columns, rows
        self.bulk, self.repetitions = bulk, Repetitions()
        self.failure: Failed | None = None
        self._octets, self._width = octets, len(columns)
        self._asked: list[Column] = []

    def next(self) -> list[bytes]:
        """Return after which identifiers to ask; none when the walk is over."""
        self._asked = [] if self.failure else [each for each in self.columns if not each.ended][: self._width]
        return [each.last for each in self._asked]

    def rows_wanted(self) -> int:
        """Return how many repetitions to ask for: one more than the budget has left says whether there is more."""
        return min(self.repetitions.now, self.rows - min(each.count for each in self._asked) + 1)

    def take(self, pdu: Pdu, rtt: float) -> int:
        """Add an answer, and return how many of its variables belong to the walk."""
        try:
            if pdu.status:
                self._refused(pdu)
                return 0
            self.repetitions.steady(rtt)
            taken = self._add(pdu.bindings)
            self._spend(pdu.octets)
        except Failed as failed:
            self.failure = failed
            return 0
        return taken

    def _add(self, bindings: list[Binding]) -> int:
        if not bindings:
            raise Malformed("an answer without variables")
        width = len(self._asked)
        return sum(column.take(bindings[at::width]) for at, column in enumerate(self._asked))

    def _spend(self, octets: int) -> None:
        """Account for a page. Raises Failed when the walk has had its rows or octets, without what is too much."""
        self._octets -= octets
        for column in self._asked:
            while len(column.values) > self.rows:
                column.values.popitem()
        if any(column.count > self.rows for column in self._asked):
            raise Failed("budget", f"more than {self.rows} rows")
        if self._octets < 0:
            raise Failed("budget", "more octets than allowed")

    def _refused(self, pdu: Pdu) -> None:
        """Take an error-status: the end for v1, else ask for less. Raises Failed when there is no less."""
        if pdu.status == NO_SUCH_NAME and 1 <= pdu.position <= len(self._asked):
            self._asked[pdu.position - 1].ended = True
        elif pdu.status in (TOO_BIG, GENERAL_ERROR) and self._less():
            return
        else:
            raise refusal(pdu, self._asked[pdu.position - 1].last if pdu.position <= len(self._asked) else b"")

    def _less(self) -> bool:
        """Ask for fewer rows from now on, then for fewer columns; False when it is one of one already."""
        if self.bulk and self.repetitions.now > 1:
            self.repetitions.trouble()
            return True
        narrower, self._width = len(self._asked) > 1, max(1, len(self._asked) // 2)
        return narrower


def refusal(pdu: Pdu, oid: bytes) -> Failed:
    """Return what an error-status means; it was about `oid`."""
    name = STATUS_NAMES[pdu.status] if 0 <= pdu.status < len(STATUS_NAMES) else f"error-status {pdu.status}"
    cause = {TOO_BIG: "too_big", AUTHORIZATION_ERROR: "authorization"}.get(pdu.status, "error_status")
    return Failed(cause, f"{name} at {oid_text(oid)}")
