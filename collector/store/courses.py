"""The course of single values since a moment: what each lane said, what was accepted, what a package manager wrote."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import LargeBinary, bindparam, cast, null, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change import package_log
from collector.change.track import Acceptance
from collector.model import FOREVER, Path, Step, Value
from collector.store import interning, pairs, schema
from collector.store.pairs import Asked, Asking

_COLUMNS = (
    "ci_id", "path_id", "vf", "vt", "tf", "text", "source_id", "code", "lo", "cause", "gone_tf", "gone_lo",
    "gone_cause", "last_ok", "confirmed_at", "ci_class", "basis", "ref", "field", "body",
)  # fmt: skip
_claim, _auth, _section, _accepted = schema.claim.c, schema.auth.c, schema.section.c, schema.acceptance.c


def _rows(**its: Any) -> Any:
    """Return the SELECT of one kind of row; each leaves null what only the others have."""
    return select(*(its.get(name, null()).label(name) for name in _COLUMNS))


def _claims(asked: Asked) -> Any:
    here = asked.table.join(schema.claim, (_claim.ci_id == asked.ci_id) & (_claim.path_id == asked.path_id))
    here = here.join(schema.path, schema.path.c.id == _claim.path_id).join(schema.ci, schema.ci.c.id == _claim.ci_id)
    told = here.join(schema.source, schema.source.c.id == _claim.source_id).outerjoin(
        schema.section,
        (_section.ci_id == _claim.ci_id) & (_section.source_id == _claim.source_id)
        & (_section.name == schema.path.c.section),
    )  # fmt: skip
    own = ("ci_id", "path_id", "vf", "vt", "tf", "source_id", "lo", "cause", "gone_tf", "gone_lo", "gone_cause")
    wanted = _rows(
        **{name: _claim[name] for name in own}, text=schema.val.c.text, code=schema.source.c.code,
        last_ok=_section.last_ok, confirmed_at=schema.source.c.confirmed_at, ci_class=schema.ci.c.ci_class,
        body=cast(null(), LargeBinary),
    )  # fmt: skip
    return wanted.select_from(told.join(schema.val, schema.val.c.id == _claim.val_id)).where(
        _claim.vt >= bindparam("since"), _claim.tt == FOREVER
    )


def _authorised(asked: Asked) -> Any:
    here = asked.table.join(schema.auth, (_auth.ci_id == asked.ci_id) & (_auth.path_id == asked.path_id))
    own = ("ci_id", "path_id", "vf", "vt", "tf", "basis", "ref")
    wanted = _rows(**{name: _auth[name] for name in own}, text=schema.val.c.text)
    return wanted.select_from(here.outerjoin(schema.val, schema.val.c.id == _auth.val_id)).where(
        _auth.vt >= bindparam("since"), _auth.tt == FOREVER
    )


def _acceptances(asked: Asked) -> Any:
    """Return those of a place whenever they were: a trace may date what was accepted to before `since`."""
    here = asked.table.join(schema.finding, schema.finding.c.ci_id == asked.ci_id).join(
        schema.acceptance, (_accepted.finding_id == schema.finding.c.id) & (_accepted.path_id == asked.path_id)
    )
    told = here.join(schema.source, schema.source.c.id == _accepted.source_id)
    wanted = _rows(
        ci_id=schema.finding.c.ci_id, path_id=_accepted.path_id, code=schema.source.c.code, field=_accepted.field,
        text=schema.val.c.text, vf=_accepted.hi, tf=_accepted.at, ref=_accepted.reference,
    )  # fmt: skip
    # PostgreSQL takes the pairs for a hundred; told how many CIs they are, it goes by the index.
    return wanted.select_from(told.outerjoin(schema.val, schema.val.c.id == _accepted.new_val_id)).where(
        schema.finding.c.ci_id.in_(bindparam("cis", expanding=True))
    )


def _logged(_: Asked) -> Any:
    return _rows(ci_id=_section.ci_id, last_ok=_section.last_ok, body=_section.body).where(
        _section.ci_id.in_(bindparam("logged", expanding=True)), _section.name == package_log.SECTION,
        _section.body.is_not(None),
    )  # fmt: skip


_PARTS = (_claims, _authorised, _acceptances, _logged)
_COURSES = Asking(lambda asked: union_all(*(part(asked) for part in _PARTS)).order_by("vf"))
"""Everything in one answer."""

FOLLOWED = frozenset({"change", "request", "emergency", "accepted", "correction"})
"""Why a value is authorised because of what it was held against; an arrival stands by itself."""

Place = tuple[int, Path]
"""A CI and a path of it."""
AnyRow = Any


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
    `ci_class`: of the CI, as it is now. `accepted`: what people accepted there, at any time. `logged`: what the
    package manager of its CI wrote down of a package, as the section's canonical body.
    """

    since: int
    steps: tuple[tuple[str, Step], ...]
    allowed: tuple[Allowed, ...]
    sources: Mapping[str, int]
    heard: Mapping[str, int] = field(default_factory=dict)
    ci_class: str = ""
    accepted: tuple[Acceptance, ...] = ()
    logged: bytes | None = None

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


