"""Relations of the whole estate: what runs on, is installed on, contains what."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.browse import relations
from collector.store.browse.page import Page, Window
from collector.store.browse.relations import RelationQuery, RelationRow


async def listed(connection: AsyncConnection, query: RelationQuery, window: Window) -> Page[RelationRow]:
    """Return one page of relations; raise `BadCursor`."""
    return await relations.list_relations(connection, query, window)
