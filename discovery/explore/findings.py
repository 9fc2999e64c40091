"""What an exploration has found so far, section by section: several tables may speak of the same things."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from wire.observation import Status
from wire.sections import (
    MAX_BODY_BYTES,
    MAX_ROWS,
    SECTIONS,
    BadSection,
    Body,
    Shape,
    arrange,
    canonical,
    check,
    row_key,
)

Row = dict[str, Any]
MEASURED_ROWS: Final = 5000
DENIED: Final = frozenset({"authorization", "unknown_user"})


@dataclass(frozen=True, slots=True)
class Section:
    """One section as found. `complete`: all of it was read, so what is not in `body` is not there.

    `status` OK, EMPTY (the device says there are none), UNSUPPORTED (it does not speak of such things), DENIED or
    FAILED; `reason` is a word of `discovery.failures` where it is not complete.
    """

    name: str
    status: Status
    complete: bool
    body: Body
    reason: str = ""


@dataclass(slots=True)
class Findings:
    """Rows by key, told first holds: a later table only adds fields that are not told yet."""

    rows: dict[str, dict[str, Row]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    none: set[str] = field(default_factory=set)

    def add(self, section: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add rows, or the one row of a record."""
        shape, held = SECTIONS[section], self.rows.setdefault(section, {})
        for row in rows:
            key = row_key(shape, row) if shape.key else ""
            mine = held.setdefault(key, {}) if len(held) < MAX_ROWS or key in held else self._full(section)
            for name, value in row.items():
                if value is not None and mine.get(name) is None:
                    mine[name] = value

    def _full(self, section: str) -> Row:
        self.failures.setdefault(section, "budget")
        return {}

    def failed(self, section: str, cause: str | None) -> None:
        """Say that a part of a section could not be read; None says nothing."""
        if cause:
            self.failures.setdefault(section, cause)

    def is_none(self, section: str) -> None:
        """Say that the device speaks of such things, so that no rows means there are none."""
        self.none.add(section)

    def row(self, section: str, key: str = "") -> Row:
        """Return what is known of one row, empty when it is not."""
        return self.rows.get(section, {}).get(key, {})

    def section(self, name: str) -> Section:
        """Return a section as it is sent."""
        shape, failure = SECTIONS[name], self.failures.get(name, "")
        rows = [row for row in self.rows.get(name, {}).values() if row]
        if not rows:
            return Section(name, self._status(name, failure), not failure, {} if shape.is_record else [], failure)
        try:
            body = _body(shape, rows)
            while not _fits(body):
                body, failure = body[: len(body) // 2] if isinstance(body, list) else body, "budget"
            return Section(name, Status.OK, not failure, body, failure)
        except BadSection:
            return Section(name, Status.FAILED, False, {} if shape.is_record else [], "internal")

    def _status(self, name: str, failure: str) -> Status:
        if failure:
            return Status.DENIED if failure in DENIED else Status.FAILED
        return Status.EMPTY if name in self.none else Status.UNSUPPORTED


def _body(shape: Shape, rows: list[Row]) -> Body:
    return check(shape, arrange(shape, rows[0] if shape.is_record else rows))


def _fits(body: Body) -> bool:
    """Return whether a body may travel; only one of very many rows is measured."""
    return len(body) < MEASURED_ROWS or len(canonical(body)) <= MAX_BODY_BYTES
