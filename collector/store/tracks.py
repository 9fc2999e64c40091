"""The authorised lane as it is written anew from a moment on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import FOREVER, Value
from collector.store import schema
from collector.store.courses import Allowed, Course, Place
from collector.store.engine import upsert
from collector.store.lanes import Ids

_ROW = (
    (schema.auth.c.ci_id == bindparam("b_ci")) & (schema.auth.c.path_id == bindparam("b_path"))
    & (schema.auth.c.vf == bindparam("b_vf")) & (schema.auth.c.tf == bindparam("b_tf"))
)  # fmt: skip
_NAMED = ("ci_id", "path_id", "vf", "tf")
_SUPERSEDE = update(schema.auth).where(_ROW).values(tt=bindparam("b_at"))
_END = update(schema.auth).where(_ROW).values(vt=bindparam("b_vt"))


@dataclass(frozen=True, slots=True)
class Moving:
    """How one value was authorised after `course.since`, as it is to be: (value, from when, basis, reference)."""

    place: Place
    course: Course
    moves: tuple[tuple[Value, int, str, str], ...]

    @property
    def kept(self) -> int:
        """Return how many of the rows that are there stay as they are."""
        count = 0
        for row, move in zip(self.course.moves, self.moves, strict=False):
            if (row.value, row.vf, row.basis, row.reference) != move:
                break
            count += 1
        return count

    @property
    def is_as_it_was(self) -> bool:
        return self.kept == len(self.moves) == len(self.course.moves)


async def authorise(connection: AsyncConnection, moving: Iterable[Moving], at: int, ids: Ids) -> None:
    """Let the authorised lane be what `moving` says; what is no longer so stays as what was recorded until `at`."""
    superseded: list[dict[str, Any]] = []
    ended: list[dict[str, Any]] = []
    opened: list[dict[str, Any]] = []
    for each in moving:
        if not each.is_as_it_was:
            _rewrite(each, at, ids, (superseded, ended, opened))
    for statement, rows in ((_SUPERSEDE, superseded), (_END, ended), (_opening(connection), opened)):
        if rows:
            await connection.execute(statement, rows)


def _opening(connection: AsyncConnection) -> Any:
    """Return how rows are written: what was recorded at the same time and superseded at once was never recorded."""
    return upsert(connection, schema.auth, _NAMED)


def _rewrite(each: Moving, at: int, ids: Ids, to: tuple[list[dict[str, Any]], ...]) -> None:
    superseded, ended, opened = to
    (ci_id, path), kept = each.place, each.kept
    key = {"b_ci": ci_id, "b_path": ids.paths[path]}
    stale = each.course.moves[kept:]
    superseded += [key | {"b_vf": row.vf, "b_tf": row.tf, "b_at": at} for row in stale]
    moves = each.moves[kept:]
    ends = [*(move[1] for move in moves[1:]), FOREVER][: len(moves)]
    last = _last_kept(each.course, kept)
    if last is not None and last.vt == (stale[0].vf if stale else FOREVER):
        ended.append(key | {"b_vf": last.vf, "b_tf": last.tf, "b_vt": moves[0][1] if moves else FOREVER})
    tf = max([at, *(row.tf + 1 for row in stale)])
    opened += [
        {"ci_id": ci_id, "path_id": ids.paths[path], "vf": vf, "vt": vt, "tf": tf, "tt": FOREVER,
         "val_id": ids.value(value), "basis": basis, "ref": reference}
        for (value, vf, basis, reference), vt in zip(moves, ends, strict=True)
    ]  # fmt: skip


def _last_kept(course: Course, kept: int) -> Allowed | None:
    """Return the row whose end is where the first row begins that is written anew."""
    return course.moves[kept - 1] if kept else course.base
