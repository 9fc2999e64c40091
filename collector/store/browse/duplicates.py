"""Doubts about identity that wait for a person, with the evidence for each CI."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.browse.page import AnyRow, Key, Order, Page, Window, fetch
from collector.store.browse.ref import CiRef
from collector.store.schema import ci, duplicate_case, duplicate_member


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One CI of a case and what speaks for or against it."""

    ci: CiRef
    evidence: str


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case: duplicate, clone, replacement, split or class_conflict; times in ms."""

    id: int
    kind: str
    why: str
    state: str
    opened_at: int
    decided_by: str | None
    decided_at: int | None
    members: tuple[MemberRow, ...] = ()


async def list_cases(connection: AsyncConnection, states: Sequence[str], window: Window) -> Page[CaseRow]:
    """Return one page of cases, newest first; raise `BadCursor`."""
    where = [duplicate_case.c.state.in_(states)] if states else []
    count = (await connection.execute(select(func.count()).select_from(duplicate_case).where(*where))).scalar_one()
    order = Order((duplicate_case.c.opened_at, duplicate_case.c.id), lambda row: (row.id,), _bound, (int,), True)
    page = await fetch(connection, select(duplicate_case).where(*where), order, window, count)
    members = await _members(connection, [row.id for row in page.items])
    return page.of([_case(row, members.get(row.id, ())) for row in page.items])


async def count_open(connection: AsyncConnection) -> int:
    counted = select(func.count()).select_from(duplicate_case).where(duplicate_case.c.state == "open")
    return (await connection.execute(counted)).scalar_one()


def _bound(key: Key) -> tuple[Any, ...]:
    return (select(duplicate_case.c.opened_at).where(duplicate_case.c.id == key[0]).scalar_subquery(), key[0])


def _case(row: AnyRow, members: tuple[MemberRow, ...]) -> CaseRow:
    return CaseRow(row.id, row.kind, row.why, row.state, row.opened_at, row.decided_by, row.decided_at, members)


async def _members(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, tuple[MemberRow, ...]]:
    statement = (
        select(
            duplicate_member.c.case_id, duplicate_member.c.evidence,
            ci.c.uid, ci.c.name, ci.c.ci_class, ci.c.ci_type, ci.c.state,
        )
        .join(ci, ci.c.id == duplicate_member.c.ci_id)
        .where(duplicate_member.c.case_id.in_(ids))
        .order_by(ci.c.id)
    )  # fmt: skip
    found: dict[int, tuple[MemberRow, ...]] = {}
    for row in await connection.execute(statement):
        found[row[0]] = (*found.get(row[0], ()), MemberRow(CiRef(*row[2:]), row[1]))
    return found
