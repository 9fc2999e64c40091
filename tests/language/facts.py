"""What generated expressions are about: a small catalogue with every kind of field, and random facts of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any

from collector.language.types import BOOL, DOUBLE, INT, TEXT, Record, Type, list_of, record_of

NOW = datetime(2026, 1, 15, 8, tzinfo=UTC)

HOST = {"family": TEXT, "cores": INT, "load": DOUBLE, "on": BOOL, "tags": list_of(TEXT), "seen": TEXT}
PORT = {"name": TEXT, "speed": INT, "ratio": DOUBLE, "up": BOOL, "vlans": list_of(TEXT)}
PARAM = {"count": INT, "limit": DOUBLE, "word": TEXT, "words": list_of(TEXT)}
TYPES: Mapping[str, Type] = {
    "ci": record_of(Record({
        "name": TEXT, "rank": INT,
        "host": record_of(Record(HOST, checked=True)),
        "ports": list_of(record_of(Record(PORT, checked=True))),
    })),
    "param": record_of(Record(PARAM, checked=True)),
}  # fmt: skip
"""The types of the names, `now` left out."""

WORDS = ["", "a", "ab", "Ab", "b", "é", "设备", "😀", "12", " 3 ", "-7", "1.5", "x.y", "a\nb", "'q'", '"', "\\", "lo0"]
TIMES = [
    "2026-01-15T07:30:00Z",
    "2024-02-29T23:59:59.500Z",
    "2026-01-15T16:00:00+08:00",
    "soon",
    "2026-13-01T00:00:00Z",
]
WHOLES = [0, 1, 2, 3, -1, 7, 100, -40, 2**31, 2**53, 2**62, 2**63 - 1, -(2**63)]
REALS = [0.0, 1.0, 2.0, -3.0, 0.5, 2.5, -1.25, 0.1, 100.0, 1e10, 123456.75, 1e-7]


def facts(random: Random) -> dict[str, Any]:
    """Return values for the names in which some fields, and some sections, are missing. A real number may be whole."""
    host = _row(random, HOST)
    ports = [_row(random, PORT) for _ in range(random.randrange(4))]
    ci = {"name": random.choice(WORDS), "rank": random.choice(WHOLES), "host": host, "ports": ports}
    return {"ci": _thinned(random, ci, 0.9), "param": _row(random, PARAM, 1.0), "now": NOW}


def _row(random: Random, fields: Mapping[str, Type], present: float = 0.8) -> dict[str, Any]:
    row = {name: random.choice(TIMES) if name == "seen" else value(random, kind) for name, kind in fields.items()}
    return _thinned(random, row, present)


def value(random: Random, kind: Type) -> Any:
    """Return some value of a type."""
    if kind == BOOL:
        return random.random() < 0.5
    if kind == INT:
        return random.choice(WHOLES)
    if kind == DOUBLE:
        real = random.choice(REALS)
        return int(real) if real.is_integer() and random.random() < 0.5 else real
    if kind == TEXT:
        return random.choice(WORDS)
    return [random.choice(WORDS) for _ in range(random.randrange(4))]


def _thinned(random: Random, row: dict[str, Any], present: float) -> dict[str, Any]:
    return {name: each for name, each in row.items() if random.random() < present}


def told_real(scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return `scope` with every real field a real number, as a typed source would tell it."""
    ci, param = dict(scope["ci"]), _real(scope["param"], PARAM)
    if "host" in ci:
        ci["host"] = _real(ci["host"], HOST)
    if "ports" in ci:
        ci["ports"] = [_real(port, PORT) for port in ci["ports"]]
    return {**scope, "ci": ci, "param": param}


def _real(row: Mapping[str, Any], fields: Mapping[str, Type]) -> dict[str, Any]:
    return {name: float(each) if fields[name] == DOUBLE else each for name, each in row.items()}
