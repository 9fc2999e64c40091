"""A form as it was sent: what was typed, and beside each field what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wire.ranges import BadRange, ranges

_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a field: a text of the catalogue and what stands in its places."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Form:
    """Fields by name, each with all its values, and what was found wrong; the first word about a field counts."""

    sent: Mapping[str, Sequence[str]]
    wrong: dict[str, Wrong] = field(default_factory=dict)
    refused: str = ""
    """Why the whole was refused by what stands behind the form; in the words it has for it."""

    def text(self, name: str) -> str:
        """Return what was typed, without space around it."""
        return (list(self.sent.get(name, ())) or [""])[0].strip()

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(self.sent.get(name, ()))

    def lines(self, name: str) -> tuple[str, ...]:
        """Return the lines that hold something."""
        return tuple(line.strip() for line in self.text(name).splitlines() if line.strip())

    def listed(self, name: str) -> tuple[str, ...]:
        """Return what stands between commas, in Chinese too."""
        return tuple(each.strip() for each in re.split("[,，、\n]", self.text(name)) if each.strip())

    @property
    def is_right(self) -> bool:
        return not self.wrong and not self.refused

    # --- checks: each returns what was meant, or marks the field

    def mark(self, name: str, key: str, **values: Any) -> None:
        self.wrong.setdefault(name, Wrong(key, values))

    def needed(self, name: str, most: int) -> str:
        """Return a text of 1 to `most` characters."""
        typed = self.optional(name, most)
        if not typed:
            self.mark(name, "form.required")
        return typed

    def optional(self, name: str, most: int) -> str:
        typed = self.text(name)
        if len(typed) > most:
            self.mark(name, "form.too_long", n=most)
        return typed

    def number(self, name: str, least: int, most: int) -> int:
        typed = self.text(name)
        if typed.isascii() and typed.isdecimal() and len(typed) < 12 and least <= int(typed) <= most:
            return int(typed)
        self.mark(name, "form.number", least=least, most=most)
        return least

    def choice(self, name: str, offered: Sequence[str]) -> str:
        typed = self.text(name)
        if typed not in offered:
            self.mark(name, "form.choice")
        return typed

    def ranges(self, name: str, most: int, to_sweep: bool = False, needed: bool = False) -> list[str]:
        """Return the ranges of addresses, one a line; `to_sweep`: none of IPv6 but single addresses."""
        found = self.lines(name)
        if needed and not found:
            self.mark(name, "form.required")
        if len(found) > most:
            self.mark(name, "form.too_many", n=most)
        for line in found[:most]:
            self._range(name, line, to_sweep)
        return list(found)

    def _range(self, name: str, line: str, to_sweep: bool) -> None:
        if not _holds(lambda: ranges([line])):
            self.mark(name, "form.range", text=line[:60])
        elif not _holds(lambda: ranges([line], to_sweep)):
            self.mark(name, "form.wide_six", text=line[:60])

    def time(self, name: str) -> str:
        """Return a time of day, HH:MM."""
        typed = self.text(name)
        if not _TIME.fullmatch(typed):
            self.mark(name, "form.time")
        return typed


def _holds(parse: Callable[[], object]) -> bool:
    try:
        parse()
    except BadRange:
        return False
    return True


def of_form(pairs: Sequence[tuple[str, Any]]) -> Form:
    """Return what a request's form holds; files are no fields."""
    sent: dict[str, list[str]] = {}
    for name, value in pairs:
        if isinstance(value, str):
            sent.setdefault(name, []).append(value)
    return Form(sent)


def of_values(values: Mapping[str, str | Sequence[str]]) -> Form:
    """Return a form that shows what stands already."""
    return Form({name: (value,) if isinstance(value, str) else tuple(value) for name, value in values.items()})
