"""Who speaks: the session behind a cookie, or the API token behind a bearer header.

Both are opaque 256-bit keys of which only the hash is stored; a session ends by idleness, by age,
by logging out, and when its account is disabled.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass

from collector.clock import Clock, now
from collector.config import Settings
from collector.security.accounts import digest
from collector.security.audit import Act
from collector.security.roles import Permission, permissions
from collector.store import accounts, sessions
from collector.store.accounts import AccountRow
from collector.store.engine import Store
from collector.store.sessions import SessionRow, TokenRow

TOKEN_PREFIX = "muster_"  # noqa: S105  a format's name
MAX_TOKEN_DAYS = 366
DAY_MS = 86_400_000
NOTE_EVERY_MS = 60_000
"""How exactly the last use is kept: a write a minute, not one a request."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. `csrf` and `session` are set for people, not for programs with a token."""

    account_id: int
    name: str
    roles: tuple[str, ...]
    allowed: frozenset[Permission]
    language: str = ""
    theme: str = ""
    has_password: bool = True
    csrf: str = ""
    session: bytes = b""

    def may(self, permission: str) -> bool:
        return permission in self.allowed


class BadToken(ValueError):
    """The API token cannot be made like this."""


async def begin(act: Act, account: AccountRow, address: str) -> str:
    """Begin a session and return its key, the only time it is seen."""
    key, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    await sessions.add(act.tx, SessionRow(digest(key), account.id, act.at, act.at, csrf, address[:64]))
    act.tell("session.begin", f"account/{account.name}")
    return key


async def end(act: Act, principal: Principal) -> None:
    """End the session somebody speaks in."""
    await sessions.end(act.tx, principal.session)
    act.tell("session.end", f"account/{principal.name}")


async def end_others(act: Act, principal: Principal) -> None:
    """End every session of somebody but the one they speak in."""
    ended = await sessions.end_all(act.tx, principal.account_id, principal.session)
    act.tell("session.end_others", f"account/{principal.name}", after={"ended": ended})


async def of_cookie(store: Store, key: str, settings: Settings, clock: Clock = now) -> Principal | None:
    """Return who a session's key stands for; None when it is unknown or has ended."""
    at = clock()
    async with store.read() as connection:
        found = await sessions.find(connection, digest(key))
        account = await accounts.by_id(connection, found.account_id) if found else None
    if found is None or account is None or account.state != accounts.ACTIVE:
        return None
    if at - found.created_at >= settings.session_max_s * 1000 or at - found.used_at >= settings.session_idle_s * 1000:
        return None
    if at - found.used_at >= NOTE_EVERY_MS:
        await _note(store, found, settings, at)
    return _principal(account, found.csrf, found.key_hash)


async def _note(store: Store, found: SessionRow, settings: Settings, at: int) -> None:
    async with store.write() as connection:
        await sessions.touch(connection, found.key_hash, at)
        await sessions.forget(connection, at - settings.session_max_s * 1000, at - settings.session_idle_s * 1000)


async def of_bearer(store: Store, text: str, clock: Clock = now) -> Principal | None:
    """Return who an API token stands for; None when it is unknown, revoked or too old."""
    at = clock()
    if not text.startswith(TOKEN_PREFIX):
        return None
    async with store.read() as connection:
        found = await sessions.find_token(connection, digest(text))
        account = await accounts.by_id(connection, found.account_id) if found else None
    if found is None or account is None or account.state != accounts.ACTIVE:
        return None
    if found.revoked_at is not None or at >= found.expires_at:
        return None
    if at - found.used_at >= NOTE_EVERY_MS:
        async with store.write() as connection:
            await sessions.touch_token(connection, found.id, at)
    return _principal(account)


async def make_token(act: Act, principal: Principal, name: str, days: int) -> str:
    """Record an API token of one's own and return it, the only time it is seen; raise `BadToken`."""
    if not 1 <= days <= MAX_TOKEN_DAYS:
        raise BadToken(f"a token lives 1 to {MAX_TOKEN_DAYS} days")
    if not 1 <= len(name.strip()) <= 64:
        raise BadToken("a token has a name of 1 to 64 characters")
    text = TOKEN_PREFIX + secrets.token_urlsafe(32)
    row = TokenRow(0, principal.account_id, name.strip(), act.at, act.at + days * DAY_MS, 0, None)
    number = await sessions.add_token(act.tx, digest(text), row)
    told = {"token": number, "name": row.name, "expires_at": row.expires_at}
    act.tell("token.create", f"account/{principal.name}", after=told)
    return text


async def revoke_token(act: Act, principal: Principal, number: int) -> bool:
    """Revoke a token of one's own; return whether it was still good."""
    if not await sessions.revoke_token(act.tx, number, principal.account_id, act.at):
        return False
    act.tell("token.revoke", f"account/{principal.name}", before={"token": number})
    return True


def csrf_matches(expected: str, given: str) -> bool:
    """Return whether a form carries the text of its session."""
    return bool(expected) and hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))


def _principal(account: AccountRow, csrf: str = "", session: bytes = b"") -> Principal:
    return Principal(
        account.id, account.name, account.roles, permissions(account.roles), account.language, account.theme,
        bool(account.password_hash), csrf, session,
    )  # fmt: skip
