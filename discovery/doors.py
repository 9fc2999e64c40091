"""How a credential of each kind is tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Literal

from discovery.authenticate import Contact, Door
from discovery.credentials import Community, Credential, SnmpUser
from discovery.device import SYS_OBJECT_ID
from discovery.failures import Failed
from discovery.snmp import Alive, CommunityQuestion, Session, Taps, User, sweep
from discovery.snmp import Community as SnmpCommunity
from discovery.snmp.credential import REEDER


def session(credential: Credential, contact: Contact, version: Literal[1, 2] | None = None) -> Session:
    """Return a session with an SNMP credential; `version` is of a community that may speak both."""
    holds = credential.holds
    if isinstance(holds, SnmpUser):
        return _as_user(_user(holds), contact)
    assert isinstance(holds, Community), "a credential of SNMP"
    spoken = SnmpCommunity(holds.name.reveal(), version or holds.version or 2)
    return Session(contact.engine, (contact.address, contact.profile.port), spoken, contact.limits.budget)


async def community(credential: Credential, contact: Contact) -> Session:
    """Ask with a community; v1 comes after v2c, and not where the engine speaks v3."""
    holds = credential.holds
    assert isinstance(holds, Community), "the kind says so"
    for version in _versions(holds, contact):
        if await _answers(SnmpCommunity(holds.name.reveal(), version), contact):
            return session(credential, contact, version)
    raise Failed("credential_refused", "silent to this community")


def _versions(holds: Community, contact: Contact) -> tuple[Literal[1, 2], ...]:
    if holds.version:
        return (holds.version,)
    if contact.life.peer:
        return (2,)
    return (1, 2) if contact.dialect == "1" else (2, 1)


async def user(credential: Credential, contact: Contact) -> Session:
    """Ask as an SNMPv3 user. An engine that is not the pinned one is shown nothing."""
    holds = credential.holds
    assert isinstance(holds, SnmpUser), "the kind says so"
    spoken = _user(holds)
    first, other = spoken.priv, REEDER.get(spoken.priv)
    if other and contact.dialect == other:
        first, other = other, spoken.priv
    try:
        return await _accepted(_as_user(replace(spoken, priv=first), contact))
    except Failed as failed:
        if failed.cause != "wrong_priv" or other is None:
            raise
    return await _accepted(_as_user(replace(spoken, priv=other), contact))


async def _answers(spoken: SnmpCommunity, contact: Contact) -> bool:
    found: list[Alive] = []
    taps, target = contact.limits.taps, contact.life.target
    if target is not None and target.rtt is not None:
        taps = Taps(first=target.wait(contact.limits.patience), least=taps.least)
    await sweep(contact.engine, [contact.address], CommunityQuestion(spoken), found.append, contact.profile.port, taps)
    return bool(found)


async def _accepted(opened: Session) -> Session:
    await opened.get(SYS_OBJECT_ID)
    return opened


def _user(holds: SnmpUser) -> User:
    auth = holds.auth_secret.reveal() if holds.auth_secret else ""
    priv = holds.priv_secret.reveal() if holds.priv_secret else ""
    return User(holds.user, holds.auth, auth, holds.priv, priv, holds.context, holds.engine_id, holds.localized)


def _as_user(spoken: User, contact: Contact) -> Session:
    pinned = replace(spoken, engine_id=spoken.engine_id or contact.pinned_engine)
    return Session(contact.engine, (contact.address, contact.profile.port), pinned, contact.limits.budget)


DOORS: Final[Mapping[str, Door]] = {"snmp_community": community, "snmp_user": user}
