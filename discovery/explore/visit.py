"""One exploration of one device: what is known of it, what it is asked, what was found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from discovery.asking import Answer, Ask, Get, Index, Script, Value, Walk
from discovery.device import AT_ONCE, Device
from discovery.explore.findings import Findings
from discovery.explore.ports import Ports
from discovery.explore.stamps import Stamps
from discovery.explore.tables import NOTHING, Column, Memory, Tables
from discovery.explore.values import Decode, words
from discovery.failures import Failed
from discovery.identify import Identified

SILENT: Final = frozenset({"timeout", "no_answer"})

Scalars = Mapping[str, str | tuple[str, Decode]]
"""Field → OID of the instance, and what reads it; an OID alone is read as `words`."""

Fields = Mapping[str, tuple[int, Decode] | int]
"""Field → column number and what reads it; a number alone is read as `words`."""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of one table by the OID of its row object; at most `rows` rows are read."""

    entry: str
    fields: Fields
    rows: int = 5000


@dataclass(frozen=True, slots=True)
class Rows:
    """What a table told: index → field → value, in the order of the indexes; `failure` as in `asking.Answer`."""

    rows: Mapping[Index, dict[str, Any]]
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """What the sweep passes in.

    `address`: where the device was reached. `now`: seconds since 1970. `tables`, `stamps`: of the last exploration;
    without them everything is walked.
    `leave_out`: families not to run now; a section one of them adds to is not told. `families.ALWAYS` run all the same.
    """

    address: str | None = None
    now: float | None = None
    tables: Tables = NOTHING
    stamps: Mapping[str, float] = field(default_factory=dict)
    leave_out: frozenset[str] = frozenset()


@dataclass(slots=True)
class Visit:
    """The state that families share. `silent`: why nothing more is asked, once the device fell silent."""

    identified: Identified
    device: Device
    profile: Profile
    stamps: Stamps
    memory: Memory
    findings: Findings = field(default_factory=Findings)
    ports: Ports = field(default_factory=Ports)
    parts: dict[int, str] = field(default_factory=dict)
    silent: str | None = None

    def rows(self, table: Table, context: str = "") -> Script[Rows]:
        """Read a table; fields that say nothing are left out, rows in which none does too."""
        number = {name: each if isinstance(each, int) else each[0] for name, each in table.fields.items()}
        decode = {name: words if isinstance(each, int) else each[1] for name, each in table.fields.items()}
        columns = {name: f"{table.entry}.{at}" for name, at in number.items()}
        answer = yield from self._walk(Walk(tuple(dict.fromkeys(columns.values())), table.rows, context))
        found: dict[Index, dict[str, Any]] = {}
        for name, column in columns.items():
            read = decode[name]
            for index, value in answer.columns.get(column, {}).items():
                told = read(value)
                if told is not None:
                    found.setdefault(index, {})[name] = told
        return Rows(dict(sorted(found.items())), answer.failure)

    def column(
        self, oid: str, decode: Decode = words, wanted: bool = True
    ) -> Script[tuple[dict[Index, Any], str | None]]:
        """Read one column, when it is wanted; return index → value, and why it is not complete."""
        if not wanted:
            return {}, None
        answer = yield from self._walk(Walk((oid,)))
        told = {index: decode(value) for index, value in answer.columns.get(oid, {}).items()}
        return {index: value for index, value in told.items() if value is not None}, answer.failure

    def values(self, oids: Scalars) -> Script[tuple[dict[str, Any], str | None]]:
        """Read instances: field → OID (and what reads it); return field → value, and why it is not all."""
        where = {name: each if isinstance(each, str) else each[0] for name, each in oids.items()}
        unknown = (oid for oid in dict.fromkeys(where.values()) if oid not in self.device.values)
        wanted = [oid for oid in unknown if not self.memory.is_absent(oid)]
        failure = None
        for at in range(0, len(wanted), AT_ONCE):
            some = tuple(wanted[at : at + AT_ONCE])
            answer = yield from self._ask(Get(some))
            self.memory.got(some, answer)
            failure = failure or answer.failure
            if not answer.failure:
                self.device.values.update({oid: answer.values.get(oid) for oid in some})
        return self._read(oids, where), failure

    def _read(self, oids: Scalars, where: Mapping[str, str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, oid in where.items():
            value, each = self.device.values.get(oid), oids[name]
            told = None if value is None else (words if isinstance(each, str) else each[1])(value)
            if told is not None:
                found[name] = told
        return found

    def _walk(self, walk: Walk) -> Script[Answer]:
        """Walk what is not known to stand as it stood. Where rows do not meet those that are kept, a stamp has lied."""
        kept = {} if walk.context else self._kept(walk.columns)
        wanted = tuple(oid for oid in walk.columns if oid not in kept)
        if not wanted:
            return Answer(columns=kept)
        answer = yield from self._ask(replace(walk, columns=wanted))
        standing, fresh = _rows_of(kept), _rows_of(answer.columns)
        if standing and fresh and not answer.failure and fresh != standing:
            self.stamps.distrust(kept)
            kept, wanted = {}, walk.columns
            answer = yield from self._ask(walk)
        if not walk.context:
            self.memory.walked(wanted, answer)
        return replace(answer, columns={**kept, **answer.columns})

    def _kept(self, columns: Iterable[str]) -> dict[str, Column]:
        """Return what columns say that need not be asked for, those among them that are not there."""
        kept = {oid: found for oid in columns if (found := self.memory.column(oid)) is not None}
        return kept | {oid: {} for oid in columns if oid not in kept and self.memory.is_absent(oid)}

    def _ask(self, ask: Ask) -> Script[Answer]:
        """Ask, unless the device has fallen silent. A question is the unit of work: its failure costs what it asks."""
        if self.silent:
            return Answer(failure=self.silent)
        try:
            answer = yield ask
        except Failed as failed:  # a live session throws what it cannot answer at all
            answer = Answer(failure=failed.cause)
        if answer.failure in SILENT and not ask.context:
            self.silent = answer.failure
        return answer

    def told(self, oid: str) -> Value | None:
        """Return what identification was told of an instance."""
        return self.device.values.get(oid)


def _rows_of(columns: Mapping[str, Column]) -> set[Index]:
    return {index for column in columns.values() for index in column}
