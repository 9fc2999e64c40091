"""The texts of the pages in every language, and the words for what the regulation and the agents name."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from collector.inert import visible

FOLDER = Path(__file__).parent / "locale"
LANGUAGES = ("zh-CN", "en")
DEFAULT = "en"
SHORT = {"zh-CN": "zh", "en": "en"}
"""How rules and incidents name the languages of their texts."""


@functools.cache
def entries(language: str) -> Mapping[str, str]:
    """Return the catalogue of one language."""
    found: dict[str, str] = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return found


class Texts:
    """The texts of one language. Values are escaped and made visible; only the catalogue itself is trusted."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else DEFAULT
        self._entries = entries(self.language)

    def __call__(self, key: str, **values: Any) -> Markup:
        """Return the text of `key` with its places filled."""
        return escape(self._entries.get(key, key)).format(**{name: _safe(value) for name, value in values.items()})

    def plain(self, key: str, **values: Any) -> str:
        """Return the text of `key` with its places filled, as it is read outside a page: visible, not escaped."""
        told = {name: visible(str(value)) for name, value in values.items()}
        return self._entries.get(key, key).format(**told)

    def n(self, key: str, count: int, **values: Any) -> Markup:
        """Return `key` in the number the language has for `count`; `{n}` is the count."""
        return self(f"{key}.{'one' if count == 1 else 'other'}", n=f"{count:,}", **values)

    def label(self, family: str, word: object) -> str:
        """Return the word for something named by data (`class`, `state` …); what has none is called as it is."""
        return self._entries.get(f"{family}.{word}", str(word))

    def field(self, section: str, name: str) -> str:
        """Return the word for a field: its own in that section, or the one fields of that name share."""
        return self._entries.get(f"field.{section}.{name}") or self._entries.get(f"field.{name}", name)

    def fact(self, field: str, word: str) -> str | None:
        """Return what a word of the facts' catalogue is called, in that field or everywhere; None for any other."""
        return self._entries.get(f"fact.{field}.{word}") or self._entries.get(f"fact.{word}")

    def role(self, role: str) -> str:
        """Return the word for a role, with the classes it is for."""
        name, _, scope = role.partition(":")
        if not scope:
            return self.label("role", name)
        classes = [self("role.any_class") if each == "*" else self.label("class", each) for each in scope.split(",")]
        joined = str(self._entries["list.comma"]).join(classes)
        return str(self("role.of", role=self.label("role", name), classes=joined).unescape())

    def own(self, texts: Mapping[str, str]) -> str:
        """Return the text of this language among texts that come with data."""
        return texts.get(SHORT[self.language]) or next(iter(texts.values()), "")


def _safe(value: Any) -> Any:
    return value if isinstance(value, Markup) else visible(str(value))


def preferred(header: str) -> str:
    """Return the language an Accept-Language header asks for first; the default when it asks for none of ours."""
    wanted = []
    for place, part in enumerate(header[:200].split(",")):
        tag, _, weight = part.strip().partition(";q=")
        try:
            wanted.append((-float(weight or 1), place, tag.lower()))
        except ValueError:
            continue
    for _, _, tag in sorted(wanted):
        for language in LANGUAGES:
            if tag.partition("-")[0] == language.partition("-")[0].lower():
                return language
    return DEFAULT
