"""What the columns of a list mean: the table `rules/columns.yaml`, read once, and a heading's place in it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from collector.classes import TYPES
from collector.record import ENVIRONMENTS
from collector.relations import KINDS
from collector.yamlfile import Entry, read

MAX_HEADINGS: Final = 1000
_WHY: Final = {
    "none": "no heading is known",
    "twice": "two columns mean the same: {heading}",
    "many": f"more than {MAX_HEADINGS} headings",
}


class BadHeadings(ValueError):
    """The columns of a list cannot be told; `code`: a word of `_WHY`."""

    def __init__(self, code: str, heading: str = "") -> None:
        super().__init__(_WHY[code].format(heading=heading))
        self.code, self.heading = code, heading


@dataclass(frozen=True, slots=True)
class Columns:
    """`fields`: folded heading → field; the others: folded word → code."""

    fields: Mapping[str, str]
    classes: Mapping[str, str]
    types: Mapping[str, str]
    relations: Mapping[str, str]
    environments: Mapping[str, str]

    def relation_of(self, word: str) -> str | None:
        """Return the kind of relation a list calls so, if it is one of ours."""
        return self.relations.get(fold(word))

    def type_of(self, ci_class: str, ci_type: str) -> tuple[str, str] | None:
        """Return class and type by the words of a list; a type alone is enough. None where they are none of ours."""
        named = self.types.get(fold(ci_type))
        if named is None:
            return None
        of = next(known for known, types in TYPES.items() if named in types)
        return (of, named) if not ci_class or self.classes.get(fold(ci_class)) == of else None


class Headings:
    """The headings of one list as they turn up: in JSON and XML a row may bring new ones."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._meant: dict[str, str] = {}

    def read(self, row: Mapping[str, str]) -> dict[str, str]:
        """Return the row by fields, without what nobody knows and what is empty; raise `BadHeadings`."""
        for heading in row.keys() - self._meant.keys():
            self._add(heading)
        if not any(self._meant.values()):
            raise BadHeadings("none")
        return {field: text for heading, text in row.items() if (field := self._meant[heading]) and text.strip()}

    def _add(self, heading: str) -> None:
        field = self._columns.fields.get(fold(heading), "")
        if field and field in self._meant.values():
            raise BadHeadings("twice", heading[:60])
        if len(self._meant) >= MAX_HEADINGS:
            raise BadHeadings("many")
        self._meant[heading] = field

    @property
    def known(self) -> dict[str, str]:
        return {heading[:60]: field for heading, field in self._meant.items() if field}

    @property
    def ignored(self) -> tuple[str, ...]:
        return tuple(sorted(heading[:60] for heading, field in self._meant.items() if not field))


def fold(text: str) -> str:
    """Return a word as it is compared: no case, no width, no blanks, no punctuation."""
    wide = unicodedata.normalize("NFKC", text[:200]).casefold()
    return "".join(each for each in wide if each.isalnum())


def load(file: Path) -> Columns:
    """Return the table in `file`; raise `BadFile` naming file and line."""
    whole = read(file)
    whole.only(frozenset({"columns", "classes", "types", "relations", "environments"}))
    listed = whole.entry("columns")
    fields: dict[str, str] = {}
    for field in listed:
        for heading in (field, *listed.items_of(field)):
            if fields.setdefault(fold(str(heading)), field) != field:
                raise listed.bad(f"{heading} is the heading of two columns", field)
    types = [ci_type for its in TYPES.values() for ci_type in its]
    return Columns(
        fields, _words(whole.entry("classes"), tuple(TYPES)), _words(whole.entry("types"), types),
        _words(whole.entry("relations"), KINDS), _words(whole.entry("environments"), ENVIRONMENTS),
    )  # fmt: skip


def _words(entry: Entry, codes: Sequence[str]) -> dict[str, str]:
    """Return word → code, the codes themselves among the words."""
    found: dict[str, str] = {}
    for code in entry:
        if code not in codes:
            raise entry.bad(f"{code} is none of ours", code)
        for word in (code, entry.text(code)):
            if found.setdefault(fold(word), code) != code:
                raise entry.bad(f"{word} means two of them", code)
    return found
