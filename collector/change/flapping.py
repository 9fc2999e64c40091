"""Flapping: what goes to and fro. It stays one finding, in sight; a person is told what could be done about it."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from collector.change.covering import DAY_MS
from collector.change.item import parts
from collector.model import Path, Step, Value

FLIPS = 3
WITHIN_MS = DAY_MS
PROPOSAL_MS = 30 * DAY_MS
"""How long what was proposed, once approved, holds before it must be decided anew."""


class Remedy(enum.StrEnum):
    """What a person may decide; each is a key in the table of attributes, with a reason."""

    MAKE_VOLATILE = "make_volatile"
    WIDEN_TOLERANCE = "widen_tolerance"
    RAISE_CONFIRM = "raise_confirm"


@dataclass(frozen=True, slots=True)
class Flapping:
    """A path that flapped, when last, and what is proposed: never done without a person's name and an end.

    `field`: the only one that moved; empty where several did, or the whole came and went.
    """

    path: Path
    field: str
    flips: int
    since: int
    until: int
    remedies: tuple[Remedy, ...]

    @property
    def holds_until(self) -> int:
        return self.until + PROPOSAL_MS

    def key(self, remedy: Remedy) -> str:
        """Return where in the table of attributes a remedy is written, and what is written there where that is plain.

        A field that differs stands below `fields`, what holds for all of a section at its own level.
        """
        place = f"{self.path.section}.fields.{self.field}" if self.field else self.path.section
        level = "level" if self.field else "default"
        return {
            Remedy.MAKE_VOLATILE: f"{place}.{level}: volatile",
            Remedy.WIDEN_TOLERANCE: f"{place}.tolerance",
            Remedy.RAISE_CONFIRM: f"{place}.confirm: 2",
        }[remedy]


def flapping(steps: Sequence[Step], needs: int = 1) -> Flapping | None:
    """Return the last flapping among the steps of one path in one lane, or None.

    `needs`: how often the source must see a value already.
    A flip is a step back to a value that was left within a day; three of them within a day are flapping.
    """
    flips = [step.hi for step in _flips(steps)]
    for last in range(len(flips) - 1, FLIPS - 2, -1):
        if flips[last] - flips[last - FLIPS + 1] < WITHIN_MS:
            within = [at for at in flips[: last + 1] if at > flips[last] - WITHIN_MS]
            name = _field(steps)
            return Flapping(steps[0].path, name, len(within), within[0], flips[last], _remedies(steps, name, needs))
    return None


def _flips(steps: Iterable[Step]) -> Iterable[Step]:
    left: list[tuple[int, Value]] = []
    for step in sorted(steps, key=lambda each: each.hi):
        if any(value == step.new and at > step.hi - WITHIN_MS for at, value in left):
            yield step
        left.append((step.hi, step.old))


def _field(steps: Sequence[Step]) -> str:
    """Return the only field that moved: of an element one of its own, of a record the key of its path."""
    moved = {name for step in steps for name, _, _ in parts(step.old, step.new)}
    if len(moved) != 1:
        return ""
    is_element = any(isinstance(value, dict) for step in steps for value in (step.old, step.new))
    return moved.pop() or ("" if is_element else steps[0].path.key)


def _remedies(steps: Sequence[Step], name: str, needs: int) -> tuple[Remedy, ...]:
    """A number may need a tolerance, what comes and goes a second look, and everything may be volatile."""
    found = [Remedy.MAKE_VOLATILE]
    if name and all(_is_number(value) for step in steps for _, *both in parts(step.old, step.new) for value in both):
        found.append(Remedy.WIDEN_TOLERANCE)
    return (*found, Remedy.RAISE_CONFIRM) if needs == 1 else tuple(found)


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
