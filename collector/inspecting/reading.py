"""Reads a plan from JSON values: every part has its bound, and what is wrong says where it stands."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

MAX_TEXT: Final = 200
LANGUAGES: Final = ("zh", "en")

Texts = Mapping[str, str]
"""`zh` and `en`; where one is not given it is the other."""


class BadPlan(ValueError):
    """A plan that cannot be used; `field` names the part."""

    def __init__(self, why: str, field: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field


class Reader:
    """Reads the parts of one mapping; every error says where it stands."""

    def __init__(self, values: Mapping[str, Any], where: str) -> None:
        self._values, self._where = values, where

    def at(self, name: str) -> str:
        return f"{self._where}.{name}" if self._where != "plan" else name

    def only(self, *names: str) -> None:
        for name in self._values:
            if name not in names:
                raise BadPlan("no such key", self.at(str(name)[:40]))

    def text(self, name: str, most: int, needed: bool = False) -> str:
        value = self._values.get(name, "")
        if not isinstance(value, str) or len(value) > most or (needed and not value.strip()):
            raise BadPlan(f"a text of at most {most} characters is expected", self.at(name))
        if not "".join(value.split()).isprintable():
            raise BadPlan("a printable text is expected", self.at(name))
        return value.strip()

    def texts(self, name: str) -> Texts:
        """Return a text in both languages; one text alone is both."""
        value = self._values.get(name)
        said = {"zh": value, "en": value} if isinstance(value, str) else value
        if not isinstance(said, Mapping):
            raise BadPlan("texts zh and en are expected", self.at(name))
        inner = Reader(said, self.at(name))
        inner.only(*LANGUAGES)
        read = {language: inner.text(language, MAX_TEXT) for language in LANGUAGES}
        if not any(read.values()):
            raise BadPlan("a text is expected", self.at(name))
        return {language: read[language] or read["zh"] or read["en"] for language in LANGUAGES}

    def choice(self, name: str, offered: tuple[str, ...], default: str) -> str:
        value = self._values.get(name, default)
        if value not in offered:
            raise BadPlan(f"one of {', '.join(offered)} is expected", self.at(name))
        return str(value)

    def flag(self, name: str, default: bool) -> bool:
        return bool(self._of(name, default, lambda value: isinstance(value, bool), "true or false"))

    def whole(self, name: str, least: int, most: int, default: int) -> int:
        return int(self._of(name, default, lambda value: _is_number(value) and least <= value <= most,
                            f"a whole number from {least} to {most}"))  # fmt: skip

    def number(self, name: str) -> float | None:
        value = self._of(name, None, lambda value: value is None or _is_number(value), "a number")
        return None if value is None else float(value)

    def _of(self, name: str, default: Any, fits: Callable[[Any], bool], expected: str) -> Any:
        value = self._values.get(name, default)
        if not fits(value):
            raise BadPlan(f"{expected} is expected", self.at(name))
        return value

    def words(self, name: str, most: int, form: re.Pattern[str]) -> tuple[str, ...]:
        found = self._list(name, most)
        if not all(isinstance(each, str) and form.fullmatch(each) for each in found):
            raise BadPlan("a list of names is expected", self.at(name))
        return tuple(dict.fromkeys(found))

    def texts_of(self, name: str, most: int, longest: int) -> tuple[str, ...]:
        """Return a list of texts of one line each, what stands twice once."""
        found = self._list(name, most)
        if not all(isinstance(each, str) and 0 < len(each) <= longest and each.isprintable() for each in found):
            raise BadPlan("a list of names is expected", self.at(name))
        return tuple(dict.fromkeys(found))

    def part(self, name: str) -> Reader:
        value = self._values.get(name, {})
        if not isinstance(value, Mapping):
            raise BadPlan("a mapping is expected", self.at(name))
        return Reader(value, self.at(name))

    def parts(self, name: str, most: int) -> list[Reader]:
        found = self._list(name, most)
        if not all(isinstance(each, Mapping) for each in found):
            raise BadPlan("mappings are expected", self.at(name))
        return [Reader(each, f"{self.at(name)}[{number}]") for number, each in enumerate(found, 1)]

    def _list(self, name: str, most: int) -> list[Any]:
        value = self._values.get(name, [])
        if not isinstance(value, list | tuple) or len(value) > most:
            raise BadPlan(f"a list of at most {most} is expected", self.at(name))
        return list(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
