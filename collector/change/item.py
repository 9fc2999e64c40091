"""One thing that moved: the unit that is held against approvals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as _field

from collector.model import Path, Value


@dataclass(frozen=True, slots=True)
class Item:
    """A controlled value, or one field of an element, that left what is authorised in the lane of `source`.

    It has no time of its own, only a bracket: last seen old at `lo`, first seen new at `hi`. `actor` is who did it
    where evidence names one; `claimed` when bracket and actor rest on evidence anyone may have left. `once`: one look
    alone has shown it so far, and it takes two; that passes, and tells no items apart.
    """

    ci_id: int
    source: str
    path: Path
    authorised: Value
    old: Value
    new: Value
    lo: int
    hi: int
    field: str = ""
    actor: str = ""
    claimed: bool = False
    once: bool = _field(default=False, compare=False)


def parts(old: Value, new: Value) -> Iterator[tuple[str, Value, Value]]:
    """Yield (field, old, new) of what moved between two values of one path; the field of a whole value is empty.

    An element that was there and is there moved in its fields, each for itself: who approved a longer lease of an
    address did not approve another address.
    """
    if not (isinstance(old, dict) and isinstance(new, dict)):
        if old != new:
            yield "", old, new
        return
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield name, old.get(name), new.get(name)
