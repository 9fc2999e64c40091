"""What is asked of whoever has the words of a language; the pages' catalogue has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Words(Protocol):
    """The words of one language, as plain text."""

    language: str

    def plain(self, key: str, **values: Any) -> str:
        """Return the text of `key` with its places filled."""

    def label(self, family: str, word: object) -> str:
        """Return the word for something named by data; what has none is called as it is."""

    def own(self, texts: Mapping[str, str]) -> str:
        """Return the text of this language among texts that come with data."""

    def field(self, section: str, name: str) -> str:
        """Return the word for a field of a section."""


def title(words: Words, report: str) -> str:
    return words.plain(f"report.{report}.title")


def table_title(words: Words, report: str, table: str) -> str:
    return words.plain(f"report.{report}.{table}")


def column_title(words: Words, name: str) -> str:
    return words.plain(f"report_column.{name}")
