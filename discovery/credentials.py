"""Credentials: what they hold, and where each may go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from discovery.scope import Scope, scope_of
from discovery.secret import Secret
from discovery.snmp.credential import Auth, Priv

Kind = Literal["snmp_community", "snmp_user", "ssh_password", "ssh_key", "redfish", "nut"]
MAX_COMMUNITY: Final = 255


@dataclass(frozen=True, slots=True)
class Community:
    """`version`: 1 or 2 (v2c); None tries v2c, then v1 where nothing speaks v3."""

    name: Secret
    version: Literal[1, 2] | None = None


@dataclass(frozen=True, slots=True)
class SnmpUser:
    """SNMPv3; `engine_id` pins it to one engine. `localized`: the secrets are that engine's keys, hexadecimal."""

    user: str
    auth: Auth | None = None
    auth_secret: Secret | None = None
    priv: Priv | None = None
    priv_secret: Secret | None = None
    context: str = ""
    engine_id: bytes = b""
    localized: bool = False


@dataclass(frozen=True, slots=True)
class Login:
    """A user with a password, or with a private key and the passphrase that opens it."""

    user: str
    secret: Secret
    passphrase: Secret | None = None


@dataclass(frozen=True, slots=True)
class Credential:
    """`id` is what results, logs and ledgers show of it."""

    id: str
    kind: Kind
    holds: Community | SnmpUser | Login
    scope: Scope


def communities(names: Sequence[str], ranges: Sequence[str]) -> list[Credential]:
    """Return credentials for communities given with the ranges to sweep; those ranges are their scope. ValueError."""
    scope = scope_of(ranges, silent=True)
    return [
        Credential(f"community-{number}", "snmp_community", Community(_community(name)), scope)
        for number, name in enumerate(names, start=1)
    ]


def sendable(text: str) -> bool:
    """Return whether a text can be sent at all: Unicode has more than UTF-8 can spell."""
    return all(not "\ud800" <= each <= "\udfff" and each != "\0" for each in text)


def _community(name: str) -> Secret:
    if not 0 < len(name) <= MAX_COMMUNITY or not sendable(name):
        raise ValueError(f"a community has 1 to {MAX_COMMUNITY} characters")
    return Secret(name)
