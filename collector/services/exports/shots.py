"""The photos of a report on paper: which of them are drawn, each read, held against its SHA-256 and made small."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from collector.report.value import Shot, Table
from collector.services.exports.bounds import MAX_PRINTED
from collector.services.exports.darkroom import Darkroom
from collector.thumbnail import BadPicture

MAX_SHOTS: Final = 60
"""Photos of a report that are drawn: all that an inspection may have."""
UNREADABLE, CHANGED = "report.shot_unreadable", "report.shot_changed"


@dataclass(frozen=True, slots=True)
class Print:
    """A photo made small (JPEG); where there is no such picture, the text of the catalogue that says why."""

    shot: Shot
    picture: bytes = b""
    why: str = ""


Prints = Mapping[int, Sequence[Print]]
"""Number of a row → its photos, as they are drawn below it."""


async def prints(tables: Iterable[Table]) -> dict[str, Prints]:
    """Return the photos of each table that has any; one at a time is in memory as it was sent."""
    made: dict[str, dict[int, list[Print]]] = {}
    wanted = chosen(tables)
    if not wanted:
        return {}
    async with Darkroom() as room:
        for table, row, shot in wanted:
            made.setdefault(table, {}).setdefault(row, []).append(await _print(shot, room))
    return {**made}


def chosen(tables: Iterable[Table]) -> list[tuple[str, int, Shot]]:
    """Return which photos are drawn, by table and row: the first of every row before the second of any."""
    every = [
        (turn, (table.name, row, shot))
        for table in tables
        for row, its in table.shots.items() if row < MAX_PRINTED
        for turn, shot in enumerate(its)
    ]  # fmt: skip
    return [shot for _, shot in sorted(every, key=lambda each: each[0])[:MAX_SHOTS]]


async def _print(shot: Shot, room: Darkroom) -> Print:
    content = await shot.read()
    if hashlib.sha256(content).hexdigest() != shot.sha256:
        return Print(shot, why=CHANGED)
    try:
        return Print(shot, await room.small(content))
    except BadPicture:
        return Print(shot, why=UNREADABLE)
