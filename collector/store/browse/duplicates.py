"""Doubts about identity that wait for a person, with the evidence for each CI."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.browse.page import AnyRow, Key, Order, Page, Window, fetch
from collector.store.browse.ref import CiRef
from collector.store.schema import ci, duplicate_case, duplicate_member, frozen_ci, identifier, parked

MOST_IDENTIFIERS = 400
"""Identifiers of a case that are shown."""


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
    decision: str = ""
    reason: str = ""
    members: tuple[MemberRow, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseDetail:
    """One case, how many observations wait for it, and what its members hold: kind → value → uids of those who do."""

    case: CaseRow
    waiting: int
    frozen: bool
    identifiers: tuple[tuple[str, str, tuple[str, ...]], ...]


async def one_case(connection: AsyncConnection, number: int) -> CaseDetail | None:
    """Return one case with what a person decides it by; None when there is none."""
    row = (await connection.execute(select(duplicate_case).where(duplicate_case.c.id == number))).first()
    if row is None:
        return None
    members = (await _members(connection, [number])).get(number, ())
    counted = select(func.count()).select_from(parked).where(parked.c.case_id == number)
    cold = select(func.count()).select_from(frozen_ci).where(frozen_ci.c.case_id == number)
    return CaseDetail(
        _case(row, members), (await connection.execute(counted)).scalar_one(),
        bool((await connection.execute(cold)).scalar_one()), await _identifiers(connection, number),
    )  # fmt: skip


async def _identifiers(connection: AsyncConnection, number: int) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    held: dict[tuple[str, str], tuple[str, ...]] = {}
    joined = identifier.join(ci).join(duplicate_member, duplicate_member.c.ci_id == ci.c.id)
    wanted = select(identifier.c.kind, identifier.c.value, ci.c.uid).select_from(joined)
    wanted = wanted.where(duplicate_member.c.case_id == number, identifier.c.state == "live").order_by(
        identifier.c.kind, identifier.c.value, ci.c.id
    )
    for kind, value, uid in await connection.execute(wanted.limit(MOST_IDENTIFIERS)):
        held[kind, value] = (*held.get((kind, value), ()), uid)
    return tuple((kind, value, uids) for (kind, value), uids in held.items())


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
    return CaseRow(
        row.id, row.kind, row.why, row.state, row.opened_at, row.decided_by, row.decided_at, row.decision, row.reason,
        members,
    )  # fmt: skip


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
