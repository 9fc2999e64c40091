"""A text folded into lines of a width: between words where there are any, anywhere in Chinese and in identifiers."""

from __future__ import annotations

from collections.abc import Callable

ELLIPSIS = "…"


def folded(text: str, width: float, of_one: Callable[[str], float], most: int) -> list[str]:
    """Return `text` in at most `most` lines no wider than `width`; `of_one` is the width of one character."""
    lines, rest = list[str](), text
    while len(lines) < most:
        end = _fitting(rest, width, of_one)
        if end == len(rest):
            return [*lines, rest]
        if len(lines) == most - 1:
            return [*lines, rest[: _fitting(rest, width - of_one(ELLIPSIS), of_one)] + ELLIPSIS]
        at = _break(rest, end)
        lines.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return lines


def _fitting(text: str, width: float, of_one: Callable[[str], float]) -> int:
    """Return how many characters of `text` fit; one at least, so that it ends."""
    used = 0.0
    for number, character in enumerate(text):
        used += of_one(character)
        if used > width and number:
            return number
    return len(text)


def _break(text: str, end: int) -> int:
    """Return where a line that may be `end` long ends: behind its last space, unless that is in its first half."""
    space = text.rfind(" ", 0, end + 1)
    return space + 1 if space >= end // 2 else end
