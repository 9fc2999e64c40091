"""Credentials as people keep them: made, changed, suspended; what is secret goes in and never comes back."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypedDict, Unpack

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.security.audit import Act
from collector.security.vault import NotOpened, Vault
from collector.services.credential_kinds import check_secret
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.store import credentials, refusals
from collector.store.credentials import CredentialRow
from collector.store.refusals import RefusalRow
from wire.observation import ZONE
from wire.ranges import BadRange, meant, ranges

__all__ = [
    "Changes", "Credential", "NewCredential", "Refused", "change", "create", "listed", "refused_by", "remove", "resume",
    "suspend",
]  # fmt: skip

MAX_NAME: Final = 100
MAX_WHY: Final = 300
MAX_TEXTS: Final = 1000
MAX_VENDOR: Final = 100
MOST_REFUSALS: Final = 100
LISTS: Final = ("ranges", "except", "zones", "vendors")
FLAGS: Final = ("silent", "unpinned")


@dataclass(frozen=True, slots=True)
class Credential:
    """One credential without its secret.

    `scope`: `ranges` it may be sent to but for those in `except`; `zones` and `vendors`, any when empty; `silent`: also
    to addresses without a sign of life; `unpinned`: a password also to hosts nobody vouched for. Times in epoch ms,
    0: never; suspended while `suspended_until` is to come.
    """

    uid: str
    name: str
    kind: str
    scope: Mapping[str, Any]
    created_at: int
    created_by: str
    changed_at: int
    used_at: int
    suspended_until: int
    suspended_why: str


@dataclass(frozen=True, slots=True)
class NewCredential:
    """A credential as people give it; what each kind's `secret` holds is in `credential_kinds`."""

    name: str
    kind: str
    scope: Mapping[str, Any]
    secret: Mapping[str, str] = field(repr=False)


class Changes(TypedDict, total=False):
    """What to change of a credential; what is absent, or a secret that is None, stays."""

    name: str
    scope: Mapping[str, Any]
    secret: Mapping[str, str] | None


async def listed(connection: AsyncConnection) -> list[Credential]:
    """Return all credentials by name."""
    return [_opened(row) for row in await credentials.everyone(connection)]


async def one(connection: AsyncConnection, uid: str) -> Credential:
    """Return one credential, without what is secret in it; raise `NotFound`."""
    row = await credentials.find(connection, uid)
    if row is None:
        raise NotFound("credential", uid)
    return _opened(row)


async def create(act: Act, vault: Vault, new: NewCredential) -> str:
    """Seal a credential and return its uid; raise `Refused`."""
    name, scope = await _name(act.tx, new.name), _scope(new.scope)
    check_secret(new.kind, new.secret)
    uid = str(uuid.uuid4())
    sealed, key_id = vault.seal(uid, new.kind, scope, new.secret)
    await credentials.add(act.tx, CredentialRow(uid, name, new.kind, scope, sealed, key_id, act.at, act.by, act.at))
    act.tell("credential.create", f"credential/{uid}", after=_told(name, scope) | {"kind": new.kind})
    return uid


async def change(act: Act, vault: Vault, uid: str, **to: Unpack[Changes]) -> bool:
    """Change a credential, return whether there is one; raise `Refused`.

    A new secret ends a suspension: it was another one that failed.
    """
    row = await credentials.find(act.tx, uid)
    if row is None:
        return False
    name = await _name(act.tx, to["name"], uid) if "name" in to else row.name
    scope = _scope(to["scope"]) if "scope" in to else row.scope
    secret = to.get("secret")
    if secret is None:
        secret = _unsealed(vault, row)
    else:
        check_secret(row.kind, secret)
        await _resume(act.tx, uid)
    sealed, key_id = vault.seal(uid, row.kind, scope, secret)
    await credentials.change(act.tx, uid, name=name, scope=scope, sealed=sealed, key_id=key_id, changed_at=act.at)
    replaced = {"secret": "another one"} if to.get("secret") is not None else {}
    act.tell("credential.change", f"credential/{uid}", _told(row.name, row.scope), _told(name, scope) | replaced)
    return True


