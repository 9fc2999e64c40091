"""What people fill in, held against what was asked of them. The last word on an item counts; the others stay."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from collector.inspecting.photo import Photo
from collector.inspecting.plan import CHOICE, READING, Item

MAX_VALUE: Final = 1_000
MAX_NOTE: Final = 1_000
OPEN, GOOD, PROBLEM = "open", "ok", "problem"


class BadAnswer(ValueError):
    """What was filled in is no answer to what was asked; `field` is `value`, `note` or `photo`."""

    def __init__(self, why: str, field: str) -> None:
        super().__init__(why)
        self.field = field


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody filled in at a time (ms). `value`: the number of the option, the reading, or the text.

    `key`: made by whoever sends it, so that what is sent twice counts once.
    """

    item: str
    value: str
    note: str
    at: int
    who: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """An item with its last word and its photos; `state`: open, ok or problem. `lacks_photo`: one must be taken."""

    item: Item
    answer: Answer | None
    photos: tuple[Photo, ...]
    state: str
    lacks_photo: bool

    @property
    def is_done(self) -> bool:
        return self.state != OPEN and not self.lacks_photo


def checked(item: Item, value: str) -> str:
    """Return an answer as it is kept; raise `BadAnswer`."""
    text = " ".join(value.split())
    if not text or len(text) > MAX_VALUE or not text.isprintable():
        raise BadAnswer(f"one line of at most {MAX_VALUE} characters is expected", "value")
    if item.answer == CHOICE and not (text.isascii() and text.isdecimal() and int(text[:4]) < len(item.options)):
        raise BadAnswer("one of the choices is expected", "value")
    return _number(text) if item.answer == READING else text


def _number(text: str) -> str:
    """Return a reading with a point: people type a comma, too."""
    plain = text.replace("，", ".").replace(",", ".")
    try:
        value = float(plain) if plain.isascii() and len(plain) <= 20 and "_" not in plain else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadAnswer("a number is expected", "value")
    return plain


def filled(items: Sequence[Item], answers: Iterable[Answer], photos: Iterable[Photo]) -> tuple[Filled, ...]:
    """Return every item of a plan as it stands; `answers` the oldest first."""
    last = {answer.item: answer for answer in answers}
    taken: dict[str, list[Photo]] = {}
    for photo in photos:
        taken.setdefault(photo.item, []).append(photo)
    return tuple(_filled(item, last.get(item.id), tuple(taken.get(item.id, ()))) for item in items)


def _filled(item: Item, answer: Answer | None, photos: tuple[Photo, ...]) -> Filled:
    state = OPEN if answer is None else PROBLEM if is_problem(item, answer.value) else GOOD
    return Filled(item, answer, photos, state, item.photo == "required" and not photos)


def is_problem(item: Item, value: str) -> bool:
    """Return whether a kept answer is one that should not be: the wrong choice, or a reading outside its limits."""
    if item.answer == CHOICE:
        return not item.options[int(value)].ok
    if item.answer != READING:
        return False
    reading = float(value)
    return (item.low is not None and reading < item.low) or (item.high is not None and reading > item.high)
