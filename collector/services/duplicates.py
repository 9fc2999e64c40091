"""Doubts about identity that wait for a person."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.browse import duplicates
from collector.store.browse.duplicates import CaseRow
from collector.store.browse.page import Page, Window


async def listed(connection: AsyncConnection, states: tuple[str, ...], window: Window) -> Page[CaseRow]:
    """Return one page of cases, newest first; raise `BadCursor`."""
    return await duplicates.list_cases(connection, states, window)


async def count_open(connection: AsyncConnection) -> int:
    return await duplicates.count_open(connection)