async def remove(act: Act, uid: str) -> bool:
    """Take a credential away; return whether there was one."""
    row = await credentials.find(act.tx, uid)
    if row is None:
        return False
    await credentials.remove(act.tx, uid)
    await refusals.forget(act.tx, uid)
    act.tell("credential.remove", f"credential/{uid}", before=_told(row.name, row.scope) | {"kind": row.kind})
    return True


async def suspend(act: Act, uid: str, until: int, why: str) -> bool:
    """Lend a credential to nobody until `until` (epoch ms); return whether there is one."""
    suspended = {"suspended_until": until, "suspended_why": why[:MAX_WHY]}
    if not await credentials.change(act.tx, uid, **suspended):
        return False
    act.tell("credential.suspend", f"credential/{uid}", after=suspended)
    return True


async def resume(act: Act, uid: str) -> bool:
    """End a suspension, and forget what led to it; return whether there is such a credential."""
    if not await _resume(act.tx, uid):
        return False
    act.tell("credential.resume", f"credential/{uid}")
    return True


async def _resume(tx: AsyncConnection, uid: str) -> bool:
    await refusals.forget(tx, uid)
    return await credentials.change(tx, uid, suspended_until=0, suspended_why="")


async def refused_by(connection: AsyncConnection, uid: str) -> list[RefusalRow]:
    """Return who refused a credential, the latest first."""
    return await refusals.of(connection, uid, MOST_REFUSALS)


def _unsealed(vault: Vault, row: CredentialRow) -> Mapping[str, str]:
    try:
        return vault.unseal(row)
    except NotOpened:
        raise Refused("what is kept of it no longer opens: give its secret again", "secret") from None


def _told(name: str, scope: str) -> dict[str, Any]:
    """Return what the audit log says of a credential: nothing of its secret."""
    return {"name": name, "scope": json.loads(scope)}


def _opened(row: CredentialRow) -> Credential:
    return Credential(
        row.uid, row.name, row.kind, json.loads(row.scope), row.created_at, row.created_by, row.changed_at,
        row.used_at, row.suspended_until, row.suspended_why,
    )  # fmt: skip


async def _name(tx: AsyncConnection, said: str, uid: str = "") -> str:
    name = said.strip()
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise Refused(f"a name of 1 to {MAX_NAME} characters is expected", "name")
    if await credentials.uid_named(tx, name) not in (None, uid):
        raise Refused("another credential has this name", "name")
    return name


# --- scope


def _scope(said: Mapping[str, Any]) -> str:
    """Return a scope as it is stored and sealed with (canonical JSON); raise `Refused`."""
    for key in said.keys() - {*LISTS, *FLAGS}:
        raise Refused(f"{key[:40]!r} is not known in a scope", "scope")
    lists = {key: _texts(said, key) for key in LISTS}
    if not _where(lists):
        raise Refused("a scope names at least one range: a credential goes nowhere else", "ranges")
    _check_words(lists)
    flags = {key: True for key in FLAGS if said.get(key)}
    return json.dumps({**lists, **flags}, ensure_ascii=False, sort_keys=True)


def _where(lists: Mapping[str, list[str]]) -> bool:
    for key in ("ranges", "except"):
        try:
            ranges(lists[key])
        except BadRange as error:
            raise Refused(str(error), key) from None
    return bool(meant(lists["ranges"]) - ranges(lists["except"]))


def _check_words(lists: Mapping[str, list[str]]) -> None:
    if not all(ZONE.fullmatch(zone) for zone in lists["zones"]):
        raise Refused("a zone is written with letters, digits, dot, dash and underscore, 64 at most", "zones")
    if not all(0 < len(vendor) <= MAX_VENDOR and vendor.isprintable() for vendor in lists["vendors"]):
        raise Refused(f"a vendor has 1 to {MAX_VENDOR} characters", "vendors")


def _texts(said: Mapping[str, Any], key: str) -> list[str]:
    listed = said.get(key) or []
    if not isinstance(listed, Iterable) or isinstance(listed, str | bytes | Mapping):
        raise Refused("a list is expected", key)
    texts = list(listed)
    if len(texts) > MAX_TEXTS or not all(isinstance(each, str) for each in texts):
        raise Refused(f"a list of at most {MAX_TEXTS} texts is expected", key)
    return [each.strip() for each in texts]
