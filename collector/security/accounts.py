"""People's accounts: passwords, the lock after failures, one-time login links, the first account.

There is no default password: the first account has none, and its owner comes in by a link that
works once. A failure is counted before the password is looked at, so guessing in parallel gains nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.clock import Clock, now
from collector.security.audit import COLLECTOR, Act, recorded
from collector.security.roles import FIRST_ROLES, check_roles
from collector.store import accounts, sessions
from collector.store.accounts import AccountRow
from collector.store.engine import Store

FIRST, AUDITOR = "admin", "local-auditor"
"""The first account, and the one by which commands on this machine read the audit log: nobody may be both."""
LINK_MS = 30 * 60_000
LOCK_MS = 15 * 60_000
MAX_FAILURES = 5
MIN_PASSWORD, MAX_PASSWORD = 12, 256
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")
_HASHER = PasswordHasher()
_HASHERS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
"""So many passwords are hashed at once: each takes 64 MiB for some 50 ms."""


class BadLogin(Exception):
    """Name or password is wrong, or the account is locked: one answer for all of them."""


class BadAccount(ValueError):
    """The account cannot be made or changed like this; `code` names the reason, the message explains it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def digest(key: str) -> bytes:
    """Return what is stored of a key that was given out: its SHA-256."""
    return hashlib.sha256(key.encode("utf-8", "replace")).digest()


async def ensure_first(act: Act) -> AccountRow:
    """Return the account `admin`, made with every administering role when there is no account of that name."""
    return await ensure(act, FIRST, FIRST_ROLES)


async def ensure(act: Act, name: str, roles: tuple[str, ...]) -> AccountRow:
    """Return the account of that name, made with these roles when there is none."""
    if await accounts.add(act.tx, name, roles, act.at) is not None:
        act.tell("account.create", f"account/{name}", after={"roles": roles})
    return await _named(act.tx, name)


async def _named(connection: AsyncConnection, name: str) -> AccountRow:
    found = await accounts.by_name(connection, name)
    if found is None:
        raise LookupError(name)
    return found


async def login_link(act: Act, account: AccountRow) -> str:
    """Return the path of a link that logs `account` in once, within 30 minutes; older links end."""
    key = secrets.token_urlsafe(32)
    await accounts.add_link(act.tx, digest(key), account.id, act.at + LINK_MS)
    act.tell("account.link", f"account/{account.name}")
    return f"/login/{key}"


async def use_link(connection: AsyncConnection, key: str, clock: Clock = now) -> AccountRow:
    """Return the account a link logs in, and use the link up; raise `BadLogin`. A link opens a locked account too."""
    found = await accounts.use_link(connection, digest(key), clock())
    if found is None:
        raise BadLogin
    await accounts.set_failures(connection, found.id, 0, 0)
    return found


async def log_in(store: Store, name: str, password: str, clock: Clock = now) -> AccountRow:
    """Return the account; raise `BadLogin`. Five failures within 15 minutes lock an account for 15 minutes."""
    async with store.write() as connection:
        found = await accounts.by_name(connection, name.strip().lower()[:64])
        open_to_try = found is not None and await _count(connection, found, clock())
    usable = found is not None and open_to_try and found.state == accounts.ACTIVE and bool(found.password_hash)
    right = await _verify(found.password_hash if found and usable else None, password)
    if not (found and usable and right):
        raise BadLogin
    async with store.write() as connection:
        await accounts.set_failures(connection, found.id, 0, 0)
    return found


async def _count(connection: AsyncConnection, account: AccountRow, at: int) -> bool:
    """Count one try ahead of its answer; return False when the account is locked."""
    within = at < account.locked_until
    if within and account.failures >= MAX_FAILURES:
        return False
    failures = account.failures + 1 if within else 1
    until = account.locked_until if within and failures < MAX_FAILURES else at + LOCK_MS
    await accounts.set_failures(connection, account.id, failures, until)
    if failures == MAX_FAILURES:
        async with recorded(connection, COLLECTOR, at) as act:
            act.tell("account.lock", f"account/{account.name}", after={"tries": failures, "until": until})
    return True


