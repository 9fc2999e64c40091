"""Texts of many lines by their content address: each is kept once, compressed, whoever holds it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.engine import insert
from collector.store.schema import document
from wire.configuration import packed, unpacked


async def put(tx: AsyncConnection, texts: Mapping[str, str]) -> None:
    """Keep texts by their addresses (`wire.configuration.address`); one that is kept already stays as it is."""
    known = await sizes(tx, texts)
    rows = [
        {"sha256": sha256, "size": len(text.encode("utf-8", "replace")), "packed": packed(text)}
        for sha256, text in sorted(texts.items())
        if sha256 not in known
    ]
    if rows:
        await tx.execute(insert(tx, document).on_conflict_do_nothing(), rows)


async def sizes(connection: AsyncConnection, addresses: Collection[str]) -> dict[str, int]:
    """Return the size (octets of UTF-8) of those of some texts that are kept; some hundred at most."""
    if not addresses:
        return {}
    found = select(document.c.sha256, document.c.size).where(document.c.sha256.in_(sorted(addresses)))
    return {row.sha256: row.size for row in await connection.execute(found)}


async def text(connection: AsyncConnection, sha256: str) -> str | None:
    """Return a text, None where it is not kept. Raises `wire.configuration.Damaged`."""
    found = select(document.c.packed).where(document.c.sha256 == sha256)
    kept = (await connection.execute(found)).scalar_one_or_none()
    return None if kept is None else unpacked(kept, sha256)
