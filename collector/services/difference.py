"""Two texts, line by line: what went, what came, with a few lines around it, as people are shown it.

Secrets show as `••••`; one that is not what it was in the same line before, as `•••• changed`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from wire.configuration import bare, veiled

CONTEXT: Final = 3
MOST_MOVED: Final = 600
"""Lines that went or came; texts that differ in more are shown as one that went and one that came."""
MOST_SHOWN: Final = 4000

Edit = Literal[" ", "-", "+"]
Place = tuple[Edit, int, int]
"""What happens at a place: to a line of the old text, of the new one (from 0), or to the one that is in both."""


@dataclass(frozen=True, slots=True)
class Line:
    """`edit`: of both texts, of the old one or of the new one only. Numbers from 1, 0 where it is not in that text."""

    edit: Edit
    text: str
    old: int
    new: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Groups of lines that lie together. `came`, `went`: counts of lines. `is_cut`: there are more than are shown."""

    groups: tuple[tuple[Line, ...], ...]
    came: int
    went: int
    is_cut: bool


def difference(old: str, new: str) -> Difference:
    """Return what differs between two texts."""
    before, after = old.splitlines(), new.splitlines()
    places = edits(before, after)
    groups = list(_groups(places))
    shown = tuple(_lines(group, before, after) for group in _cut(groups))
    came, went = (sum(edit == sign for edit, _, _ in places) for sign in "+-")
    return Difference(shown, came, went, sum(map(len, shown)) < sum(map(len, groups)))


def edits(before: Sequence[str], after: Sequence[str]) -> list[Place]:
    """Return what leads from one text to the other, by the fewest lines where these are not too many.

    E. W. Myers, "An O(ND) Difference Algorithm and Its Variations", Algorithmica 1 (1986).
    """
    furthest, traces = {1: 0}, list[dict[int, int]]()
    for moved in range(min(MOST_MOVED, len(before) + len(after)) + 1):
        traces.append(dict(furthest))
        for diagonal in range(-moved, moved + 1, 2):
            down = diagonal == -moved or (diagonal != moved and furthest[diagonal - 1] < furthest[diagonal + 1])
            at = furthest[diagonal + 1] if down else furthest[diagonal - 1] + 1
            while at < len(before) and at - diagonal < len(after) and before[at] == after[at - diagonal]:
                at += 1
            furthest[diagonal] = at
            if at >= len(before) and at - diagonal >= len(after):
                return list(_back(traces, len(before), len(after)))[::-1]
    return [*(("-", at, 0) for at in range(len(before))), *(("+", len(before), at) for at in range(len(after)))]


def _back(traces: list[dict[int, int]], old: int, new: int) -> Iterator[Place]:
    """Yield the places from the last to the first."""
    for moved in range(len(traces) - 1, -1, -1):
        furthest, diagonal = traces[moved], old - new
        down = diagonal == -moved or (
            diagonal != moved and furthest.get(diagonal - 1, -1) < furthest.get(diagonal + 1, -1)
        )
        came_by = diagonal + 1 if down else diagonal - 1
        was = furthest.get(came_by, 0)
        while old > was + (not down) and new > was - came_by + down and old > 0 and new > 0:
            old, new = old - 1, new - 1
            yield " ", old, new
        if moved == 0:
            return
        old, new = was, was - came_by
        yield ("+", old, new) if down else ("-", old, new)


def _groups(places: Sequence[Place]) -> Iterator[list[Place]]:
    """Yield the places that moved with those around them, what lies close as one group."""
    near = set[int]()
    for at, (edit, _, _) in enumerate(places):
        if edit != " ":
            near.update(range(max(0, at - CONTEXT), min(len(places), at + CONTEXT + 1)))
    group: list[Place] = []
    for at in sorted(near):
        if group and at - 1 not in near:
            yield group
            group = []
        group.append(places[at])
    if group:
        yield group


def _cut(groups: Iterable[list[Place]]) -> Iterator[list[Place]]:
    """Yield groups as long as there is room."""
    room = MOST_SHOWN
    for group in groups:
        if room > 0:
            yield group[:room]
        room -= len(group)


def _lines(group: Sequence[Place], before: Sequence[str], after: Sequence[str]) -> tuple[Line, ...]:
    went = {bare(before[old]): before[old] for edit, old, _ in group if edit == "-"}
    return tuple(_line(place, before, after, went) for place in group)


def _line(place: Place, before: Sequence[str], after: Sequence[str], went: dict[str, str]) -> Line:
    edit, old, new = place
    if edit == "+":
        return Line(edit, veiled(after[new], went.get(bare(after[new]), "")), 0, new + 1)
    return Line(edit, veiled(before[old]), old + 1, new + 1 if edit == " " else 0)
