"""Doubts about identity that wait for a person."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.services.missing import NotFound
from collector.store import suspects
from collector.store.browse import duplicates
from collector.store.browse import identity as browse_identity
from collector.store.browse.cis import CiRow
from collector.store.browse.duplicates import CaseDetail, CaseRow
from collector.store.browse.identity import Identity
from collector.store.browse.page import Page, Window


async def listed(connection: AsyncConnection, states: tuple[str, ...], window: Window) -> Page[CaseRow]:
    """Return one page of cases, newest first; raise `BadCursor`."""
    return await duplicates.list_cases(connection, states, window)


async def one(connection: AsyncConnection, number: int) -> CaseDetail:
    """Return one case with what a person decides it by; raise `NotFound`."""
    found = await duplicates.one_case(connection, number)
    if found is None:
        raise NotFound("case", str(number))
    return found


async def quarantine(connection: AsyncConnection) -> list[Any]:
    """Return the identifiers that name nobody (kind, value, at, who, why), the newest first."""
    return await suspects.listed(connection)


async def identity(connection: AsyncConnection, ci: CiRow) -> Identity:
    """Return why a CI is one CI, and why another one is not it."""
    return await browse_identity.of_ci(connection, ci.id)


async def count_open(connection: AsyncConnection) -> int:
    return await duplicates.count_open(connection)
