"""What a receiver is to listen for, one JSON object (`wire.listening.ListenTask` and two places), as values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from discovery.credentials import Community, SnmpUser
from discovery.leases import MAX_TASK_BYTES, BadTask, credential
from discovery.snmp.credential import User
from wire.ranges import BadRange, Ranges, meant

__all__ = ["MAX_TASK_BYTES", "BadTask", "Listening", "Place", "read"]

Place = tuple[str, int]
"""Address and port to listen at."""


@dataclass(frozen=True, slots=True)
class Listening:
    """`where`: addresses that may speak. Each community and user may be used from some of them only.

    `traps` and `syslog` are None when that is not to be heard. `name` makes the engine ID that informs are sent to.
    """

    zone: str
    where: Ranges
    communities: Mapping[bytes, Ranges]
    users: Mapping[bytes, tuple[tuple[User, Ranges], ...]]
    traps: Place | None
    syslog: Place | None
    name: str


def read(line: bytes) -> Listening:
    """Return what one line of JSON says; raise `BadTask`, whose message holds no secret."""
    try:
        return _listening(json.loads(line))
    except BadTask:
        raise
    except BadRange as error:
        raise BadTask(str(error)) from None
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError, OverflowError):
        raise BadTask("a listening task in JSON is expected") from None


def _listening(said: Any) -> Listening:
    communities: dict[bytes, Ranges] = {}
    users: dict[bytes, tuple[tuple[User, Ranges], ...]] = {}
    for each in map(credential, said["leases"]):
        where = each.scope.where
        if isinstance(each.holds, Community):
            name = each.holds.name.reveal().encode()
            communities[name] = communities.get(name, Ranges()) | where
        elif isinstance(each.holds, SnmpUser):
            user = _user(each.holds)
            users[user.name.encode()] = (*users.get(user.name.encode(), ()), (user, where))
    return Listening(
        str(said["zone"]), meant(map(str, said["ranges"])), communities, users,
        _place(said["traps"]), _place(said["syslog"]), str(said["name"]),
    )  # fmt: skip


def _user(holds: SnmpUser) -> User:
    auth = holds.auth_secret.reveal() if holds.auth_secret else ""
    priv = holds.priv_secret.reveal() if holds.priv_secret else ""
    return User(holds.user, holds.auth, auth, holds.priv, priv, holds.context, holds.engine_id, holds.localized)


def _place(said: Any) -> Place | None:
    if said is None:
        return None
    address, port = said
    if not isinstance(address, str) or not isinstance(port, int) or not 0 <= port < 65_536:
        raise BadTask("a place to listen at is an address and a port")
    return address, port
