"""Accounts, links, sessions and tokens are kept right, on both engines."""

from __future__ import annotations

from collector.store import accounts, sessions
from collector.store.engine import Store
from collector.store.sessions import SessionRow, TokenRow
from tests.estate import NOW


async def _account(store: Store, name: str = "li.wei", roles: tuple[str, ...] = ("viewer",)) -> int:
    async with store.write() as connection:
        number = await accounts.add(connection, name, roles, NOW)
    assert number is not None
    return number


async def test_a_name_is_given_once(store: Store) -> None:
    await _account(store)
    async with store.write() as connection:
        assert await accounts.add(connection, "li.wei", (), NOW) is None
        found = await accounts.by_name(connection, "li.wei")
    assert found
    assert (found.roles, found.state, found.password_hash, found.language) == (("viewer",), "active", "", "")


async def test_what_is_set_is_read_back(store: Store) -> None:
    number = await _account(store)
    async with store.write() as connection:
        await accounts.set_roles(connection, number, ("auditor", "viewer"))
        await accounts.set_language(connection, number, "zh-CN")
        await accounts.set_theme(connection, number, "dark")
        await accounts.set_failures(connection, number, 3, NOW + 5)
        found = await accounts.by_id(connection, number)
        assert found
        assert (found.roles, found.language, found.theme) == (("auditor", "viewer"), "zh-CN", "dark")
        assert (found.failures, found.locked_until) == (3, NOW + 5)
        await accounts.set_password_hash(connection, number, "argon")
        await accounts.set_state(connection, number, accounts.DISABLED)
        found = await accounts.by_id(connection, number)
    assert found
    assert (found.password_hash, found.failures, found.locked_until, found.state) == ("argon", 0, 0, "disabled")


async def test_a_link_works_once_and_ends_by_age_or_by_the_next_one(store: Store) -> None:
    number = await _account(store)
    async with store.write() as connection:
        await accounts.add_link(connection, b"first", number, NOW + 1000)
        await accounts.add_link(connection, b"second", number, NOW + 1000)
        assert await accounts.use_link(connection, b"first", NOW) is None
        assert await accounts.use_link(connection, b"second", NOW + 1000) is None
        used = await accounts.use_link(connection, b"second", NOW + 999)
        assert used
        assert used.id == number
        assert await accounts.use_link(connection, b"second", NOW + 999) is None


async def test_a_link_of_a_disabled_account_lets_nobody_in(store: Store) -> None:
    number = await _account(store)
    async with store.write() as connection:
        await accounts.add_link(connection, b"key", number, NOW + 1000)
        await accounts.set_state(connection, number, accounts.DISABLED)
        assert await accounts.use_link(connection, b"key", NOW) is None


async def test_sessions_end_one_by_one_or_all_but_one(store: Store) -> None:
    number = await _account(store)
    async with store.write() as connection:
        for key in (b"a", b"b", b"c"):
            await sessions.add(connection, SessionRow(key, number, NOW, NOW, "form", "192.0.2.1"))
        await sessions.touch(connection, b"a", NOW + 7)
        found = await sessions.find(connection, b"a")
        assert found
        assert (found.used_at, found.csrf, found.address) == (NOW + 7, "form", "192.0.2.1")
        await sessions.end(connection, b"a")
        assert await sessions.find(connection, b"a") is None
        assert await sessions.end_all(connection, number, b"b") == 1
        assert await sessions.find(connection, b"b")


async def test_sessions_that_have_ended_are_forgotten(store: Store) -> None:
    number = await _account(store)
    async with store.write() as connection:
        await sessions.add(connection, SessionRow(b"old", number, NOW - 100, NOW, "", ""))
        await sessions.add(connection, SessionRow(b"idle", number, NOW, NOW - 100, "", ""))
        await sessions.add(connection, SessionRow(b"live", number, NOW, NOW, "", ""))
        await sessions.forget(connection, NOW - 50, NOW - 50)
        assert [bool(await sessions.find(connection, key)) for key in (b"old", b"idle", b"live")] == [
            False,
            False,
            True,
        ]


async def test_a_token_is_found_by_its_hash_and_revoked_by_its_owner_only(store: Store) -> None:
    mine, other = await _account(store), await _account(store, "wang")
    async with store.write() as connection:
        number = await sessions.add_token(connection, b"hash", TokenRow(0, mine, "robot", NOW, NOW + 10, 0, None))
        found = await sessions.find_token(connection, b"hash")
        assert found
        assert (found.id, found.account, found.name) == (number, "li.wei", "robot")
        assert await sessions.tokens(connection, other) == ()
        assert not await sessions.revoke_token(connection, number, other, NOW)
        await sessions.touch_token(connection, number, NOW + 3)
        assert await sessions.revoke_token(connection, number, mine, NOW + 4)
        assert not await sessions.revoke_token(connection, number, mine, NOW + 5)
        (kept,) = await sessions.tokens(connection)
    assert (kept.used_at, kept.revoked_at) == (NOW + 3, NOW + 4)
