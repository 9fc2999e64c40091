"""What a task lends (`wire.sweep.Lease`), as credentials; for sweeps and for receivers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, get_args

from discovery.credentials import MAX_COMMUNITY, Community, Credential, Kind, Login, SnmpUser, sendable
from discovery.scope import scope_of
from discovery.secret import Secret
from discovery.snmp.credential import Auth, Priv

MAX_TASK_BYTES: Final = 8 * 1024 * 1024
MAX_SECRET: Final = 16_384
MIN_USM_SECRET: Final = 8  # RFC 3414 §11.2

Said = Mapping[str, str]


class BadTask(ValueError):
    """A task that cannot be worked by; the message is one line and holds no secret."""


def texts(value: Any) -> Sequence[str]:
    """Return a list of texts; raise `BadTask` for anything else."""
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise BadTask("a list of texts is expected")
    return value


def credential(lease: Any) -> Credential:
    """Return what one lease lends; raise `BadTask`."""
    uid, said = str(lease["uid"])[:64], dict(lease["secret"])
    if not all(isinstance(each, str) for each in said.values()):
        raise BadTask(f"credential {uid}: texts are expected")
    maker = _MAKERS.get(lease["kind"])
    if maker is None:
        raise BadTask(f"credential {uid}: its kind is not known to this probe")
    try:
        kind, holds = maker(said)
        flags = bool(lease.get("silent")), bool(lease.get("unpinned"))
        scope = scope_of(texts(lease["ranges"]), (), (), texts(lease["vendors"]), *flags)
    except ValueError as error:
        raise BadTask(f"credential {uid}: {error}") from None
    return Credential(uid, kind, holds, scope)


def _secret(said: Said, name: str, most: int = MAX_SECRET) -> Secret:
    value = said.get(name, "")
    if not 0 < len(value) <= most or not sendable(value):
        raise BadTask(f"{name} is missing, or longer than {most} characters")
    return Secret(value)


def _user_name(said: Said) -> str:
    return _secret(said, "user", 255).reveal()


def _community(said: Said) -> tuple[Kind, Community]:
    return "snmp_community", Community(_secret(said, "community", MAX_COMMUNITY))


def _snmp_user(said: Said) -> tuple[Kind, SnmpUser]:
    auth, priv = said.get("auth") or None, said.get("priv") or None
    if (auth or "md5") not in get_args(Auth) or (priv or "des") not in get_args(Priv) or (priv and not auth):
        raise BadTask("its algorithms are not known, or it has privacy without authentication")
    keys = [_secret(said, f"{name}_key") if used else None for name, used in (("auth", auth), ("priv", priv))]
    if any(key and len(key.reveal()) < MIN_USM_SECRET for key in keys):
        raise BadTask(f"a key is shorter than {MIN_USM_SECRET} characters (RFC 3414)")
    engine = _octets(said.get("engine_id", ""))
    if said.get("engine_id") and not engine:
        raise BadTask("an engine is hexadecimal")
    if engine and not all(_octets(key.reveal()) for key in keys if key):
        raise BadTask("a key of an engine is hexadecimal")
    user = SnmpUser(_user_name(said), auth, keys[0], priv, keys[1], engine_id=engine)  # type: ignore[arg-type]  # checked
    return "snmp_user", replace(user, localized=bool(engine))


def _octets(text: str) -> bytes:
    """Return what hexadecimal digits spell, nothing for what is no such text: no error may repeat any of it."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _ssh(said: Said) -> tuple[Kind, Login]:
    if said.get("key"):
        opens = _secret(said, "passphrase") if said.get("passphrase") else None
        return "ssh_key", Login(_user_name(said), _secret(said, "key"), opens)
    return "ssh_password", Login(_user_name(said), _secret(said, "password"))


def _redfish(said: Said) -> tuple[Kind, Login]:
    return "redfish", Login(_user_name(said), _secret(said, "password"))


def _nut(said: Said) -> tuple[Kind, Login]:
    return "nut", Login(_user_name(said), _secret(said, "password"))


_MAKERS: Final[Mapping[Any, Callable[[Said], tuple[Kind, Community | SnmpUser | Login]]]] = {
    "snmp_community": _community, "snmp_user": _snmp_user, "ssh": _ssh, "redfish": _redfish, "nut": _nut,
}  # fmt: skip
