"""A text people wrote, as blocks a template shows: paragraphs, lists and code. Nothing in it is ever markup."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

FENCE: Final = "```"
_BULLET: Final = re.compile(r"\s{0,3}[-*•]\s+(.*)")
_STEP: Final = re.compile(r"\s{0,3}\d{1,3}[.)、]\s*(.+)")
_STEPS: Final = (("bullets", _BULLET), ("steps", _STEP))


@dataclass(frozen=True, slots=True)
class Block:
    """`kind`: text, bullets, steps or code; one line each is an item of a list."""

    kind: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def blocks(text: str) -> list[Block]:
    """Return the blocks of a text: code stands between lines of three backticks, or is indented by four."""
    return [Block(kind, lines) for kind, lines in _gathered(_marked(text.splitlines())) if kind != "gap"]


def _marked(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each line with what it is part of."""
    is_code = False
    for line in lines:
        if line.strip().startswith(FENCE):
            is_code = not is_code
            yield "gap", ""
        elif is_code:
            yield "code", line
        else:
            yield _plain(line)


def _plain(line: str) -> tuple[str, str]:
    if not line.strip():
        return "gap", ""
    for kind, pattern in _STEPS:
        if found := pattern.fullmatch(line):
            return kind, found.group(1)
    return ("code", line[4:]) if line.startswith("    ") else ("text", line.strip())


def _gathered(marked: Iterator[tuple[str, str]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    kind, lines = "gap", list[str]()
    for each, line in marked:
        if each != kind:
            yield kind, tuple(lines)
            kind, lines = each, []
        lines.append(line)
    yield kind, tuple(lines)
