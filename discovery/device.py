"""What a device has told so far: every instance and column is asked for once, whoever wants to know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from discovery.asking import Answer, Get, Index, Script, Value, Walk
from discovery.text import text

SYS_DESCR: Final = "1.3.6.1.2.1.1.1.0"
SYS_OBJECT_ID: Final = "1.3.6.1.2.1.1.2.0"
SYS_UP_TIME: Final = "1.3.6.1.2.1.1.3.0"
SYS_CONTACT: Final = "1.3.6.1.2.1.1.4.0"
SYS_NAME: Final = "1.3.6.1.2.1.1.5.0"
SYS_LOCATION: Final = "1.3.6.1.2.1.1.6.0"
SYS_SERVICES: Final = "1.3.6.1.2.1.1.7.0"
SYS_OR_ID: Final = "1.3.6.1.2.1.1.9.1.2"
SCALARS: Final = (SYS_DESCR, SYS_OBJECT_ID, SYS_UP_TIME, SYS_CONTACT, SYS_NAME, SYS_LOCATION, SYS_SERVICES)

AT_ONCE: Final = 20
"""Instances in one get: fits the 484 bytes every agent must take (RFC 3417 §3.2) with room for long OIDs."""

ROWS: Final = 2000
"""Rows of one column that identification reads at most."""


@dataclass(slots=True)
class Device:
    """One device in the course of its identification."""

    values: dict[str, Value | None] = field(default_factory=dict)
    columns: dict[str, Mapping[Index, Value]] = field(default_factory=dict)
    cuts: dict[str, int] = field(default_factory=dict)
    """Column → how many rows it was asked for."""

    def ask(self, oids: Iterable[str]) -> Script[None]:
        """Ask for what is not known yet, some at a time."""
        wanted = [oid for oid in dict.fromkeys(oids) if oid not in self.values]
        for at in range(0, len(wanted), AT_ONCE):
            some = tuple(wanted[at : at + AT_ONCE])
            told: Answer = yield Get(some)
            self.values.update({oid: told.values.get(oid) for oid in some})

    def value(self, oid: str) -> Script[Value | None]:
        yield from self.ask([oid])
        return self.values[oid]

    def column(self, oid: str, rows: int = ROWS) -> Script[Mapping[Index, Value]]:
        """Return the first rows of one column; it is read again only where more are wanted than were read."""
        known = self.columns.get(oid)
        if known is None or self.cuts[oid] <= len(known) < rows:
            told: Answer = yield Walk((oid,), rows)
            known = self.columns[oid] = told.columns.get(oid, {})
            self.cuts[oid] = rows
        return known

    def told(self, oid: str) -> str:
        """Return what is known of an instance as text, empty when it is absent or was not asked for."""
        value = self.values.get(oid)
        return "" if value is None else text(value)

    @property
    def sysobjectid(self) -> str:
        return self.told(SYS_OBJECT_ID).removeprefix(".")
