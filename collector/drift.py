"""Drift: the steps of one lane, held against what is authorised.

Only the world moving can drift: a step caused by our own new reader never does, and what returns
to its authorised value settles what was open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collector.governance import Governance
from collector.model import Drift, Govern, Path, Step, Value


@dataclass(frozen=True, slots=True)
class Compared:
    """What left its authorised value, and which paths stand at it (again)."""

    drifts: tuple[Drift, ...]
    settled: frozenset[Path]

    @property
    def moved(self) -> bool:
        return bool(self.drifts or self.settled)


def compare(steps: Sequence[Step], authorised: Mapping[Path, Value], governance: Governance) -> Compared:
    """Return drift items and settled paths; a path that is not in `authorised` is authorised to be absent."""
    drifts, settled = [], set()
    for step in steps:
        if step.cause != "world":
            continue
        allowed = authorised.get(step.path)
        if controlled(step.path, step.new, governance) == controlled(step.path, allowed, governance):
            settled.add(step.path)
        elif controlled(step.path, step.new, governance) != controlled(step.path, step.old, governance):
            drifts.append(Drift(step.path, allowed, step.old, step.new, step.lo, step.hi))
    return Compared(tuple(drifts), frozenset(settled))


def controlled(path: Path, value: Value, governance: Governance) -> Value:
    """Return the part of `value` that is controlled: a field as it is, an element without its other fields."""
    policy = governance.policy(path.section)
    if isinstance(value, dict):
        if policy.of_row(value) < Govern.CONTROLLED:
            return None
        kept = policy.at_least(Govern.CONTROLLED, value)
        return kept if kept or policy.default is Govern.CONTROLLED else None
    return value if policy.level(path.key) is Govern.CONTROLLED else None
