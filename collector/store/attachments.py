"""Files that go with messages: written in the transaction of the message, so that every try sends the same bytes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Attachment
from collector.store import interning
from collector.store.engine import insert
from collector.store.schema import attachment

MAX_SIZE: Final = 5_000_000
"""Bytes of one file: mail servers take some 10 MB, and a mail is a third longer than what it carries."""


async def put(tx: AsyncConnection, subject: str, language: str, files: Iterable[Attachment], now: int) -> None:
    """Let files go with the messages of a subject; what is there stays, and what is too long is left out."""
    rows = [
        {"subject": subject, "language": language, "name": each.name, "media_type": each.media_type,
         "content": each.content, "at": now}
        for each in files if len(each.content) <= MAX_SIZE
    ]  # fmt: skip
    if rows:
        await tx.execute(insert(tx, attachment).on_conflict_do_nothing(), rows)


async def of(
    connection: AsyncConnection, subjects: Collection[str], language: str
) -> dict[str, tuple[Attachment, ...]]:
    """Return subject → its files in a language, by name."""
    found: dict[str, list[Attachment]] = {}
    for part in interning.chunks(sorted(subjects)):
        wanted = select(attachment).where(attachment.c.subject.in_(part), attachment.c.language == language)
        for row in await connection.execute(wanted.order_by(attachment.c.name)):
            found.setdefault(row.subject, []).append(Attachment(row.name, row.media_type, bytes(row.content)))
    return {subject: tuple(files) for subject, files in found.items()}


async def forget(tx: AsyncConnection, before: int) -> None:
    """Take away files from before then (ms): their messages are forgotten by then, or given up."""
    await tx.execute(delete(attachment).where(attachment.c.at < before))
