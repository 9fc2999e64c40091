"""What a stage asks of a device over SNMP, and what it is told.

A stage that talks to a device is a *script*: a generator that yields an `Ask`, is sent an `Answer`, and returns
its result. It opens no socket and knows no clock, so the same script runs against a live device
(`discovery.snmp`), against a recording (`discovery.recording`) and in a test, with the same outcome.

    def name_of(…) -> Script[str | None]:
        told = yield from get(SYS_NAME)
        return text(told.get(SYS_NAME))
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

Index = tuple[int, ...]
"""What stands behind a column's OID and names the row."""


class Oid(str):
    """An object identifier as a value: numbers and dots, no leading dot."""

    __slots__ = ()


class Address(bytes):
    """An IpAddress value (RFC 2578 §7.1.5), four bytes."""

    __slots__ = ()


Value = int | bytes | Oid | Address
"""int: Integer32, Counter, Gauge, TimeTicks, Counter64 · bytes: OCTET STRING, Opaque · what is absent has no value."""


@dataclass(frozen=True, slots=True)
class Get:
    """Some instances, by their full OIDs ("1.3.6.1.2.1.1.1.0"); `context` as in `Walk`."""

    oids: tuple[str, ...]
    context: str = ""


@dataclass(frozen=True, slots=True)
class Walk:
    """All rows of one or more columns that share an index, by the columns' OIDs; at most `rows` of them.

    `context`: the SNMP context they are of (RFC 3411 §3.3.1), empty for the default one. Where there are communities
    and no contexts, `vlan-N` is what the community followed by `@N` sees.
    """

    columns: tuple[str, ...]
    rows: int = 50_000
    context: str = ""


Ask = Get | Walk


@dataclass(frozen=True, slots=True)
class Answer:
    """What was told.

    `values`: instance → value, for a `Get`. `columns`: column → index → value, for a `Walk`.
    `failure`: why this is not all there is (a word of `discovery.failures`), or None when it is complete.
    Only a complete answer can say that something is gone.
    """

    values: Mapping[str, Value] = field(default_factory=dict)
    columns: Mapping[str, Mapping[Index, Value]] = field(default_factory=dict)
    failure: str | None = None


Result = TypeVar("Result")
Script = Generator[Ask, Answer, Result]


@dataclass(frozen=True, slots=True)
class Told:
    """Rows of a walk: index → column → value, in the order of the indexes; `failure` as in `Answer`."""

    rows: Mapping[Index, Mapping[str, Value]]
    failure: str | None = None


def get(*oids: str) -> Script[Mapping[str, Value]]:
    """Ask for instances; return those that exist. A device that stops answering ends the script from outside."""
    answer = yield Get(oids)
    return answer.values


def walk(*columns: str, rows: int = 50_000) -> Script[Told]:
    """Ask for columns of one table; return its rows."""
    answer = yield Walk(columns, rows)
    joined: dict[Index, dict[str, Value]] = {}
    for column in columns:
        for index, value in answer.columns.get(column, {}).items():
            joined.setdefault(index, {})[column] = value
    return Told(dict(sorted(joined.items())), answer.failure)
