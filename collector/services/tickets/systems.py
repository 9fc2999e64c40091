"""What people say of a system whose changes are taken: checked, kept, and its secret sealed for its address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.approval import MANAGER, SUPERVISOR
from collector.change.record import ChangeType
from collector.security.audit import Act
from collector.security.vault import NotOpened, Vault
from collector.services.changes.asked import NAMES
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.store import accounts, tickets
from collector.store.tickets import SystemRow
from collector.tickets.exchange import BadUrl, checked_url
from collector.tickets.system import Secret, Stand, System, Voice
from collector.tickets.tables import FIELDS, PRODUCTS

MAX_SYSTEMS: Final = 50
MAX_TEXT: Final = 4_000
MAX_DAYS: Final = 366
MAX_MINUTES: Final = 7 * 24 * 60
ROLES: Final = (SUPERVISOR, MANAGER)
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}", re.ASCII)
_NEEDS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "itop": (("user", "password"), ("token",)), "glpi": (("token",), ("user", "password")),
    "servicenow": (("user", "password"), ("token",)), "jira": (("user", "token"), ("token",), ("user", "password")),
}  # fmt: skip
"""Product → what logs in, any of these."""


async def listed(connection: AsyncConnection) -> list[System]:
    """Return all systems by name, without what is secret."""
    return [opened(row) for row in await tickets.everyone(connection)]


async def find(connection: AsyncConnection, name: str) -> SystemRow:
    """Return one system as it is kept; raise `NotFound`."""
    row = await tickets.find(connection, name)
    if row is None:
        raise NotFound("ticket system", name[:64])
    return row


async def save(act: Act, vault: Vault, system: System, secret: Secret | None) -> None:
    """Set a system up, or write it anew; raise `Refused`. Without a secret the one it has stays, for its address."""
    await _check(act.tx, system)
    before = await tickets.find(act.tx, system.name)
    if before is None and len(await tickets.everyone(act.tx)) >= MAX_SYSTEMS:
        raise Refused(f"at most {MAX_SYSTEMS} systems are kept", "name")
    kept = _given(system.kind, secret) if secret else _standing(vault, before, system)
    row = SystemRow(system.name, system.kind, system.url, asdict(system), b"", "")
    sealed, key_id = vault.seal(row.uid, row.kind, row.scope, kept)
    await tickets.save(act.tx, SystemRow(row.name, row.kind, row.scope, row.settings, sealed, key_id))
    replaced = {"secret": "another one"} if secret and before else {}
    was = _told(opened(before)) if before else {}
    act.tell("ticket_system.save", f"ticket_system/{system.name}", was, _told(system) | replaced)


async def remove(act: Act, name: str) -> None:
    """Forget a system and its secret, not what was made of its changes; raise `NotFound`."""
    before = opened(await find(act.tx, name))
    await tickets.remove(act.tx, name)
    act.tell("ticket_system.remove", f"ticket_system/{name}", _told(before))


async def ask(act: Act, name: str) -> None:
    """Tell that somebody asks for a look at a system; raise `NotFound`."""
    await find(act.tx, name)
    act.tell("ticket_system.pull", f"ticket_system/{name}", after={"asked": act.at})


def opened(row: SystemRow) -> System:
    """Return a system as it was set up."""
    said = dict(row.settings)
    said["voices"] = {name: Voice(**each) for name, each in said["voices"].items()}
    for part in ("sections", "fields"):
        said[part] = {name: tuple(each) for name, each in said[part].items()}
    return System(**said)


def secret_of(vault: Vault, row: SystemRow) -> Secret:
    """Return what logs in; raise `Refused`."""
    try:
        return Secret(**vault.unseal(row))
    except NotOpened:
        raise Refused("what is kept to log in no longer opens: give it again", "secret") from None


def _standing(vault: Vault, before: SystemRow | None, system: System) -> Mapping[str, str]:
    """Return the secret a system has; one that was given for another address is not sent to this one."""
    if before is None or (before.kind, before.scope) != (system.kind, system.url):
        raise Refused("a new system, or one at another address, needs what logs in", "secret")
    return _plain(secret_of(vault, before))


def _given(kind: str, secret: Secret) -> Mapping[str, str]:
    said = _plain(secret)
    if not all(len(each) <= MAX_TEXT and each.isprintable() for each in said.values()):
        raise Refused(f"printable texts of at most {MAX_TEXT} characters are expected", "secret")
    if not any(set(need) <= said.keys() for need in _NEEDS[kind]):
        ways = " or ".join(" and ".join(need) for need in _NEEDS[kind])
        raise Refused(f"{ways} is needed to log in", "secret")
    return said


def _plain(secret: Secret) -> dict[str, str]:
    return {name: value for name, value in asdict(secret).items() if value}


def _told(system: System) -> dict[str, Any]:
    """Return what the audit log says of a system: all of it, for none of it is secret."""
    return asdict(system)


async def _check(tx: AsyncConnection, system: System) -> None:
    if not _NAME.fullmatch(system.name):
        raise Refused("a name of at most 40 lower-case letters, digits, dots and dashes is expected", "name")
    if system.kind not in PRODUCTS:
        raise Refused(f"a system is one of {', '.join(PRODUCTS)}", "kind")
    try:
        checked_url(system.url, unencrypted=system.unencrypted)
    except BadUrl as error:
        raise Refused(str(error), "url") from None
    _check_numbers(system)
    _check_words(system)
    for account in {*system.people.values(), *(voice.account for voice in system.voices.values())}:
        if await accounts.by_name(tx, account) is None:
            raise Refused(f"there is no account {account[:64]}", "people")


def _check_numbers(system: System) -> None:
    try:
        ZoneInfo(system.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused("a time zone such as Asia/Shanghai is expected", "timezone") from None
    if not 1 <= system.days <= MAX_DAYS:
        raise Refused(f"1 to {MAX_DAYS} days are expected", "days")
    if not 0 <= system.every_minutes <= MAX_MINUTES:
        raise Refused(f"0 to {MAX_MINUTES} minutes are expected", "every_minutes")


def _check_words(system: System) -> None:
    if unknown := sorted({name for each in system.sections.values() for name in each} - NAMES):
        raise Refused(f"there is no section {unknown[0][:64]}", "sections")
    if unknown := sorted(system.fields.keys() - FIELDS):
        raise Refused(f"of a record {', '.join(sorted(FIELDS))} can be said, not {unknown[0][:64]}", "fields")
    if unknown := sorted({*system.types.values()} - {*ChangeType}):
        raise Refused(f"a type is one of {', '.join(ChangeType)}, not {unknown[0][:64]}", "types")
    if unknown := sorted({*system.states.values()} - {*Stand}):
        raise Refused(f"a state is one of {', '.join(Stand)}, not {unknown[0][:64]}", "states")
    if unknown := sorted({voice.role for voice in system.voices.values()} - {*ROLES}):
        raise Refused(f"a word is given as {' or '.join(ROLES)}, not as {unknown[0][:64]}", "voices")
