"""The file credentials are read from, YAML or JSON:

    credentials:
      - id: campus
        kind: snmp_user
        user: muster
        auth: sha256
        auth_secret: {env: MUSTER_AUTH}     # or {file: PATH}, or the text itself
        priv: aes128
        priv_secret: {file: priv.txt}
        scope: {ranges: [10.1.0.0/16], except: [10.1.9.0/24], zones: [], vendors: []}

Beside `user`: `community` and `version` (snmp_community), `context` and `engine_id` (snmp_user), `password`
(ssh_password, redfish, nut), `key` and `passphrase` (ssh_key); in a scope also `silent` and `unpinned`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, get_args

from discovery.credentials import MAX_COMMUNITY, Community, Credential, Kind, Login, SnmpUser, sendable
from discovery.lined import BadDefinition, Lined, read
from discovery.scope import Scope, scope_of
from discovery.secret import Secret
from discovery.snmp.credential import Auth, Priv
from wire.ranges import BadRange

MAX_CREDENTIALS: Final = 1000
MAX_SECRET: Final = 16_384
MIN_USM_SECRET: Final = 8  # RFC 3414 §11.2


class BadCredentials(ValueError):
    """A file of credentials that cannot be used; the message is `file:line: why` and holds nothing of the file."""


def exposed(file: Path) -> bool:
    """Return whether others than its owner can read the file."""
    return os.name == "posix" and bool(file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))


def load(file: Path) -> list[Credential]:
    """Return the credentials in a YAML or JSON file; raise `BadCredentials`."""
    try:
        lined = read(file)
    except BadDefinition as error:
        where, _, why = str(error).partition(": ")
        raise BadCredentials(
            f"{where}: {why if isinstance(error.__cause__, OSError) else 'cannot be read as YAML'}"
        ) from None
    try:
        return _all(lined)
    except BadDefinition as error:
        raise BadCredentials(str(error)) from None


def _all(lined: Lined) -> list[Credential]:
    listed = lined.content.get("credentials") if isinstance(lined.content, dict) else None
    if not isinstance(listed, list) or len(lined.content) != 1:
        raise lined.bad("a mapping with a list named `credentials` is expected")
    if len(listed) > MAX_CREDENTIALS:
        raise lined.bad(f"more than {MAX_CREDENTIALS} credentials")
    found: dict[str, Credential] = {}
    for at, said in enumerate(listed):
        one = _Fields(lined, ("credentials", at), said).credential()
        if one.id in found:
            raise lined.bad("the id stands twice", ("credentials", at, "id"))
        found[one.id] = one
    return list(found.values())


class _Fields:
    """One mapping of the file; every complaint names its line, and none repeats what stands there."""

    def __init__(self, lined: Lined, path: tuple[str | int, ...], said: Any) -> None:
        if not isinstance(said, dict):
            raise lined.bad("a mapping is expected", path)
        self._lined, self._path, self._said = lined, path, said
        self._left = {str(key) for key in said}

    def bad(self, key: str, why: str) -> BadDefinition:
        return self._lined.bad(f"{key}: {why}", (*self._path, key))

    def credential(self) -> Credential:
        kind = self.one_of("kind", get_args(Kind))
        identity = self.text("id", most=64)
        holds = MAKERS[kind](self)
        scope = self.scope()
        self.end()
        return Credential(identity, kind, holds, scope)

    def end(self) -> None:
        for key in sorted(self._left):
            raise self.bad(key, "is not known here")

    # --- fields

    def value(self, key: str) -> Any:
        self._left.discard(key)
        return self._said.get(key)

    def text(self, key: str, most: int = 255, default: str | None = None) -> str:
        value = self.value(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or not 0 < len(value) <= most:
            raise self.bad(key, f"a text of 1 to {most} characters is expected; put it in quotes")
        return value

    def one_of(self, key: str, words: tuple[Any, ...], optional: bool = False) -> Any:
        value = self.value(key)
        if not (value is None and optional) and value not in words:
            raise self.bad(key, f"one of {', '.join(map(str, words))} is expected")
        return value

    def flag(self, key: str) -> bool:
        return bool(self.one_of(key, (True, False), optional=True))

    def texts(self, key: str) -> list[str]:
        value = self.value(key) or []
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.bad(key, "a list of texts is expected")
        return value

    def secret(self, key: str) -> Secret:
        value = self.value(key)
        if isinstance(value, dict) and len(value) == 1:
            value = self._elsewhere(key, *next(iter(value.items())))
        if not isinstance(value, str) or not 0 < len(value) <= MAX_SECRET or not sendable(value):
            raise self.bad(key, "a text, {env: NAME} or {file: PATH} is expected; put a text in quotes")
        return Secret(value)

    def optional_secret(self, key: str) -> Secret | None:
        return self.secret(key) if key in self._said else None

    def _elsewhere(self, key: str, where: Any, name: Any) -> str | None:
        if where == "env":
            return os.environ.get(str(name))
        if where == "file":
            file = self._lined.file.parent / str(name)
            try:
                with file.open(encoding="utf-8") as opened:
                    return opened.read(MAX_SECRET + 1).rstrip("\r\n")
            except (OSError, UnicodeDecodeError):
                raise self.bad(key, "its file cannot be read") from None
        return None

    def scope(self) -> Scope:
        said = _Fields(self._lined, (*self._path, "scope"), self.value("scope"))
        allow, deny, zones, vendors = map(said.texts, ("ranges", "except", "zones", "vendors"))
        silent, unpinned = said.flag("silent"), said.flag("unpinned")
        said.end()
        if not allow:
            raise said.bad("ranges", "at least one is needed, a credential goes nowhere else")
        try:
            return scope_of(allow, deny, zones, vendors, silent, unpinned)
        except BadRange as error:
            raise self.bad("scope", str(error)) from None


# --- kinds


def _of_community(fields: _Fields) -> Community:
    name = fields.secret("community")
    if len(name.reveal()) > MAX_COMMUNITY:
        raise fields.bad("community", f"longer than {MAX_COMMUNITY} characters")
    return Community(name, fields.one_of("version", (1, 2), optional=True))


def _of_user(fields: _Fields) -> SnmpUser:
    auth = fields.one_of("auth", get_args(Auth), optional=True)
    priv = fields.one_of("priv", get_args(Priv), optional=True)
    if priv and not auth:
        raise fields.bad("priv", "SNMPv3 has no privacy without authentication")
    secrets = []
    for key, used in (("auth_secret", auth), ("priv_secret", priv)):
        secret = fields.secret(key) if used else None
        if secret and len(secret.reveal()) < MIN_USM_SECRET:
            raise fields.bad(key, f"shorter than {MIN_USM_SECRET} characters (RFC 3414)")
        secrets.append(secret)
    engine = fields.text("engine_id", most=64, default="")
    try:
        pinned = bytes.fromhex(engine)
    except ValueError:
        raise fields.bad("engine_id", "hexadecimal digits are expected") from None
    user = fields.text("user", most=32)
    return SnmpUser(user, auth, secrets[0], priv, secrets[1], fields.text("context", default=""), pinned)


def _of_login(key: str) -> Callable[[_Fields], Login]:
    def made(fields: _Fields) -> Login:
        return Login(fields.text("user"), fields.secret(key), fields.optional_secret("passphrase"))

    return made


MAKERS: Final[Mapping[str, Callable[[_Fields], Community | SnmpUser | Login]]] = {
    "snmp_community": _of_community,
    "snmp_user": _of_user,
    "ssh_password": _of_login("password"),
    "ssh_key": _of_login("key"),
    "redfish": _of_login("password"),
    "nut": _of_login("password"),
}
