"""Which credential a target takes: the likeliest first, few of them, and none outside its scope."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar

from discovery.asking import Answer, Ask
from discovery.breaker import Breaker
from discovery.credentials import Credential
from discovery.failures import Failed
from discovery.fingerprint import Fingerprint
from discovery.knowledge import Knowledge
from discovery.limits import Limits, Profile, on_loopback
from discovery.liveness import Life
from discovery.snmp import Engine

FINAL: Final = frozenset({"authorization", "lease_ended"})
"""What says that the credential is the right one, or that there is none any more: none other is tried."""

TELLING: Final = (
    "wrong_priv", "wrong_auth", "login_refused", "unsupported_security_level", "not_in_time_window", "engine_changed",
    "host_key_changed", "unknown_user", "credential_refused", "malformed", "timeout", "unpinned", "budget_of_account",
)  # fmt: skip
"""Of several causes the one that says most, first."""

UNTRIED: Final = frozenset({"unpinned", "host_key_changed", "engine_changed", "budget_of_account"})
"""What a credential was not even shown for."""

PASSWORDS: Final = frozenset({"ssh_password", "redfish"})
"""Kinds whose password is sent; a UPS server is read without one."""

NO_ACCOUNT: Final = frozenset({"snmp_community", "nut"})
"""Kinds without an account that could be locked: silence is no refusal, and reading needs no login."""

Found = TypeVar("Found")
Refusals = list[tuple[str, Failed]]
"""Ids of credentials, and why each was not accepted."""


class WayIn(Protocol):
    """What can be asked once a credential was accepted. `dialect`: how it was taken, to be tried first next time."""

    @property
    def dialect(self) -> str: ...

    async def answer(self, asked: Ask) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Contact:
    """One target, and what is known of it before any credential.

    `vendor` is empty when nothing named it, `pinned_engine` when no SNMPv3 engine was seen there before, `dialect` when
    no credential was taken there before.
    """

    life: Life
    shown: Fingerprint
    vendor: str
    zone: str
    pinned_engine: bytes
    engine: Engine
    limits: Limits
    profile: Profile
    dialect: str = ""

    @property
    def address(self) -> str:
        return self.life.address


Door = Callable[[Credential, Contact], Awaitable[WayIn]]
"""Tries a credential of one kind. Raises Failed."""


@dataclass(frozen=True, slots=True)
class Access:
    """Credentials, what is known about who takes which, and by kind how one is tried.

    `ends_at`: until when the credentials are lent, monotonic seconds. `secrets_key`: of the hashes that stand for
    secrets in configurations; without one no configuration is read.
    """

    credentials: Sequence[Credential]
    doors: Mapping[str, Door]
    knowledge: Knowledge = field(default_factory=Knowledge)
    breaker: Breaker = field(default_factory=Breaker)
    ends_at: float = math.inf
    secrets_key: bytes = field(default=b"", repr=False)

    @property
    def has_ended(self) -> bool:
        return time.monotonic() >= self.ends_at


@dataclass(frozen=True, slots=True)
class Admitted:
    """A credential that was accepted, and the way in it opened."""

    credential: Credential
    way: WayIn


# --- which, as functions of values


def offers(address: str, access: Access, limits: Limits, zone: str) -> list[Credential]:
    """Return the communities `address` may be asked with before it has shown a sign of life."""
    known = access.knowledge.of(address)
    able = [
        each
        for each in access.credentials
        if each.kind == "snmp_community"
        and (each.scope.silent or on_loopback(address))
        and each.scope.covers(address, zone, known.vendor)
        and not access.has_ended
    ]
    last = next((each for each in access.credentials if each.id == known.credential), None)
    if last is not None and last.kind in access.doors and last not in able:
        return []  # it took another one last time: that goes first
    return _ranked(able, access.knowledge.ranked(address, known.vendor, zone))[: limits.communities]


def candidates(contact: Contact, access: Access, kinds: Collection[str]) -> list[Credential]:
    """Return what of some kinds may be tried, in order: in scope, its service answered, not refused already."""
    able = [each for each in access.credentials if each.kind in kinds and _able(each, contact)]
    return _ranked(able, access.knowledge.ranked(contact.address, contact.vendor, contact.zone))


def _ranked(able: list[Credential], likely: Sequence[str]) -> list[Credential]:
    place = {identity: at for at, identity in reversed(list(enumerate(likely)))}
    return sorted(able, key=lambda each: (place.get(each.id, len(likely)), not each.scope.vendors))


def _able(credential: Credential, contact: Contact) -> bool:
    shown = contact.shown
    answered = {
        "snmp_community": True,
        "snmp_user": contact.life.peer is not None,
        "ssh_password": shown.ssh is not None,
        "ssh_key": shown.ssh is not None,
        "redfish": shown.redfish is not None,
        "nut": shown.nut is not None,
    }
    return (
        answered[credential.kind]
        and credential.id not in contact.life.refused
        and credential.scope.covers(contact.address, contact.zone, contact.vendor)
    )


def check_pin(credential: Credential, contact: Contact, access: Access) -> None:
    """Raise Failed where a host is not who it was, or a password would go to one that nobody vouches for.

    Also once the credential is no longer lent.
    """
    if access.has_ended:
        raise Failed("lease_ended")
    known, shown = access.knowledge.of(contact.address), contact.shown
    pinned, now = {
        "ssh_password": (known.host_key, shown.ssh.host_key if shown.ssh else None),
        "ssh_key": (known.host_key, shown.ssh.host_key if shown.ssh else None),
        "redfish": (known.certificate, shown.certificate.key if shown.certificate else None),
    }.get(credential.kind, ("", None))
    if pinned and pinned != now:
        raise Failed("host_key_changed", f"now {now}")
    if not pinned and credential.kind in PASSWORDS and not credential.scope.unpinned:
        raise Failed("unpinned")


# --- trying


async def authenticate(contact: Contact, access: Access) -> Admitted:
    """Return the credential of SNMP that is accepted. Raises Failed, for what says most about why none was."""

    async def knocked(credential: Credential) -> Admitted:
        door = access.doors[credential.kind]
        return Admitted(credential, await guarded(credential, contact, access, lambda: door(credential, contact)))

    limits, refused = contact.limits, len(contact.life.refused)
    left = {"snmp_community": limits.communities - refused, "snmp_user": limits.users}
    admitted, refusals = await tried(candidates(contact, access, access.doors), knocked, left)
    if admitted is None:
        raise verdict(contact, refusals, access)
    return admitted


async def tried(
    credentials: Sequence[Credential], attempt: Callable[[Credential], Awaitable[Found]], left: dict[str, int]
) -> tuple[Found | None, Refusals]:
    """Return what the first attempt that succeeds does, None when none does, and why the others did not.

    `left`: attempts by kind, one where it says nothing. Raises Failed where no other credential could do better.
    """
    refusals: Refusals = []
    for credential in credentials:
        if left.setdefault(credential.kind, 1) <= 0:
            continue
        try:
            return await attempt(credential), refusals
        except Failed as failed:
            if failed.cause in FINAL:
                raise
            refusals.append((credential.id, failed))
            left[credential.kind] -= failed.cause not in UNTRIED
    return None, refusals


async def guarded(
    credential: Credential, contact: Contact, access: Access, attempt: Callable[[], Awaitable[Found]]
) -> Found:
    """Attempt where the credential may be shown. Raises Failed."""
    check_pin(credential, contact, access)
    if credential.kind in NO_ACCOUNT:
        return await attempt()
    return await access.breaker.guard(credential.id, contact.address, attempt)


def verdict(contact: Contact, refusals: Refusals, access: Access) -> Failed:
    """Return why no credential of SNMP was accepted."""
    silent = [(identity, Failed("credential_refused")) for identity in contact.life.refused]
    everything = [*silent, *refusals]
    if not everything:
        where = (contact.address, contact.zone, contact.vendor)
        others = [each.id for each in access.credentials if each.scope.covers(*where)]
        return Failed("no_service", f"not shown: that of {', '.join(others)}") if others else Failed("no_credential")
    detail = ", ".join(f"{identity}: {failed.cause}" for identity, failed in everything)
    if {failed.cause for _, failed in everything} == {"credential_refused"} and contact.life.peer is None:
        return Failed("no_service", detail)  # nothing proves that SNMP is spoken there at all
    return Failed(most_telling(failed for _, failed in everything).cause, detail)


def most_telling(failures: Iterable[Failed]) -> Failed:
    """Return the one of several failures, at least one, that says most."""
    rank = {cause: place for place, cause in enumerate(TELLING)}
    return min(failures, key=lambda failed: (rank.get(failed.cause, len(rank)), failed.cause))
