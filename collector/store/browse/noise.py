"""What people answered to what moved, counted by value: dismissed as right as it is, or confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.matching import Flag
from collector.model import CiState, Verdict
from collector.store.browse.page import AnySelect
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
    accepted = select(path.c.section, path.c.key, acceptance.c.field, func.count()).where(span.holds(acceptance.c.at))
    return await _counted(connection, accepted.join(path, path.c.id == acceptance.c.path_id), acceptance.c.field)


async def confirmed(connection: AsyncConnection, span: Span) -> Mapping[Place, int]:
    """Return what was confirmed within `span`, and how often.

    Confirmed is what a change explains that was recorded after it was found, and what somebody was asked to put back.
    """
    items = select(path.c.section, path.c.key, finding_item.c.field, func.count()).where(
        or_(_is_put_back(span), _is_explained(span))
    )
    return await _counted(connection, items.join(path, path.c.id == finding_item.c.path_id), finding_item.c.field)


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


async def _counted(connection: AsyncConnection, counting: AnySelect, field: ColumnElement[str]) -> Mapping[Place, int]:
    rows = await connection.execute(counting.group_by(path.c.section, path.c.key, field))
    return {(section, key, name): count for section, key, name, count in rows}
