"""What every lane said of single values since a moment: the steps between its claims, and what was authorised."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import bindparam, null, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import FOREVER, Path, Step, Value
from collector.store import interning, pairs, schema
from collector.store.engine import upsert
from collector.store.lanes import Ids
from collector.store.pairs import Asked, Asking

_claim, _auth, _section = schema.claim.c, schema.auth.c, schema.section.c


def _claims(asked: Asked) -> Any:
    here = asked.table.join(schema.claim, (_claim.ci_id == asked.ci_id) & (_claim.path_id == asked.path_id))
    here = here.join(schema.path, schema.path.c.id == _claim.path_id).join(schema.ci, schema.ci.c.id == _claim.ci_id)
    told = here.join(schema.source, schema.source.c.id == _claim.source_id).outerjoin(
        schema.section,
        (_section.ci_id == _claim.ci_id) & (_section.source_id == _claim.source_id)
        & (_section.name == schema.path.c.section),
    )  # fmt: skip
    return (
        select(
            _claim.ci_id, _claim.path_id, _claim.vf, _claim.vt, _claim.tf, schema.val.c.text,
            _claim.source_id, schema.source.c.code, _claim.lo, _claim.cause, _claim.gone_tf, _claim.gone_lo,
            _claim.gone_cause, _section.last_ok, schema.source.c.confirmed_at, schema.ci.c.ci_class, null(), null(),
        )
        .select_from(told.join(schema.val, schema.val.c.id == _claim.val_id))
        .where(_claim.vt >= bindparam("since"), _claim.tt == FOREVER)
    )  # fmt: skip


def _authorised(asked: Asked) -> Any:
    here = asked.table.join(schema.auth, (_auth.ci_id == asked.ci_id) & (_auth.path_id == asked.path_id))
    return (
        select(
            _auth.ci_id, _auth.path_id, _auth.vf, _auth.vt, _auth.tf, schema.val.c.text,
            *[null()] * 10, _auth.basis, _auth.ref,
        )
        .select_from(here.outerjoin(schema.val, schema.val.c.id == _auth.val_id))
        .where(_auth.vt >= bindparam("since"), _auth.tt == FOREVER)
    )  # fmt: skip


_COURSES = Asking(lambda asked: union_all(_claims(asked), _authorised(asked)).order_by("vf"))
"""Rows of both lanes in one answer; each leaves null what only the other has."""
_ROW = (
    (schema.auth.c.ci_id == bindparam("b_ci")) & (schema.auth.c.path_id == bindparam("b_path"))
    & (schema.auth.c.vf == bindparam("b_vf")) & (schema.auth.c.tf == bindparam("b_tf"))
)  # fmt: skip
_NAMED = ("ci_id", "path_id", "vf", "tf")
_SUPERSEDE = update(schema.auth).where(_ROW).values(tt=bindparam("b_at"))
_END = update(schema.auth).where(_ROW).values(vt=bindparam("b_vt"))

FOLLOWED = frozenset({"change", "request", "emergency", "accepted", "correction"})
"""Why a value is authorised because of what it was held against; an arrival stands by itself."""

Place = tuple[int, Path]
"""A CI and a path of it."""


class Allowed(NamedTuple):
    """One row of the authorised lane: a value (None: absent) over [vf, vt), why, and when that was recorded."""

    vf: int
    vt: int
    tf: int
    basis: str
    reference: str
    value: Value

    @property
    def stands(self) -> bool:
        """Whether it stands by itself: an arrival, whatever moved since."""
        return self.basis not in FOLLOWED


@dataclass(frozen=True, slots=True)
class Course:
    """One value since `since` (ms): the steps of each lane by its source's code, and its authorised rows in order.

    `sources`: code → id of those sources. `heard`: code → when that one last spoke of the value's section (ms).
    `ci_class`: of the CI, as it is now.
    """

    since: int
    steps: tuple[tuple[str, Step], ...]
    allowed: tuple[Allowed, ...]
    sources: Mapping[str, int]
    heard: Mapping[str, int] = field(default_factory=dict)
    ci_class: str = ""

    @property
    def base(self) -> Allowed | None:
        """Return the row that was authorised at `since`; an arrival is of what was seen before it, too."""
        held = (row for row in self.allowed if row.vf <= self.since < row.vt)
        return next(held, None) or next((row for row in self.allowed[:1] if row.stands), None)

    @property
    def moves(self) -> tuple[Allowed, ...]:
        """Return how it moved after `since`, because of what was held against it."""
        return tuple(row for row in self.allowed if row.vf > self.since and not row.stands)


class _Claim(NamedTuple):
    vf: int
    vt: int
    tf: int
    value: Value
    lo: int
    cause: str
    gone_tf: int | None
    gone_lo: int | None
    gone_cause: str | None


async def courses(
    connection: AsyncConnection, wanted: Mapping[Place, int], paths: Mapping[Path, int]
) -> dict[Place, Course]:
    """Return the course of each value of `wanted` (place → since when), without what was recorded before it arrived."""
    names = {paths[path]: path for _, path in wanted}
    claims: dict[Place, dict[str, list[_Claim]]] = {place: {} for place in wanted}
    allowed: dict[Place, list[Allowed]] = {place: [] for place in wanted}
    heard: dict[Place, dict[str, int]] = {place: {} for place in wanted}
    classes: dict[int, str] = {}
    sources: dict[str, int] = {}
    for part in interning.chunks(wanted, pairs.MOST):
        places = pairs.text((ci_id, paths[path]) for ci_id, path in part)
        asked = {"pairs": places, "since": min(wanted[each] for each in part)}
        for ci_id, path_id, vf, vt, tf, text, *own in await connection.execute(_COURSES.of(connection), asked):
            place, value = (ci_id, names[path_id]), None if text is None else json.loads(text)
            source_id, code, *how, last_ok, confirmed_at, ci_class, basis, reference = own
            if source_id is None:
                allowed[place].append(Allowed(vf, vt, tf, basis, reference, value))
            else:
                sources[code], classes[ci_id] = source_id, ci_class
                heard[place][code] = max(last_ok or 0, confirmed_at)
                claims[place].setdefault(code, []).append(_Claim(vf, vt, tf, value, *how))
    return {
        place: Course(
            since, _told(place[1], since, claims[place], allowed[place]), tuple(allowed[place]), sources, heard[place],
            classes.get(place[0], ""),
        )
        for place, since in wanted.items()
    }  # fmt: skip


def _told(
    path: Path, since: int, claims: Mapping[str, Sequence[_Claim]], allowed: Sequence[Allowed]
) -> tuple[tuple[str, Step], ...]:
    arrived = max(((row.tf, row.vf) for row in allowed if row.stands), default=(0, 0))  # one batch has one `tf`
    told = ((code, step, tf) for code, rows in claims.items() for step, tf in _steps(path, rows))
    return tuple((code, step) for code, step, tf in told if step.hi > since and (tf, step.hi) > arrived)


def _steps(path: Path, rows: Sequence[_Claim]) -> Iterable[tuple[Step, int]]:
    """Yield the steps between the intervals of one lane, each with when it was recorded; what was not followed went."""
    before: _Claim | None = None
    for row in rows:
        follows = before is not None and before.vt == row.vf
        if before is not None and not follows:
            yield _went(path, before)
        yield Step(path, before.value if before and follows else None, row.value, row.lo, row.vf, row.cause), row.tf
        before = row
    if before is not None and before.vt != FOREVER:
        yield _went(path, before)


def _went(path: Path, row: _Claim) -> tuple[Step, int]:
    """Return how a value went; a row of before such things were kept says no more than that it was there once."""
    lo = row.vf if row.gone_lo is None else row.gone_lo
    return Step(path, row.value, None, lo, row.vt, row.gone_cause or "world"), row.gone_tf or row.vt


# --- the authorised lane is written anew from a moment on


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
