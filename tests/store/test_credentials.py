"""Rows of credentials, on both engines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collector.store import credentials
from collector.store.credentials import CredentialRow
from collector.store.engine import Store
from collector.store.failure import Unacceptable, writing

ROW = CredentialRow("uid-1", "campus", "ssh", '{"ranges": []}', b"\x01sealed\x00", "key-1", 10, "ada", 10)


async def everyone(store: Store) -> list[CredentialRow]:
    async with store.read() as connection:
        return await credentials.everyone(connection)


async def test_credentials_come_back_by_name_as_they_were_written(store: Store) -> None:
    other = replace(ROW, uid="uid-2", name="access", suspended_until=5, suspended_why="refused")
    async with store.write() as tx:
        await credentials.add(tx, ROW)
        await credentials.add(tx, other)
    assert await everyone(store) == [other, ROW]
    async with store.read() as connection:
        assert await credentials.find(connection, "uid-1") == ROW
        assert await credentials.find(connection, "uid-3") is None
        assert await credentials.uid_named(connection, "access") == "uid-2"
        assert await credentials.uid_named(connection, "other") is None


async def test_a_name_is_given_once(store: Store) -> None:
    async with store.write() as tx:
        await credentials.add(tx, ROW)
    with pytest.raises(Unacceptable):
        async with writing(store) as tx:
            await credentials.add(tx, replace(ROW, uid="uid-2"))


async def test_use_is_remembered_and_never_goes_back(store: Store) -> None:
    async with store.write() as tx:
        await credentials.add(tx, ROW)
        await credentials.used(tx, {"uid-1", "gone"}, 50)
        await credentials.used(tx, {"uid-1"}, 40)
        await credentials.used(tx, set(), 90)
    assert [each.used_at for each in await everyone(store)] == [50]


async def test_what_is_removed_is_gone_and_says_whether_it_was_there(store: Store) -> None:
    async with store.write() as tx:
        await credentials.add(tx, ROW)
        assert await credentials.change(tx, "uid-1", suspended_until=7)
        assert not await credentials.change(tx, "uid-2", suspended_until=7)
        assert await credentials.remove(tx, "uid-1")
        assert not await credentials.remove(tx, "uid-1")
    assert await everyone(store) == []


def test_the_sealed_secret_is_not_in_a_representation() -> None:
    assert "sealed" not in repr(ROW)
