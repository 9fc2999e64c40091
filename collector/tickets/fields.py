"""Values out of a record of theirs: hostile until read, so each has a bound, and `BadRecord` says which is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from collector.tickets import BadAnswer, BadRecord
from collector.tickets.markup import of_document, plain
from collector.tickets.record import Foreign, Thing

MAX_TEXT: Final = 100_000
MAX_WORD: Final = 300
MAX_ITEMS: Final = 1_000
_NAMED_BY: Final = ("name", "value", "label", "displayName", "display_value")
_PERSON_BY: Final = ("accountId", "name", "key", "emailAddress", "user_name", "value")
"""What identifies somebody. Never `displayName`: anybody may call themselves what they like."""


@dataclass(frozen=True, slots=True)
class Fields:
    """One record of theirs, and where in it stands what we ask. `names`: of ours → theirs; `zone`: of bare times."""

    row: Mapping[str, Any]
    names: Mapping[str, tuple[str, ...]]
    zone: tzinfo

    def first(self, ours: str) -> tuple[str, Any]:
        """Return the first of the fields that says something, and what it says; nothing: the last one, and None."""
        theirs = ours
        for theirs in self.names.get(ours, ()):
            value = at(self.row, theirs)
            if value not in (None, "", [], {}):
                return theirs, value
        return theirs, None

    def word(self, ours: str) -> str:
        """Return one short line; raise `BadRecord`."""
        theirs, value = self.first(ours)
        return word(value, theirs)

    def text(self, ours: str) -> str:
        """Return a text of lines without markup, for `text` of all the fields that say something; raise `BadRecord`."""
        return text(self.first(ours)[1], ours)

    def texts(self, ours: str) -> str:
        """Return what all the fields say, one below the other; raise `BadRecord`."""
        said = [text(at(self.row, theirs), theirs) for theirs in self.names.get(ours, ())]
        return "\n\n".join(each for each in said if each)

    def moment(self, ours: str) -> int | None:
        """Return a time (ms), None where there is none; raise `BadRecord`."""
        theirs, value = self.first(ours)
        return moment(value, theirs, self.zone)

    def person(self, ours: str) -> tuple[str, ...]:
        return person(self.first(ours)[1])


def foreign(fields: Fields) -> Foreign:
    """Return the change of a record, but for CIs and approvals, which each product keeps its own way."""
    reference = fields.word("reference")
    if not reference:
        raise BadRecord("it has no reference", "reference")
    return Foreign(
        reference, fields.word("title"), fields.text("reason"), fields.word("type"), fields.word("state"),
        fields.person("initiator"), fields.person("implementer"), fields.moment("start"), fields.moment("end"),
        fields.texts("text"), fields.text("lines"),
    )  # fmt: skip


def at(row: Mapping[str, Any], path: str) -> Any:
    """Return what stands at a path: a field that has this very name, else dot by dot into the record."""
    if path in row:
        return row[path]
    found: Any = row
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def text(value: Any, field: str) -> str:
    """Return what a field says as plain text; raise `BadRecord`."""
    said = of_document(value) if isinstance(value, Mapping) and value.get("type") == "doc" else plain(_said(value))
    if len(said) > MAX_TEXT:
        raise BadRecord(f"more than {MAX_TEXT} characters", field)
    return said


def word(value: Any, field: str) -> str:
    """Return what a field says as one short line; raise `BadRecord`."""
    said = " ".join(text(value, field).split())
    if len(said) > MAX_WORD:
        raise BadRecord(f"more than {MAX_WORD} characters", field)
    return said


def moment(value: Any, field: str, zone: tzinfo) -> int | None:
    """Return an ISO 8601 time as ms, one without an offset read in `zone`; raise `BadRecord`."""
    said = word(value, field)
    if not said or said.startswith("0000-00-00"):
        return None
    try:
        found = datetime.fromisoformat(said)
        return int((found if found.tzinfo else found.replace(tzinfo=zone)).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        raise BadRecord("a time is expected", field) from None


def person(value: Any) -> tuple[str, ...]:
    """Return what identifies the one person a field names; nothing: nobody, or several."""
    if isinstance(value, list):
        return person(value[0]) if len(value) == 1 else ()
    if isinstance(value, Mapping):
        said = [value.get(name) for name in _PERSON_BY]
        return tuple(dict.fromkeys(each[:MAX_WORD] for each in said if isinstance(each, str) and each))
    return (value[:MAX_WORD],) if isinstance(value, str) and value else ()


def things(value: Any, field: str) -> tuple[Thing, ...]:
    """Return the CIs a field names: texts with commas or lines between, or records with a name; raise `BadRecord`."""
    said = value if isinstance(value, list) else [] if value is None else [value]
    if len(said) > MAX_ITEMS:
        raise BadRecord(f"more than {MAX_ITEMS} CIs", field)
    found: dict[Thing, None] = {}
    for each in said:
        name = _said(each)
        if not name:
            raise BadRecord("it names a CI by a number of its own only", field)
        parts = [name] if isinstance(each, Mapping) else name.replace("\n", ",").split(",")
        found |= {Thing(part.strip()[:MAX_WORD]): None for part in parts if part.strip()}
    return tuple(found)


def rows(value: Any, path: str) -> list[Mapping[str, Any]]:
    """Return a list of records of an answer; raise `BadAnswer`."""
    if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
        raise BadAnswer(f"{path}: a list of records is expected")
    return value


def _said(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, int | float):
        return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value)
    if isinstance(value, Mapping):
        return next((_said(value[name]) for name in _NAMED_BY if value.get(name)), "")
    return ", ".join(filter(None, map(_said, value[:MAX_ITEMS]))) if isinstance(value, list) else ""
