"""What is kept: CIs, who speaks of them, and the names of their values."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

FOREVER = 253_402_300_799_999
"""9999-12-31T23:59:59.999Z: the open end of an interval."""

Value = Any
"""A JSON value: what a record's field or an element holds. None means absent."""


class CiState(enum.StrEnum):
    PROPOSED = "proposed"
    ACTIVE = "active"
    UNREACHABLE = "unreachable"
    MISSING = "missing"
    RETIRED = "retired"
    ARCHIVED = "archived"


GONE = frozenset({CiState.RETIRED, CiState.ARCHIVED})
"""States of what is no longer part of the estate."""


class Govern(enum.IntEnum):
    """How much a value matters: never a fact, history only, or held against approvals."""

    VOLATILE = 0
    INFORMATIONAL = 1
    CONTROLLED = 2


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a number may be from what is authorised and still count as that: by itself, or as a share; the wider."""

    absolute: float = 0.0
    relative: float = 0.0

    def spans(self, authorised: Value, value: Value) -> bool:
        """Return whether `value` is near enough; what is no number never is."""
        if not (_is_number(authorised) and _is_number(value)):
            return False
        return bool(abs(value - authorised) <= max(self.absolute, self.relative * abs(authorised)))


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True)
class CI:
    """A configuration item. `ci_class` and `ci_type` are the regulation's words."""

    id: int
    uid: str
    ci_class: str
    ci_type: str
    name: str
    state: CiState
    environment: str = "production"
    label: str | None = None
    created_at: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """Who says something: `agent/<uid>`, later `probe/<uid>`, `import/<name>`, `hand/<account>`."""

    id: int
    code: str
    kind: str


@dataclass(frozen=True, slots=True, order=True)
class Path:
    """One value of a CI: `os.version` is Path("os", "version"), a package Path("packages", "openssl|amd64")."""

    section: str
    key: str
