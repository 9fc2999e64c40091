"""What net-snmp calls the algorithms of SNMPv3, and the users of the tests."""

from __future__ import annotations

from typing import Final

from discovery.snmp.credential import Auth, Priv

AUTH_SECRET: Final = "larch-cedar-4417"
PRIV_SECRET: Final = "birch-maple-9035"

AUTHS: Final[dict[Auth, str]] = {
    "md5": "MD5", "sha1": "SHA", "sha224": "SHA-224", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512",
}  # fmt: skip
PRIVS: Final[dict[Priv, str]] = {
    "des": "DES", "aes128": "AES", "aes192": "AES-192", "aes256": "AES-256", "aes192c": "AES-192-C",
    "aes256c": "AES-256-C",
}  # fmt: skip


def user_name(auth: Auth, priv: Priv | None) -> str:
    return f"{auth}-{priv or 'plain'}"


def user_lines(below: str = "") -> list[str]:
    """Return what makes all users known to net-snmp's agent, `plain` among them, each held to its own way.

    They see what is `below` an OID, all without one.
    """
    lines = ["createUser plain", f"rouser plain noauth {below}"]
    for auth in AUTHS:
        for priv in (None, *PRIVS):
            name = user_name(auth, priv)
            cipher = f" {PRIVS[priv]} {PRIV_SECRET}" if priv else ""
            lines.append(f"createUser {name} {AUTHS[auth]} {AUTH_SECRET}{cipher}")
            lines.append(f"rouser {name} {'priv' if priv else 'auth'} {below}")
    return lines
