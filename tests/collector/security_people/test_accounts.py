"""Passwords, the lock, one-time links, the first account."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from collector.security import accounts, sessions
from collector.security.accounts import LINK_MS, LOCK_MS, BadAccount, BadLogin
from collector.security.roles import FIRST_ROLES, BadRoles
from collector.store import accounts as kept
from collector.store import sessions as kept_sessions
from collector.store.accounts import AccountRow
from collector.store.engine import Store
from tests.acts import act
from tests.people import PASSWORD, Clock


@pytest.fixture
async def admin(sqlite_store: Store) -> AccountRow:
    async with sqlite_store.write() as connection:
        first = await accounts.ensure_first(act(connection))
    hashed = await accounts.hash_password(first, PASSWORD)
    async with sqlite_store.write() as connection:
        await kept.set_password_hash(connection, first.id, hashed)
        found = await kept.by_id(connection, first.id)
    assert found
    return found


async def test_the_first_account_has_every_administering_role_and_no_password(sqlite_store: Store) -> None:
    async with sqlite_store.write() as connection:
        first = await accounts.ensure_first(act(connection))
        again = await accounts.ensure_first(act(connection))
    assert (first.name, first.roles, first.password_hash) == ("admin", FIRST_ROLES, "")
    assert again == first
    with pytest.raises(BadLogin):
        await accounts.log_in(sqlite_store, "admin", "")


async def test_a_right_password_logs_in_whatever_the_case_of_the_name(sqlite_store: Store, admin: AccountRow) -> None:
    assert admin.password_hash.startswith("$argon2id$")
    assert (await accounts.log_in(sqlite_store, " Admin ", PASSWORD)).id == admin.id


@pytest.mark.parametrize(
    ("name", "password"),
    [("admin", "wrong"), ("nobody", PASSWORD), ("admin", PASSWORD * 20), ("", ""), ("admin\0", PASSWORD)],
)
async def test_whatever_is_wrong_the_answer_is_the_same(
    sqlite_store: Store, admin: AccountRow, name: str, password: str
) -> None:
    with pytest.raises(BadLogin) as raised:
        await accounts.log_in(sqlite_store, name, password)
    assert str(raised.value) == ""


async def test_five_failures_lock_for_a_quarter_of_an_hour(sqlite_store: Store, admin: AccountRow) -> None:
    clock = Clock()
    for _ in range(5):
        with pytest.raises(BadLogin):
            await accounts.log_in(sqlite_store, "admin", "wrong", clock)
    with pytest.raises(BadLogin):
        await accounts.log_in(sqlite_store, "admin", PASSWORD, clock)
    clock.at += LOCK_MS - 1
    with pytest.raises(BadLogin):
        await accounts.log_in(sqlite_store, "admin", PASSWORD, clock)
    clock.at += 1
    assert await accounts.log_in(sqlite_store, "admin", PASSWORD, clock)


async def test_failures_far_apart_do_not_lock(sqlite_store: Store, admin: AccountRow) -> None:
    clock = Clock()
    for _ in range(8):
        with pytest.raises(BadLogin):
            await accounts.log_in(sqlite_store, "admin", "wrong", clock)
        clock.at += LOCK_MS
    assert await accounts.log_in(sqlite_store, "admin", PASSWORD, clock)


async def test_guessing_in_parallel_gains_nothing(sqlite_store: Store, admin: AccountRow) -> None:
    guesses = [accounts.log_in(sqlite_store, "admin", f"guess {n}") for n in range(9)]
    guesses.append(accounts.log_in(sqlite_store, "admin", PASSWORD))
    answers = await asyncio.gather(*guesses, return_exceptions=True)
    assert all(isinstance(answer, BadLogin) for answer in answers)


async def test_a_success_forgets_the_failures(sqlite_store: Store, admin: AccountRow) -> None:
    for _ in range(2):
        for _ in range(4):
            with pytest.raises(BadLogin):
                await accounts.log_in(sqlite_store, "admin", "wrong")
        await accounts.log_in(sqlite_store, "admin", PASSWORD)


async def test_a_link_logs_in_once_within_half_an_hour_even_a_locked_account(
    sqlite_store: Store, admin: AccountRow
) -> None:
    clock = Clock()
    async with sqlite_store.write() as connection:
        await kept.set_failures(connection, admin.id, 5, clock() + LOCK_MS)
        path = await accounts.login_link(act(connection, at=clock()), admin)
    prefix, _, key = path.rpartition("/")
    assert prefix == "/login"
    assert len(key) >= 43, "256 bits"
    async with sqlite_store.write() as connection:
        assert (await accounts.use_link(connection, key, clock)).id == admin.id
        with pytest.raises(BadLogin):
            await accounts.use_link(connection, key, clock)
        late = (await accounts.login_link(act(connection, at=clock()), admin)).rpartition("/")[2]
        clock.at += LINK_MS
        with pytest.raises(BadLogin):
            await accounts.use_link(connection, late, clock)
    assert await accounts.log_in(sqlite_store, "admin", PASSWORD, clock)


async def test_no_key_stands_in_the_database(sqlite_store: Store, admin: AccountRow) -> None:
    async with sqlite_store.write() as connection:
        key = (await accounts.login_link(act(connection), admin)).rpartition("/")[2]
    files = list(Path(sqlite_store.url.database or "").parent.glob("muster.db*"))
    assert files
    for file in files:
        assert key.encode() not in file.read_bytes()
        assert PASSWORD.encode() not in file.read_bytes()


@pytest.mark.parametrize("password", ["short", "a" * 300, "admin admin admin", "aaaaaaaaaaaabbbb"])
async def test_a_password_that_is_easily_guessed_is_refused(admin: AccountRow, password: str) -> None:
    with pytest.raises(BadAccount):
        await accounts.hash_password(admin, password)


async def test_a_new_password_ends_the_other_sessions_and_needs_the_current_one(
    sqlite_store: Store, admin: AccountRow
) -> None:
    clock = Clock()
    async with sqlite_store.write() as connection:
        here = await sessions.begin(act(connection, at=clock()), admin, "")
        there = await sessions.begin(act(connection, at=clock()), admin, "")
    keep = accounts.digest(here)
    with pytest.raises(BadLogin):
        await accounts.new_hash(sqlite_store, admin, "wrong", "another pass phrase", clock)
    hashed = await accounts.new_hash(sqlite_store, admin, PASSWORD, "another pass phrase", clock)
    async with sqlite_store.write() as connection:
        await accounts.change_password(act(connection), admin, hashed, keep)
    async with sqlite_store.read() as connection:
        assert await kept_sessions.find(connection, keep)
        assert await kept_sessions.find(connection, accounts.digest(there)) is None
    assert await accounts.log_in(sqlite_store, "admin", "another pass phrase")


@pytest.mark.parametrize("name", ["", "x", "Big", "a b", "../etc", "名字", "a" * 65])
async def test_a_name_that_is_none_is_refused(sqlite_store: Store, name: str) -> None:
    async with sqlite_store.write() as connection:
        with pytest.raises(BadAccount):
            await accounts.create(act(connection), name, ("viewer",))


async def test_an_account_is_made_once_and_with_roles_that_go_together(sqlite_store: Store) -> None:
    async with sqlite_store.write() as connection:
        assert (await accounts.create(act(connection), "li.wei", ("viewer",))).roles == ("viewer",)
        with pytest.raises(BadAccount, match="of that name"):
            await accounts.create(act(connection), "li.wei", ("viewer",))
        with pytest.raises(BadRoles):
            await accounts.create(act(connection), "wang", ("auditor", "ops"))


async def test_the_last_one_who_administers_stays(sqlite_store: Store, admin: AccountRow) -> None:
    async with sqlite_store.write() as connection:
        with pytest.raises(BadAccount, match="has to stay"):
            await accounts.disable(act(connection), admin)
        with pytest.raises(BadAccount, match="has to stay"):
            await accounts.set_roles(act(connection), admin, ("viewer",))
        await accounts.create(act(connection), "second", ("system_admin",))
        await accounts.set_roles(act(connection), admin, ("viewer",))
        await accounts.disable(act(connection), admin)
    with pytest.raises(BadLogin):
        await accounts.log_in(sqlite_store, "admin", PASSWORD)
