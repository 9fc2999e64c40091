"""What people say of a CI: the section `record`, which nothing observes, and the words that hand entry and lists use.

No observation can bring this section: it is not in the catalogue of the wire, so an agent that sends it is not heard.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from collector.model import Value

SECTION: Final = "record"
FIELDS: Final[Mapping[str, int]] = {
    "name": 200, "label": 64, "asset_number": 64, "owner": 100, "contact": 200, "department": 100, "place": 200,
    "purpose": 300, "environment": 20, "note": 1000,
}  # fmt: skip
"""Field → the most characters it may have."""
PRODUCTION: Final = "production"
ENVIRONMENTS: Final = (PRODUCTION, "test", "development")
"""What a CI is for; where nobody says so it is production. The others are out of checks, incidents and drift."""

HAND: Final = "hand"
IMPORT: Final = "import"
"""Kinds of sources that are people's word: `hand/<account>`, `import/<name of the list>`."""
PEOPLE: Final = (HAND, IMPORT)


def is_said(source: str) -> bool:
    """Return whether what the source of that code says is people's word."""
    return source.partition("/")[0] in PEOPLE


class BadValue(ValueError):
    """What was typed cannot be kept; `field` names where, `code` is a word for why, `most` the limit if it is one."""

    def __init__(self, field: str, code: str, most: int = 0) -> None:
        super().__init__(f"{field}: {_WHY[code].format(most=most)}")
        self.field, self.code, self.most = field, code, most


_WHY: Final = {
    "unknown": "there is no such field",
    "text": "a text is expected",
    "long": "at most {most} characters are expected",
    "line": "one printable line is expected",
    "choice": f"one of {', '.join(ENVIRONMENTS)} is expected",
}


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody says of one CI: values by section and field. None takes back what was said."""

    ci_id: int
    values: Mapping[str, Mapping[str, Value]]


@dataclass(frozen=True, slots=True)
class Listed:
    """One device of a list: what it is, what may name it (kind, value as written), and what is said of it."""

    ci_class: str
    ci_type: str
    name: str
    identifiers: tuple[tuple[str, str], ...] = ()
    values: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settled:
    """Which CI a listed device is: `found`, `made`, or `doubtful` with the reason; then nothing was touched."""

    outcome: str
    ci_id: int = 0
    why: str = ""


FOUND: Final = "found"
MADE: Final = "made"
DOUBTFUL: Final = "doubtful"


def checked(said: Mapping[str, object]) -> dict[str, str | None]:
    """Return what is said of a CI as it is kept: one line each, None for what is taken back; raise `BadValue`."""
    return {name: _checked(name, value) for name, value in said.items()}


def _checked(name: str, value: object) -> str | None:
    if name not in FIELDS:
        raise BadValue(name[:40], "unknown")
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadValue(name, "text")
    text = " ".join(value.split())
    if len(text) > FIELDS[name]:
        raise BadValue(name, "long", FIELDS[name])
    if not text.isprintable():
        raise BadValue(name, "line")
    if text and name == "environment" and text not in ENVIRONMENTS:
        raise BadValue(name, "choice")
    return text or None
