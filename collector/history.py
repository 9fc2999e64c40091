"""History: one section as it was → the same section as it is → the steps between them.

Both bodies come from one source's lane, so a step is the world moving, never our view of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from collector.governance import Governance, Policy
from collector.model import Govern, Path, Step, Value
from wire.configuration import address
from wire.sections import Body, row_key, shape_of


@dataclass(frozen=True, slots=True)
class Bracket:
    """When it moved: last confirmed old at `lo`, first seen new at `hi`."""

    lo: int
    hi: int


def entries(section: str, body: Body, policy: Policy) -> dict[str, Value]:
    """Return key → value of everything in `body` that is kept: fields of a record, elements of rows.

    Volatile fields are left out; an element's value is its remaining fields without its key.
    """
    if policy.default is Govern.VOLATILE and not policy.fields:
        return {}
    if isinstance(body, dict):
        return policy.at_least(Govern.INFORMATIONAL, body)
    shape = shape_of(section)
    return {
        row_key(shape, row): {
            name: value for name, value in policy.at_least(Govern.INFORMATIONAL, row).items() if name not in shape.key
        }
        for row in body
    }


def kept(steps: Iterable[Step], governance: Governance) -> list[Step]:
    """Return steps without what is volatile by `governance`, which may be that of a class and forget more than all do.

    What is left of an element counts; a step that moved nothing of it is none.
    """
    found = (
        replace(step, old=_kept(step, step.old, governance), new=_kept(step, step.new, governance)) for step in steps
    )
    return [step for step in found if step.old != step.new]


def _kept(step: Step, value: Value, governance: Governance) -> Value:
    policy = governance.policy(step.path.section)
    if not isinstance(value, dict):
        return value if policy.level(step.path.key) >= Govern.INFORMATIONAL else None
    if policy.default is Govern.VOLATILE and not policy.fields:
        return None
    return policy.at_least(Govern.INFORMATIONAL, value)


def documents(section: str, body: Body) -> dict[str, str]:
    """Return the texts of many lines in rows of a section, by their content address: they are kept beside the lanes."""
    names = [field.name for field in shape_of(section).fields.values() if field.kind == "document"]
    if not names or isinstance(body, dict):
        return {}
    texts = [text for row in body for name in names if isinstance(text := row.get(name), str)]
    return {address(text): text for text in texts}


def differing(before: Body, after: Body) -> tuple[Body, Body]:
    """Return both bodies without the rows that stand equal at their beginning and at their end.

    Keys are unique in each, so equal rows cancel; a package that moved leaves one row of thousands.
    """
    if isinstance(before, dict) or isinstance(after, dict):
        return before, after
    shorter, head = min(len(before), len(after)), 0
    while head < shorter and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < shorter - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    return before[head : len(before) - tail], after[head : len(after) - tail]


def steps(
    section: str,
    before: Mapping[str, Value],
    after: Mapping[str, Value],
    bracket: Bracket,
    *,
    complete: bool,
    cause: str,
) -> tuple[Step, ...]:
    """Return what moved from `before` to `after`; only a complete section can say that something is gone."""
    moved = [(key, before.get(key), value) for key, value in after.items() if before.get(key) != value]
    if complete:
        moved += [(key, value, None) for key, value in before.items() if key not in after]
    return tuple(
        Step(Path(section, key), old, new, bracket.lo, bracket.hi, cause) for key, old, new in sorted(moved, key=_key)
    )


def _key(moved: tuple[str, Value, Value]) -> str:
    return moved[0]
