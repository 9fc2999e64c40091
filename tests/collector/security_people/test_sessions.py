"""Sessions and API tokens begin, last and end as they should."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.config import Settings
from collector.security import accounts, sessions
from collector.security.roles import FIRST_ROLES, Permission
from collector.security.sessions import BadToken
from collector.security.throttle import MAX_ADDRESSES, MAX_FAILURES, WINDOW_MS, Throttle
from collector.store import accounts as kept
from collector.store import sessions as kept_sessions
from collector.store.accounts import AccountRow
from collector.store.engine import Store
from tests.acts import act
from tests.people import Clock

SETTINGS = Settings(data=Path("/nowhere"), session_idle_s=600, session_max_s=3600)


@pytest.fixture
async def admin(sqlite_store: Store) -> AccountRow:
    async with sqlite_store.write() as connection:
        return await accounts.ensure_first(act(connection))


async def _begin(store: Store, account: AccountRow, clock: Clock) -> str:
    async with store.write() as connection:
        return await sessions.begin(act(connection, at=clock()), account, "192.0.2.1")


async def test_a_session_stands_for_its_account(sqlite_store: Store, admin: AccountRow) -> None:
    clock = Clock()
    key = await _begin(sqlite_store, admin, clock)
    principal = await sessions.of_cookie(sqlite_store, key, SETTINGS, clock)
    assert principal
    assert (principal.name, principal.roles, principal.has_password) == ("admin", FIRST_ROLES, False)
    assert principal.may(Permission.ACCOUNTS_WRITE)
    assert len(principal.csrf) >= 43
    assert await sessions.of_cookie(sqlite_store, "another", SETTINGS, clock) is None


async def test_an_idle_session_ends_and_a_used_one_goes_on(sqlite_store: Store, admin: AccountRow) -> None:
    clock = Clock()
    used, idle = await _begin(sqlite_store, admin, clock), await _begin(sqlite_store, admin, clock)
    clock.at += 599_000
    assert await sessions.of_cookie(sqlite_store, used, SETTINGS, clock)
    clock.at += 1_000
    assert await sessions.of_cookie(sqlite_store, idle, SETTINGS, clock) is None
    clock.at += 500_000
    assert await sessions.of_cookie(sqlite_store, used, SETTINGS, clock)


async def test_no_session_lasts_longer_than_its_age_limit(sqlite_store: Store, admin: AccountRow) -> None:
    clock = Clock()
    key = await _begin(sqlite_store, admin, clock)
    for _ in range(11):
        clock.at += 300_000
        assert await sessions.of_cookie(sqlite_store, key, SETTINGS, clock)
    clock.at += 300_000
    assert await sessions.of_cookie(sqlite_store, key, SETTINGS, clock) is None


async def test_a_disabled_account_has_no_session(sqlite_store: Store, admin: AccountRow) -> None:
    clock = Clock()
    key = await _begin(sqlite_store, admin, clock)
    async with sqlite_store.write() as connection:
        await kept.set_state(connection, admin.id, kept.DISABLED)
    assert await sessions.of_cookie(sqlite_store, key, SETTINGS, clock) is None


async def _token(store: Store, account: AccountRow, clock: Clock, days: int = 30, name: str = "robot") -> str:
    owner = await sessions.of_cookie(store, await _begin(store, account, clock), SETTINGS, clock)
    assert owner
    async with store.write() as connection:
        return await sessions.make_token(act(connection, at=clock()), owner, name, days)


async def test_a_token_stands_for_its_account_until_it_expires(sqlite_store: Store, admin: AccountRow) -> None:
    clock = Clock()
    text = await _token(sqlite_store, admin, clock)
    assert text.startswith("muster_")
    principal = await sessions.of_bearer(sqlite_store, text, clock)
    assert principal
    assert (principal.name, principal.csrf, principal.session) == ("admin", "", b"")
    clock.at += 30 * 86_400_000
    assert await sessions.of_bearer(sqlite_store, text, clock) is None


async def test_a_revoked_or_unknown_token_stands_for_nobody(sqlite_store: Store, admin: AccountRow) -> None:
    clock = Clock()
    text = await _token(sqlite_store, admin, clock)
    async with sqlite_store.write() as connection:
        (row,) = await kept_sessions.tokens(connection, admin.id)
        await kept_sessions.revoke_token(connection, row.id, admin.id, clock())
    for wrong in (text, text + "x", "muster_", "", "Basic x"):
        assert await sessions.of_bearer(sqlite_store, wrong, clock) is None


@pytest.mark.parametrize(("days", "name"), [(0, "x"), (367, "x"), (30, " "), (30, "x" * 65)])
async def test_a_token_without_bounds_is_refused(sqlite_store: Store, admin: AccountRow, days: int, name: str) -> None:
    with pytest.raises(BadToken):
        await _token(sqlite_store, admin, Clock(), days, name)


def test_forms_are_told_apart_by_the_text_of_their_session() -> None:
    assert sessions.csrf_matches("abc", "abc")
    assert not sessions.csrf_matches("abc", "abd")
    assert not sessions.csrf_matches("", "")
    assert not sessions.csrf_matches("abc", "\ud800")


def test_an_address_that_fails_too_often_is_slowed_for_a_quarter_of_an_hour() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(MAX_FAILURES):
        assert not throttle.blocks("192.0.2.1")
        throttle.failed("192.0.2.1")
    assert throttle.blocks("192.0.2.1")
    assert not throttle.blocks("192.0.2.2")
    clock.at += WINDOW_MS
    assert not throttle.blocks("192.0.2.1")


def test_the_throttle_forgets_who_succeeds_and_whom_it_has_no_room_for() -> None:
    throttle = Throttle(Clock())
    for _ in range(MAX_FAILURES):
        throttle.failed("a")
    throttle.forget("a")
    assert not throttle.blocks("a")
    for number in range(MAX_ADDRESSES + 5):
        throttle.failed(str(number))
    assert len(throttle._failures) == MAX_ADDRESSES
