"""Who is let in, from a file of credentials as a sweep reads it: what opens the lab is what a sweep of it carries."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from discovery.credential_file import load
from discovery.credentials import Community, Login, SnmpUser
from discovery.lab.running import Doors
from discovery.snmp.credential import User


def doors_of(file: Path, doors: Doors) -> Doors:
    """Return doors that open to the communities, SNMPv3 users and the first SSH password of a file. ValueError."""
    held = [each.holds for each in load(file) if each.kind in ("snmp_community", "snmp_user", "ssh_password")]
    logins = [(each.user, each.secret.reveal()) for each in held if isinstance(each, Login)]
    return replace(
        doors,
        communities=frozenset(each.name.reveal() for each in held if isinstance(each, Community)),
        users=tuple(_user(each) for each in held if isinstance(each, SnmpUser)),
        login=logins[0] if logins else None,
    )


def _user(held: SnmpUser) -> User:
    return User(
        held.user, held.auth, held.auth_secret.reveal() if held.auth_secret else "",
        held.priv, held.priv_secret.reveal() if held.priv_secret else "",
    )  # fmt: skip
