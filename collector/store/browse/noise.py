"""What people answered to what moved, counted by value: dismissed as right as it is, or confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.matching import Flag
from collector.model import CiState, Verdict
from collector.store.schema import acceptance, ci, finding_item, finding_mark, path

UNDO = "undo"
Place = tuple[str, str, str]
"""Section, key and field of what moved."""


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` until before `end` (ms)."""

    start: int
    end: int

    def holds(self, at: ColumnElement[int]) -> ColumnElement[bool]:
        return and_(at >= self.start, at < self.end)


async def dismissed(connection: AsyncConnection, span: Span) -> Mapping[Place, int]:
    """Return what was accepted as it is within `span`, without a change, and how often."""
    return await _counted(connection, acceptance, span.holds(acceptance.c.at))


async def confirmed(connection: AsyncConnection, span: Span) -> Mapping[Place, int]:
    """Return what was confirmed within `span`, and how often.

    Confirmed is what a change explains that was recorded after it was found, and what somebody was asked to put back.
    """
    return await _counted(connection, finding_item, or_(_is_put_back(span), _is_explained(span)))


async def standing_cis(connection: AsyncConnection) -> int:
    """Return how many CIs stand registered: of those it is that findings are raised."""
    gone = (str(CiState.PROPOSED), str(CiState.RETIRED), str(CiState.ARCHIVED))
    counted = select(func.count()).select_from(ci).where(ci.c.state.not_in(gone))
    return int((await connection.execute(counted)).scalar_one())


def _is_put_back(span: Span) -> ColumnElement[bool]:
    asked = select(finding_mark.c.finding_id).where(finding_mark.c.act == UNDO, span.holds(finding_mark.c.at))
    return finding_item.c.finding_id.in_(asked)


def _is_explained(span: Span) -> ColumnElement[bool]:
    """Return the condition of an item that a change explains afterwards, told by its flag or its verdict."""
    afterwards = finding_item.c.flags.contains(f'"{Flag.RETROSPECTIVE}"')
    made_from = and_(finding_item.c.verdict == str(Verdict.ACCEPTED), ~_was_accepted())
    return and_(span.holds(finding_item.c.closed_at), or_(afterwards, made_from))


def _was_accepted() -> ColumnElement[bool]:
    its = ("finding_id", "path_id", "field", "hi", "source_id")
    same = [acceptance.c[name] == finding_item.c[name] for name in its]
    return select(1).select_from(acceptance).where(*same).correlate(finding_item).exists()


async def _counted(connection: AsyncConnection, items: Table, which: ColumnElement[bool]) -> Mapping[Place, int]:
    """Return place → how many values moved there in some finding: one that several sources show is one."""
    its = items.c
    once = select(its.path_id, its.field, its.finding_id, its.new_val_id).where(which).distinct().subquery()
    places = (path.c.section, path.c.key, once.c.field)
    counted = select(*places, func.count()).select_from(once.join(path, path.c.id == once.c.path_id))
    rows = await connection.execute(counted.group_by(*places))
    return {(section, key, name): count for section, key, name, count in rows}
