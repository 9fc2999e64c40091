"""Texts by their content address, on both engines: once, compressed, and only as they were."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from collector.store import documents, schema
from collector.store.engine import Store
from wire.configuration import Damaged, address, packed

TEXT = "hostname 核心-1\n" * 400


async def test_a_text_is_kept_once_compressed_and_comes_back(store: Store) -> None:
    for _ in range(2):
        async with store.write() as tx:
            await documents.put(tx, {address(TEXT): TEXT})
    async with store.read() as connection:
        assert await documents.text(connection, address(TEXT)) == TEXT
        assert await documents.text(connection, address("another")) is None
        assert await documents.sizes(connection, [address(TEXT), "0"]) == {address(TEXT): len(TEXT.encode())}
        (row,) = await connection.execute(select(func.length(schema.document.c.packed)))
    assert row[0] < len(TEXT.encode()) // 10


async def test_what_was_changed_behind_its_address_is_damaged_and_not_shown(store: Store) -> None:
    async with store.write() as tx:
        await documents.put(tx, {address(TEXT): TEXT})
        await tx.execute(update(schema.document).values(packed=packed("another")))
    async with store.read() as connection:
        with pytest.raises(Damaged):
            await documents.text(connection, address(TEXT))
