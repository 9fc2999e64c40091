"""Drift: which of the steps of one lane are of controlled values, and so are held against what was approved."""

from __future__ import annotations

from collections.abc import Sequence

from collector.governance import Governance
from collector.model import Govern, Path, Step, Value

CAUSES = ("world", "revision")
"""Causes of a step that concern what is authorised: the world moved, or our own reader spells it otherwise."""


def moved(steps: Sequence[Step], governance: Governance) -> dict[Path, int]:
    """Return the paths whose controlled value moved, each with when it was surely as before (ms).

    What a source says of a thing for the first time, and what was taken back as wrong, moved nothing.
    """
    found: dict[Path, int] = {}
    for step in steps:
        if step.cause in CAUSES and (held := of(step, governance)).old != held.new:
            before = min(step.lo, step.hi - 1)  # a word of a person is seen at once
            found[step.path] = min(before, found.get(step.path, before))
    return found


def of(step: Step, governance: Governance) -> Step:
    """Return `step` as one of what is controlled of its values."""
    old, new = (controlled(step.path, each, governance) for each in (step.old, step.new))
    return Step(step.path, old, new, step.lo, step.hi, step.cause)


def controlled(path: Path, value: Value, governance: Governance) -> Value:
    """Return the part of `value` that is controlled: a field as it is, an element without its other fields."""
    policy = governance.policy(path.section)
    if isinstance(value, dict):
        if policy.of_row(value) < Govern.CONTROLLED:
            return None
        kept = policy.at_least(Govern.CONTROLLED, value)
        return kept if kept or policy.default is Govern.CONTROLLED else None
    return value if policy.level(path.key) is Govern.CONTROLLED else None