@dataclass(slots=True)
class _Told:
    """What is read of one value, row by row."""

    claims: dict[str, list[_Claim]] = field(default_factory=dict)
    allowed: list[Allowed] = field(default_factory=list)
    accepted: list[Acceptance] = field(default_factory=list)
    sources: dict[str, int] = field(default_factory=dict)
    heard: dict[str, int] = field(default_factory=dict)
    ci_class: str = ""

    def take(self, row: AnyRow) -> None:
        """Take a row of whichever kind into account."""
        value = None if row.text is None else json.loads(row.text)
        if row.source_id is not None:
            self._claim(row, value)
        elif row.basis is not None:
            self.allowed.append(Allowed(row.vf, row.vt, row.tf, row.basis, row.ref, value))
        else:
            self.accepted.append(Acceptance(row.code, row.field, value, row.vf, row.tf, row.ref))

    def _claim(self, row: AnyRow, value: Value) -> None:
        self.sources[row.code], self.ci_class = row.source_id, row.ci_class
        self.heard[row.code] = max(row.last_ok or 0, row.confirmed_at)
        went = row.gone_tf, row.gone_lo, row.gone_cause
        self.claims.setdefault(row.code, []).append(_Claim(row.vf, row.vt, row.tf, value, row.lo, row.cause, *went))

    def course(self, path: Path, since: int, logged: bytes | None) -> Course:
        """Return what it comes to."""
        return Course(
            since, _steps_since(path, since, self.claims, self.allowed), tuple(self.allowed), self.sources, self.heard,
            self.ci_class, tuple(self.accepted), logged,
        )  # fmt: skip


async def read(
    connection: AsyncConnection, wanted: Mapping[Place, int], paths: Mapping[Path, int]
) -> dict[Place, Course]:
    """Return the course of each value of `wanted` (place → since when), without what was recorded before it arrived."""
    names = {paths[path]: path for _, path in wanted}
    told, logs = {place: _Told() for place in wanted}, dict[int, tuple[int, bytes]]()
    for part in interning.chunks(wanted):
        packages = {ci_id for ci_id, path in part if path.section == package_log.SPEAKS_OF}
        asked = {
            "pairs": pairs.text((ci_id, paths[path]) for ci_id, path in part),
            "since": min(wanted[each] for each in part), "cis": sorted({ci_id for ci_id, _ in part}),
            "logged": sorted(packages - logs.keys()),
        }  # fmt: skip
        for row in await connection.execute(_COURSES.of(connection), asked):
            if row.body is None:
                told[row.ci_id, names[row.path_id]].take(row)
            else:  # of several sources the one that read it last
                logs[row.ci_id] = max(logs.get(row.ci_id, (0, b"")), (row.last_ok, bytes(row.body)))
    return {
        place: told[place].course(place[1], since, _log_of(place, logs)) for place, since in wanted.items()
    }  # fmt: skip


def _log_of(place: Place, logs: Mapping[int, tuple[int, bytes]]) -> bytes | None:
    ci_id, path = place
    return logs[ci_id][1] if path.section == package_log.SPEAKS_OF and ci_id in logs else None


def _steps_since(
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
