"""Incidents that stand under a word the desk has no category for, brought under the one its table says."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.desk.table import Table
from collector.store import incidents


async def settle(tx: AsyncConnection, table: Table) -> int:
    """Give every incident a category of the desk's; return how many words moved.

    They came in before there was one vocabulary, or under a table that knew other categories.
    """
    said = await incidents.categories(tx)
    moved = {word: table.category(word) for word in said if word and table.category(word) != word}
    await incidents.recategorise(tx, moved)
    return len(moved)
