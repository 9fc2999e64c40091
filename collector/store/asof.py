"""What held in a lane, or between two CIs, at one time, as far as recorded by another: what was believed then.

A row ends in place. So of the rows of a lane recorded by then the last one tells: past its end it still held for all
anybody knew, unless it was recorded by then that nothing follows. Of a relation nothing follows: each row tells alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    FromClause,
    Select,
    Subquery,
    Table,
    bindparam,
    func,
    or_,
    select,
    tuple_,
)

from collector.model import FOREVER
from collector.store.heads import STANDING
from collector.store.schema import ci, ci_head, claim, merge, relation


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in both times: what was true at `valid_at`, as it was known at `known_at` (ms)."""

    valid_at: int
    known_at: int


ASKED = Moment(bindparam("valid_at", type_=BigInteger), bindparam("known_at", type_=BigInteger))  # type: ignore[arg-type]
"""A moment that is given when the statement runs: making one costs as much as running it."""


def held(lane: Table, which: ColumnElement[bool], moment: Moment | None) -> Subquery:
    """Return the rows of `lane` among `which` that hold now, or held at `moment`; none for what was absent.

    The columns are those of the lane. `>=` where `=` would do keeps SQLite from the index of current values, by which
    it reads a path of all CIs.
    """
    if moment is None:
        now = (lane.c.vt >= FOREVER) & (lane.c.tt == FOREVER)
        return select(lane).where(which, now, lane.c.val_id.is_not(None)).subquery()
    last = _last(lane, which, moment).subquery()
    unended = or_(last.c.vt > moment.valid_at, last.c.gone_tf > moment.known_at, _followed(lane, last))
    columns = [last.c[column.name] for column in lane.c]
    return select(*columns).where(last.c.turn == 1, last.c.val_id.is_not(None), unended).subquery()


def _last(lane: Table, which: ColumnElement[bool], moment: Moment) -> Select[Any]:
    """Of each value (of a claim: of each source) the rows that had begun and were recorded, the last one first."""
    begun = (lane.c.vf <= moment.valid_at, lane.c.tf <= moment.known_at, lane.c.tt > moment.known_at)
    turn = func.row_number().over(partition_by=_value_of(lane), order_by=(lane.c.vf.desc(), lane.c.tf.desc()))
    return select(lane, turn.label("turn")).where(which, *begun)


def _followed(lane: Table, last: Subquery) -> ColumnElement[bool]:
    """Whether something begins where a row ends: had that been recorded by then, it would be the last row itself."""
    then = lane.alias("then")
    same = [then.c[column.name] == last.c[column.name] for column in _value_of(lane)]
    return select(then.c.vf).where(*same, then.c.vf == last.c.vt).exists()


def _value_of(lane: Table) -> list[Column[Any]]:
    return [lane.c.ci_id, lane.c.path_id, *([lane.c.source_id] if lane is claim else [])]


def related(moment: Moment | None) -> ColumnElement[bool]:
    """Return the condition under which a relation holds now, or held at `moment`."""
    its = relation.c
    if moment is None:
        return its.vt == FOREVER
    begun = (its.vf <= moment.valid_at) & (its.tf <= moment.known_at)
    return begun & or_(its.vt > moment.valid_at, its.gone_tf > moment.known_at)


def cis(moment: Moment | None) -> FromClause:
    """Return all CIs as they stand now, or as those stood at `moment` that were there and known by then.

    The columns are those of `ci`.
    """
    if moment is None:
        return ci
    its, after = ci_head, ci_head.alias("after")
    later = tuple_(after.c.vf, after.c.tf) > tuple_(its.c.vf, its.c.tf)
    overtaken = select(after.c.vf).where(after.c.ci_id == its.c.ci_id, later, *_told(after, moment)).exists()
    own = [ci.c[name] for name in ("id", "uid", "created_at", "arrival")]
    stood = select(*own, *(its.c[name] for name in STANDING), _merged(moment)).join(its, its.c.ci_id == ci.c.id)
    return stood.where(~overtaken, *_told(its, moment)).subquery("stood")


def _told(heads: FromClause, moment: Moment) -> tuple[ColumnElement[bool], ...]:
    return heads.c.vf <= moment.valid_at, heads.c.tf <= moment.known_at


def _merged(moment: Moment) -> ColumnElement[Any]:
    """Return what a CI was by then that was merged into another; a merge is a decision and holds from when it is."""
    stood = merge.c.at <= moment.known_at, or_(merge.c.undone_at.is_(None), merge.c.undone_at > moment.known_at)
    into = select(func.max(merge.c.into_id)).where(merge.c.ci_id == ci.c.id, *stood)
    return into.scalar_subquery().label("merged_into")