@cache
def _nobody() -> str:
    """Return what is verified when there is no hash, so that an unknown name takes as long as a known one."""
    return _HASHER.hash(secrets.token_urlsafe(32))


async def _verify(password_hash: str | None, password: str) -> bool:
    if len(password) > MAX_PASSWORD:
        return False
    return await asyncio.get_running_loop().run_in_executor(_HASHERS, _verify_now, password_hash, password)


def _verify_now(password_hash: str | None, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False


async def create(act: Act, name: str, roles: tuple[str, ...]) -> AccountRow:
    """Add an account without a password; raise `BadAccount` or `BadRoles`."""
    if not _NAME.fullmatch(name):
        raise BadAccount("name", "a name has 2 to 64 of a-z, 0-9, '.', '_', '@' and '-'")
    given = check_roles(roles)
    if await accounts.add(act.tx, name, given, act.at) is None:
        raise BadAccount("taken", "there is an account of that name")
    act.tell("account.create", f"account/{name}", after={"roles": given})
    return await _named(act.tx, name)


async def hash_password(account: AccountRow, password: str) -> str:
    """Return the argon2id hash of a new password; raise `BadAccount`. Costs 64 MiB for some 50 ms."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise BadAccount("password_length", f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters")
    if account.name in password.lower() or len(set(password)) < 5:
        raise BadAccount("password_weak", "a password does not hold the account's name or the same few characters")
    return await asyncio.get_running_loop().run_in_executor(_HASHERS, _HASHER.hash, password)


async def new_hash(store: Store, account: AccountRow, current: str, new: str, clock: Clock = now) -> str:
    """Return the hash of a new password; raise `BadLogin` for a wrong current one, `BadAccount` for a weak new one.

    An account that has no password yet is not asked for one: it came in by a link.
    """
    if account.password_hash:
        await log_in(store, account.name, current, clock)
    return await hash_password(account, new)


async def change_password(act: Act, account: AccountRow, hashed: str, keep: bytes) -> None:
    """Set a new password, of which this is the hash, and end every session but `keep`."""
    await accounts.set_password_hash(act.tx, account.id, hashed)
    await sessions.end_all(act.tx, account.id, keep)
    act.tell("account.password", f"account/{account.name}")


async def set_roles(act: Act, account: AccountRow, roles: tuple[str, ...]) -> None:
    """Give an account exactly `roles`; raise `BadRoles`, or `BadAccount` when no one could administer any more."""
    checked = check_roles(roles)
    if "system_admin" in account.roles and "system_admin" not in checked:
        await _keep_an_admin(act.tx, account)
    await accounts.set_roles(act.tx, account.id, checked)
    act.tell("account.roles", f"account/{account.name}", {"roles": account.roles}, {"roles": checked})


async def disable(act: Act, account: AccountRow) -> None:
    """Disable an account and end its sessions; raise `BadAccount` when no one could administer any more."""
    if "system_admin" in account.roles:
        await _keep_an_admin(act.tx, account)
    await _set_state(act, account, accounts.DISABLED)
    await sessions.end_all(act.tx, account.id)


async def enable(act: Act, account: AccountRow) -> None:
    await _set_state(act, account, accounts.ACTIVE)


async def _set_state(act: Act, account: AccountRow, state: str) -> None:
    await accounts.set_state(act.tx, account.id, state)
    act.tell("account.state", f"account/{account.name}", {"state": account.state}, {"state": state})


async def _keep_an_admin(connection: AsyncConnection, account: AccountRow) -> None:
    others = (each for each in await accounts.everyone(connection) if each.id != account.id)
    if not any("system_admin" in each.roles and each.state == accounts.ACTIVE for each in others):
        raise BadAccount("last_admin", "one account that administers accounts has to stay")
