"""The authorised value of one path while its track is followed, and each move of it with its basis."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from collector.change.item import parts
from collector.model import Step, Tolerance, Value


class Basis(enum.StrEnum):
    """Why the authorised value moved."""

    CHANGE = "change"
    REQUEST = "request"
    EMERGENCY = "emergency"
    ACCEPTED = "accepted"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True)
class Move:
    """The authorised value from `valid_from` on, why, and the change, acceptance or source it refers to."""

    value: Value
    valid_from: int
    basis: Basis
    reference: str


class Authorised:
    """The value as it stands; a field belongs to an element that is authorised, or to nothing.

    `tolerances`: by field, how far a number may be off and still be what is authorised.
    """

    def __init__(self, value: Value, tolerances: Mapping[str, Tolerance] | None = None) -> None:
        self.value, self._tolerances = value, tolerances or {}
        self.moves: list[Move] = []

    def of(self, name: str) -> Value:
        """Return what is authorised of one field, or of the whole value when `name` is empty."""
        if not name:
            return self.value
        return self.value.get(name) if isinstance(self.value, dict) else None

    def allows(self, name: str, value: Value) -> bool:
        """Return whether `value` is authorised; no field is of an element that is not."""
        if name and not isinstance(self.value, dict):
            return False
        held = self.of(name)
        return held == value or all(self._spans(name or each, *both) for each, *both in parts(held, value))

    def _spans(self, name: str, held: Value, value: Value) -> bool:
        tolerance = self._tolerances.get(name)
        return tolerance is not None and tolerance.spans(held, value)

    def move(self, name: str, value: Value, at: int, basis: Basis, reference: str) -> None:
        """Let `value` be authorised from `at` on, where that is anything new."""
        if self.of(name) == value or (name and not isinstance(self.value, dict)):
            return
        self.value = with_field(self.value, name, value) if name else value
        self.moves.append(Move(self.value, at, basis, reference))

    def respell(self, step: Step, source: str) -> None:
        """Follow our own reader: what stood as authorised is only spelt otherwise."""
        for name, old, new in parts(step.old, step.new):
            if self.allows(name, old):
                self.move(name, new, step.hi, Basis.CORRECTION, source)


def in_time(value: Value, moves: Iterable[Move]) -> tuple[Move, ...]:
    """Return `moves`, which began at `value`, in the order of time, each time once: as what it all came to then.

    They come in the order in which work was over. Two fields of one element may have moved at one time, or the work
    on one of them may have begun before that on the other and ended after it.
    """
    told: list[tuple[Move, list[tuple[str, Value]]]] = []
    before = value
    for move in moves:
        told.append((move, [(name, new) for name, _, new in parts(before, move.value)]))
        before = move.value
    lane: dict[int, Move] = {}
    for move, fields in sorted(told, key=lambda each: each[0].valid_from):
        for name, new in fields:
            value = _moved(value, name, new)
        lane[move.valid_from] = replace(move, value=value)
    return tuple(lane.values())


def _moved(value: Value, name: str, new: Value) -> Value:
    """Return a value of which one field, or the whole when `name` is empty, became `new`."""
    if not name:
        return new
    return with_field(value, name, new) if isinstance(value, dict) else value


def with_field(element: Mapping[str, Value], name: str, value: Value) -> Value:
    """Return `element` with one field as given; a field that is None is not there."""
    changed = {**element, name: value}
    return changed if value is not None else {key: each for key, each in changed.items() if key != name}
