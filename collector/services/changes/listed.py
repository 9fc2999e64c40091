"""Many changes as one list (CSV or what else `imports.table` reads): a row a line of a plan; all of it or nothing.

Rows with one reference are one change, which takes its title, type and window from the first of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Final

from collector.change.record import ChangeType, Window
from collector.model import Path
from collector.security.audit import Act
from collector.services.changes import expecting
from collector.services.changes.asked import Asked, AskedLine
from collector.services.changes.desk import Desk
from collector.services.imports import BadTable, table
from collector.services.refused import Refused
from collector.store import called

COLUMNS: Final = (
    "reference", "type", "title", "reason", "implementer", "start", "end", "text", "ci", "section", "key", "field",
    "expected", "value",
)  # fmt: skip
MAX_ROWS: Final = 20_000
MAX_WRONG: Final = 100

Rows = list[tuple[int, Mapping[str, str]]]


@dataclass(frozen=True, slots=True)
class WrongRow:
    """Why a row is refused: its number in the file, the column, and a sentence."""

    row: int
    field: str
    why: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a list: numbers of changes that are new, of those that were known, or why it was not taken."""

    made: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    wrong: tuple[WrongRow, ...] = ()


class _Undone(Exception):
    """A row is refused, so nothing of the list is kept."""


async def take(act: Act, desk: Desk, system: str, file: IO[bytes]) -> Taken:
    """Take a list of changes from `system`; with one wrong row nothing is written. Raise `BadTable`."""
    groups = _grouped(file)
    came, wrong = list[tuple[str, bool]](), list[WrongRow]()
    try:
        async with act.tx.begin_nested():
            told = len(act.told)
            for reference, rows in groups.items():
                try:
                    came.append(await _one(act, desk, (system, reference), rows))
                except Refused as error:
                    wrong.append(WrongRow(rows[0][0], error.field, str(error)))
            if wrong:
                del act.told[told:]
                raise _Undone
    except _Undone:
        return Taken(wrong=tuple(wrong[:MAX_WRONG]))
    made, known = [[number for number, is_new in came if is_new is wanted] for wanted in (True, False)]
    return Taken(tuple(made), tuple(known))


def _grouped(file: IO[bytes]) -> dict[str, Rows]:
    groups: dict[str, Rows] = {}
    for count, (number, row) in enumerate(table.read(file).rows, 1):
        if count > MAX_ROWS:
            raise BadTable(f"more than {MAX_ROWS} rows")
        if unknown := sorted(row.keys() - {*COLUMNS}):
            raise BadTable(f"there is no column {unknown[0][:64]}")
        groups.setdefault(row.get("reference", "").strip(), []).append((number, row))
    return groups


async def _one(act: Act, desk: Desk, named: tuple[str, str], rows: Rows) -> tuple[str, bool]:
    first = rows[0][1]
    try:
        type_ = ChangeType(first.get("type", "").strip())
    except ValueError:
        raise Refused("standard, normal, major, emergency or request is expected", "type") from None
    uids = await _uids(act, [row for _, row in rows])
    lines = tuple(_line(row, uids) for _, row in rows if row.get("section", "").strip())
    asked = Asked(
        first.get("title", ""), first.get("reason", ""), first.get("implementer", act.by).strip(),
        tuple(uids.values()), lines, _window(first), first.get("text", ""),
    )  # fmt: skip
    return await desk.arrive(act, type_, asked, *named)


async def _uids(act: Act, rows: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return how the rows call their CIs → uid; raise `Refused` where that is nobody, or several."""
    words = [word for row in rows if (word := row.get("ci", "").strip())]
    found = await called.referred(act.tx, words)
    for word in words:
        if len(found.get(word, ())) != 1:
            many = "several CIs are" if found.get(word) else "no CI is"
            raise Refused(f"{many} called {word[:64]}", "ci")
    return {word: found[word][0].uid for word in words}


def _line(row: Mapping[str, str], uids: Mapping[str, str]) -> AskedLine:
    section, key, field = (row.get(name, "").strip() for name in ("section", "key", "field"))
    how = row.get("expected", "").strip() or ("exact" if row.get("value", "").strip() else "discovered")
    expected = expecting.read(Path(section, key), field, how, row.get("value", ""))
    word = row.get("ci", "").strip()
    if not word:
        raise Refused("a line of a plan names its CI", "ci")
    return AskedLine(uids[word], section, key, field, expected)


def _window(row: Mapping[str, str]) -> Window | None:
    start, end = row.get("start", "").strip(), row.get("end", "").strip()
    return Window(_moment(start, "start"), _moment(end, "end")) if start or end else None


def _moment(text: str, field: str) -> int:
    try:
        at = datetime.fromisoformat(text)
        return int((at if at.tzinfo else at.astimezone()).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        raise Refused("a time like 2026-11-27T22:00+08:00 is expected", field) from None
