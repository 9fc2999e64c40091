"""One value that is moved by hand: a field of a record, a field of an element, an element that comes or goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from collector.model import Path, Value
from wire.sections import row_key, shape_of

Bodies = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Touch:
    """What becomes of one path: `new` (None: gone). `field`: of an element; empty: a record's value, or the element.

    `row`: the key fields of an element that comes.
    """

    path: Path
    field: str
    new: Value
    row: Mapping[str, Any] | None = None

    def apply(self, bodies: Bodies) -> Touch:
        """Let it be so in `bodies` and return the touch that undoes it."""
        body = bodies[self.path.section]
        if isinstance(body, dict):
            return self._back(_put(body, self.path.key, self.new))
        shape = shape_of(self.path.section)
        at = next((at for at, row in enumerate(body) if row_key(shape, row) == self.path.key), None)
        if self.field:
            assert at is not None
            body[at] = dict(body[at])
            return self._back(_put(body[at], self.field, self.new))
        was = body.pop(at) if at is not None else None
        if self.new is not None:
            body.append({**(self.row or {}), **self.new})
        kept = {name: value for name, value in (was or {}).items() if name not in shape.key}
        return self._back(kept if was is not None else None)

    def _back(self, old: Value) -> Touch:
        return Touch(self.path, self.field, old, self.row)


def _put(into: dict[str, Any], name: str, value: Value) -> Value:
    """Set or take away one value and return what was there."""
    old = into.pop(name, None)
    if value is not None:
        into[name] = value
    return old


def record(section: str, key: str, new: Value) -> Touch:
    return Touch(Path(section, key), "", new)


def field(section: str, key: str, name: str, new: Value) -> Touch:
    return Touch(Path(section, key), name, new)


def element(section: str, key: Mapping[str, Any], new: Mapping[str, Any]) -> Touch:
    """Return the touch that adds an element."""
    return Touch(Path(section, row_key(shape_of(section), dict(key))), "", dict(new), dict(key))
