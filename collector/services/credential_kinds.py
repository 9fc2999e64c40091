"""What each kind of credential holds; no complaint repeats any of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collector.services.refused import Refused

AUTH: Final = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
"""RFC 3414, RFC 7860."""
PRIV: Final = ("des", "aes128", "aes192", "aes256", "aes192c", "aes256c")
"""RFC 3414, RFC 3826; with `c` the key is lengthened the way of Cisco (draft-reeder-snmpv3-usm-3desede)."""
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "snmp_community": ("community",),
    "snmp_user": ("user", "auth", "auth_key", "priv", "priv_key"),
    "ssh": ("user", "password", "key"),
    "redfish": ("user", "password"),
    "nut": ("user", "password"),
}
"""Kind → what its secret may hold, all of it text."""

MIN_USM_KEY: Final = 8  # RFC 3414 §11.2
MAX_USER: Final = 255
MAX_SNMP_USER: Final = 32  # RFC 3411, SnmpAdminString in usmUserName
MAX_COMMUNITY: Final = 255
MAX_VALUE: Final = 16_384


def check_secret(kind: str, secret: Mapping[str, str]) -> None:
    """Raise `Refused` when `secret` is not what a credential of this kind holds."""
    known = KINDS.get(kind)
    if known is None:
        raise Refused(f"a credential is one of {', '.join(KINDS)}", "kind")
    for name, value in secret.items():
        if name not in known:
            raise Refused(f"a credential of this kind holds {', '.join(known)} and nothing else", "secret")
        if not isinstance(value, str) or len(value) > MAX_VALUE or not _sendable(value):
            raise Refused(f"a text of at most {MAX_VALUE} characters is expected", name)
    given = {name: value for name, value in secret.items() if value}
    _CHECKS.get(kind, _check_login)(given)


def _check_community(given: Mapping[str, str]) -> None:
    if not 0 < len(given.get("community", "")) <= MAX_COMMUNITY:
        raise Refused(f"a community of 1 to {MAX_COMMUNITY} characters is needed", "community")


def _check_snmp_user(given: Mapping[str, str]) -> None:
    if not 0 < len(given.get("user", "")) <= MAX_SNMP_USER:
        raise Refused(f"a user of 1 to {MAX_SNMP_USER} characters is needed", "user")
    for name, words in (("auth", AUTH), ("priv", PRIV)):
        if given.get(name, words[0]) not in words:
            raise Refused(f"one of {', '.join(words)} is expected", name)
        if (name in given) != (f"{name}_key" in given):
            raise Refused("an algorithm and its key come together", f"{name}_key")
        if len(given.get(f"{name}_key", " " * MIN_USM_KEY)) < MIN_USM_KEY:
            raise Refused(f"at least {MIN_USM_KEY} characters are needed (RFC 3414)", f"{name}_key")
    if "priv" in given and "auth" not in given:
        raise Refused("SNMPv3 has no privacy without authentication", "auth")


def _check_login(given: Mapping[str, str]) -> None:
    if not 0 < len(given.get("user", "")) <= MAX_USER:
        raise Refused(f"a user of 1 to {MAX_USER} characters is needed", "user")
    if "password" not in given:
        raise Refused("a password is needed", "password")


def _check_ssh(given: Mapping[str, str]) -> None:
    if "key" not in given:
        _check_login(given)
    elif "password" in given:
        raise Refused("a password or a key is needed, not both", "password")
    else:
        _check_login({**given, "password": given["key"]})


_CHECKS: Final = {"snmp_community": _check_community, "snmp_user": _check_snmp_user, "ssh": _check_ssh}


def _sendable(text: str) -> bool:
    """Return whether UTF-8 can spell it and no C string ends in it."""
    return all(not "\ud800" <= each <= "\udfff" and each != "\0" for each in text)
