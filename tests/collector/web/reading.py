"""Reads a page as a browser would: its elements, and its text."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass(frozen=True, slots=True)
class Element:
    """One element as the parser saw it."""

    name: str
    attributes: dict[str, str]


@dataclass
class Page:
    """What a page is made of."""

    elements: list[Element] = field(default_factory=list)
    text: str = ""
    inline: list[str] = field(default_factory=list)

    def all(self, name: str) -> list[Element]:
        return [element for element in self.elements if element.name == name]

    @property
    def links(self) -> list[str]:
        return [each.attributes["href"] for each in self.all("a") if "href" in each.attributes]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.page.elements.append(Element(tag, {name: value or "" for name, value in attrs}))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in ("script", "style") and data.strip():
            self.page.inline.append(data)
        self.page.text += data


def read(html: str) -> Page:
    """Return what `html` is made of."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.page
