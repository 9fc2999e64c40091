"""Why a CI is one CI, from what is kept: who speaks of it and was matched by what, what names it and what does not."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import case, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.browse.ref import CiRef
from collector.store.schema import apart, ci, duplicate_case, identifier, merge, source, subject_ci, suspect

MOST = 500
"""Rows of each kind that are shown."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A source that speaks of the CI in a role; `matched_by`: a set of identifiers, or a decision; `since` in ms."""

    source: str
    role: str
    matched_by: str
    since: int


@dataclass(frozen=True, slots=True)
class Name:
    """An identifier. `state`: live, retired (of hardware that was replaced), suspect (in quarantine); times in ms.

    `why`: of a suspect one, who put it there and in which case.
    """

    kind: str
    value: str
    state: str
    source: str
    first_at: int
    last_at: int
    why: str


@dataclass(frozen=True, slots=True)
class Joined:
    """A CI that is this one since `at`, by what was decided of its case; or another one that is told apart from it."""

    id: int
    ci: CiRef
    at: int
    who: str
    case_id: int | None
    decision: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """Why a CI is one CI, and why another one is not it."""

    spoken: tuple[Spoken, ...]
    names: tuple[Name, ...]
    merged: tuple[Joined, ...]
    apart: tuple[Joined, ...]


async def of_ci(connection: AsyncConnection, ci_id: int) -> Identity:
    """Return what is known of the identity of a CI."""
    return Identity(
        await _spoken(connection, ci_id), await _names(connection, ci_id),
        await merged(connection, ci_id), await _apart(connection, ci_id),
    )  # fmt: skip


async def _spoken(connection: AsyncConnection, ci_id: int) -> tuple[Spoken, ...]:
    wanted = (
        select(source.c.code, subject_ci.c.role, subject_ci.c.matched_by, subject_ci.c.since)
        .select_from(subject_ci.join(source, source.c.id == subject_ci.c.source_id))
        .where(subject_ci.c.ci_id == ci_id)
        .order_by(subject_ci.c.since, source.c.code)
        .limit(MOST)
    )
    return tuple(Spoken(*row) for row in await connection.execute(wanted))


async def _names(connection: AsyncConnection, ci_id: int) -> tuple[Name, ...]:
    held = identifier.c
    quarantined = (suspect.c.kind == held.kind) & (suspect.c.value == held.value)
    state = case((suspect.c.kind.is_not(None), "suspect"), else_=held.state)
    said = case((suspect.c.kind.is_not(None), suspect.c.who + " · " + suspect.c.why), else_="")
    joined = identifier.join(ci, ci.c.id == held.ci_id).join(source, source.c.id == held.source_id)
    wanted = (
        select(held.kind, held.value, state, source.c.code, held.first_at, held.last_at, said)
        .select_from(joined.outerjoin(suspect, quarantined))
        .where(or_(ci.c.id == ci_id, ci.c.merged_into == ci_id))
        .order_by(held.kind, held.value, held.ci_id)
        .limit(MOST)
    )
    return tuple(Name(*row) for row in await connection.execute(wanted))


_REF = (ci.c.uid, ci.c.name, ci.c.ci_class, ci.c.ci_type, ci.c.state)


async def merged(connection: AsyncConnection, ci_id: int) -> tuple[Joined, ...]:
    """Return the CIs that are this one now, the first merge first."""
    wanted = (
        select(merge.c.id, *_REF, merge.c.at, merge.c.who, merge.c.case_id, duplicate_case.c.decision)
        .select_from(
            merge.join(ci, ci.c.id == merge.c.ci_id).outerjoin(duplicate_case, duplicate_case.c.id == merge.c.case_id)
        )
        .where(merge.c.into_id == ci_id, merge.c.undone_at.is_(None))
        .order_by(merge.c.id)
        .limit(MOST)
    )
    return tuple(_joined(row) for row in await connection.execute(wanted))


async def _apart(connection: AsyncConnection, ci_id: int) -> tuple[Joined, ...]:
    other = case((apart.c.a == ci_id, apart.c.b), else_=apart.c.a)
    wanted = (
        select(ci.c.id, *_REF, apart.c.at, apart.c.who, apart.c.case_id)
        .select_from(apart.join(ci, ci.c.id == other))
        .where(or_(apart.c.a == ci_id, apart.c.b == ci_id))
        .order_by(apart.c.at)
        .limit(MOST)
    )
    return tuple(_joined(row) for row in await connection.execute(wanted))


def _joined(row: object) -> Joined:
    number, uid, name, ci_class, ci_type, state, at, who, case_id, *decision = tuple(row)  # type: ignore[arg-type,var-annotated]
    return Joined(number, CiRef(uid, name, ci_class, ci_type, state), at, who, case_id, *filter(None, decision))
