"""What was true when: values over time, and how they moved."""

from __future__ import annotations

from dataclasses import dataclass

from collector.model.estate import FOREVER, Path, Value


@dataclass(frozen=True, slots=True)
class Interval:
    """A value that held over [valid_from, valid_to) in one lane."""

    path: Path
    value: Value
    valid_from: int
    valid_to: int = FOREVER


@dataclass(frozen=True, slots=True)
class Step:
    """One value that moved in one source's lane: last confirmed old at `lo`, first seen new at `hi`.

    `old` or `new` None means absent. `cause` is `world`, or `revision` when the collector's own code moved.
    """

    path: Path
    old: Value
    new: Value
    lo: int
    hi: int
    cause: str = "world"


@dataclass(frozen=True, slots=True)
class Claim:
    """What one source says now of one path, and when it last said so."""

    path: Path
    source: str
    value: Value
    since: int
    confirmed_at: int


@dataclass(frozen=True, slots=True)
class Fact:
    """The value that won, which source gave it and why: rank, takeover, rule change or lock."""

    path: Path
    value: Value
    source: str
    why: str
    since: int
