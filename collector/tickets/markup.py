"""HTML, and the document format of Jira Cloud, as the plain text people read in them."""

from __future__ import annotations

import contextlib
import html
from html.parser import HTMLParser
from typing import Any, Final

_BREAKS: Final = frozenset({"p", "br", "div", "li", "tr", "h1", "h2", "h3", "h4", "pre", "ul", "ol", "table"})
_UNSEEN: Final = frozenset({"script", "style", "head"})
_BLOCKS: Final = frozenset({"paragraph", "heading", "listItem", "codeBlock", "tableRow", "hardBreak", "blockquote"})


def plain(text: str) -> str:
    """Return a text without its markup; one that has none stays as it is."""
    said = html.unescape(text) if text.lstrip().startswith("&lt;") else text  # GLPI before 10.1 keeps it escaped
    if "<" in said:
        reader = _Text()
        with contextlib.suppress(AssertionError):  # how Python's parser gives up on a broken declaration
            reader.feed(said)
            reader.close()
        said = "".join(reader.parts)
    else:
        said = html.unescape(said)
    return tidy(said)


def of_document(value: Any) -> str:
    """Return the text of an Atlassian document (`type: doc`), a line a block."""
    parts: list[str] = []
    waiting: list[Any] = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            parts.append(node)
        elif isinstance(node, dict):
            below = node.get("content")
            waiting += ["\n"] if node.get("type") in _BLOCKS else []
            waiting += reversed(below) if isinstance(below, list) else []
            waiting += [node["text"]] if isinstance(node.get("text"), str) else []
    return tidy("".join(parts))


def tidy(text: str) -> str:
    """Return a text of printable lines, without blank ones at the ends and without two in a row."""
    lines: list[str] = []
    for line in text.splitlines():
        clean = "".join(each if each.isprintable() else " " for each in line).rstrip()
        if clean or (lines and lines[-1]):
            lines.append(clean)
    return "\n".join(lines).strip()


class _Text(HTMLParser):
    """Gathers what is read of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in _UNSEEN
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in _UNSEEN))
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)
