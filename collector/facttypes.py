"""The types of what rules may read: a CI's own fields, its record, its agent, its reach, who is blind, every section.

What is in a section was checked by ingest: a field that is there is of its kind. The CI's own values may be null.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache, partial, reduce
from typing import Final

from collector.language.types import (
    BOOL,
    DOUBLE,
    DYN,
    INT,
    MAP,
    NUMBER,
    TEXT,
    TIME,
    Record,
    Type,
    common,
    list_of,
    record_of,
)
from collector.model import Value
from wire.sections import SECTIONS, Kind, Shape, row_key

OF_KINDS: Final[Mapping[Kind, Type]] = {
    "text": TEXT, "document": TEXT, "when": TEXT, "whole": INT, "real": DOUBLE, "flag": BOOL, "texts": list_of(TEXT),
    "sequence": list_of(TEXT),
}  # fmt: skip
"""A kind of the catalogue → a type. Times in sections are texts, which `timestamp()` and `days_until()` read."""

RECORD_FIELDS = frozenset({"asset_number", "department", "label", "owner", "place", "purpose"})
"""What the record of a CI says that rules may go by; "" where it says nothing."""
CI_FIELDS = frozenset({"id", "uid", "name", "class", "type", "state", "environment"}) | RECORD_FIELDS
_AGENT = Record({"last_seen": TIME, "version": TEXT, "watches": BOOL, "watch_due": TIME})
"""The agent on a CI. Of a probe with something to watch: `watches` is true, `watch_due` when the next watch is due or
was, nothing while a blackout forbids it."""
_REACH = Record({"state": TEXT, "since": TIME, **dict.fromkeys(("icmp", "tcp", "snmp", "agent"), BOOL)})
"""How a CI can be reached: `state` up, degraded or unreachable, since when, and by which ways of asking."""

_BLIND = Record({"count": INT, "rules": TEXT, "since": TIME, "due": TIME})
"""Rules that could read the CI and no longer can: how many and which, since when, and when that has been too long."""


def _of_section(shape: Shape) -> Type:
    fields = {name: OF_KINDS[field.kind] for name, field in shape.fields.items()}
    if shape.is_record:
        return record_of(Record(fields, checked=True, section=shape.name))
    return list_of(record_of(Record(fields, checked=True, section=shape.name, key=partial(row_key, shape))))


_OWN: Final[Mapping[str, Type]] = {name: INT if name == "id" else TEXT for name in CI_FIELDS}
_SECTIONS: Final = {name: _of_section(shape) for name, shape in SECTIONS.items()}
OWN: Final = record_of(Record(_OWN))
"""The CI by its own fields alone."""
CI: Final = record_of(
    Record({**_OWN, "agent": record_of(_AGENT), "reach": record_of(_REACH), "blind": record_of(_BLIND), **_SECTIONS})
)


def row_of(section: str) -> Type:
    """Return the type of one row of `section`."""
    return _SECTIONS[section].element


def of_params(params: Mapping[str, Value]) -> Type:
    """Return the type of the constants of a rule."""
    return _of_constants(tuple(sorted((name, _of_value(value)) for name, value in params.items())))


@lru_cache(maxsize=256)
def _of_constants(fields: Iterable[tuple[str, Type]]) -> Type:
    return record_of(Record(dict(fields), checked=True))


def _of_value(value: Value) -> Type:
    """Return the type of a constant. A whole one may stand for a real one, since YAML writes both as 5."""
    if isinstance(value, list):
        return list_of(reduce(common, map(_of_value, value))) if value else list_of(DYN)
    if isinstance(value, Mapping):
        return MAP
    return {bool: BOOL, int: NUMBER, float: DOUBLE, str: TEXT}.get(type(value), DYN)
