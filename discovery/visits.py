"""Services beside SNMP, and how each is visited where it showed itself and a credential for it is in scope.

A visit is a source of its own: what fails in one undoes nothing of another.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Literal

from discovery.authenticate import Access, Contact, candidates, guarded, most_telling, tried
from discovery.credentials import Credential, Login
from discovery.device import SYS_DESCR, Device
from discovery.explore import Section
from discovery.failures import Failed
from discovery.identify import Identified
from discovery.knowledge import Known
from discovery.pace import Room
from discovery.placeholders import says_something
from wire.observation import Status

if TYPE_CHECKING:
    from discovery.ssh import Pool
    from discovery.ssh.platform import Platform

Protocol = Literal["snmp", "redfish", "ssh", "nut"]
VIRTUAL: Final = ("qemu", "kvm", "vmware", "virtualbox", "innotek", "xen", "bochs", "openstack", "virtual machine")
"""How the firmware of virtual machines calls itself, in small letters."""
KINDS: Final = {"aix": ("server", "minicomputer"), "esxi": ("server", "hypervisor")}
"""Systems that run on nothing else."""
NAME: Final = re.compile(
    r"\s*(?:sysname|hostname|switchname|set system host-name|set hostname)\s+\"?([\w.-]{1,255})\"?;?"
)
"""Lines of configurations that name the device."""


@dataclass(frozen=True, slots=True)
class Source:
    """What one protocol told at an address. `part`: of what, where it speaks for several devices (a UPS server)."""

    protocol: Protocol
    identified: Identified | None
    sections: tuple[Section, ...]
    part: str = ""


@dataclass(frozen=True, slots=True)
class Visited:
    """What a visit came to, with the credential that was accepted. `failure`: why nothing was told for all that."""

    credential: Credential
    sources: tuple[Source, ...]
    failure: Failed | None = None

    @property
    def identified(self) -> list[Identified]:
        return [each.identified for each in self.sources if each.identified]


@dataclass(frozen=True, slots=True)
class Call:
    """Whom to visit, knowing what. `found`, `told`: what SNMP has told before, if it did."""

    contact: Contact
    known: Known
    found: Identified | None
    told: Device
    secrets_key: bytes


class Visitor:
    """What the visits of one sweep share. SSH is loaded when it is first needed: its library is large."""

    def __init__(self) -> None:
        self._pool: Pool | None = None

    def close(self) -> None:
        if self._pool:
            self._pool.close()

    async def redfish(self, call: Call, credential: Credential) -> Visited:
        """Read a management controller. Raises Failed."""
        from discovery.redfish.exchange import Budget
        from discovery.redfish.trust import Trust
        from discovery.redfish.visit import visit

        contact, shown = call.contact, call.contact.shown.certificate
        assert isinstance(credential.holds, Login), "the kind says so"
        trust = Trust(call.known.certificate or (shown.key if shown else ""))
        budget = Budget(seconds=contact.limits.explore_seconds)
        found = await visit(contact.address, contact.profile.services["https"], credential.holds, trust, budget)
        source = Source("redfish", found.identified, found.explored.sections)
        return Visited(credential, (source,))

    async def ssh(self, call: Call, credential: Credential) -> Visited:
        """Read a configuration, and of a host what it is. Raises Failed."""
        await asyncio.to_thread(import_module, "discovery.ssh")  # which takes a while, and others wait for answers
        from discovery.ssh import Budget, Pool, Target, Wanted, admitted, recognise, visit

        contact, shown, self._pool = call.contact, call.contact.shown.ssh, self._pool or Pool()
        banner, key = (shown.banner, shown.host_key or "") if shown else ("", "")
        target = Target(contact.address, call.known.host_key or key, contact.profile.services["ssh"])
        budget = Budget(seconds=contact.limits.explore_seconds)
        platform = recognise(call.found.matched_by if call.found else None, call.told.told(SYS_DESCR), banner)
        if platform is None:
            await admitted(target, credential, budget, self._pool)
            return Visited(credential, (), Failed("unparsed", f"no platform for {banner}"))
        sections = await visit(target, credential, Wanted(platform, call.secrets_key, budget), self._pool)
        source = Source("ssh", host_of(sections) or gear_of(platform, sections), tuple(sections))
        return Visited(credential, (source,))

    async def nut(self, call: Call, credential: Credential) -> Visited:
        """Read the devices behind a UPS server; nobody logs in. Raises Failed."""
        from discovery.nut.client import read
        from discovery.nut.inventory import inventory

        address = call.contact.address
        listed = [inventory(each, address) for each in await read(address, call.contact.profile.services["nut"])]
        sources = [Source("nut", each.identified, each.explored.sections, each.name) for each in listed]
        return Visited(credential, tuple(sources))


@dataclass(frozen=True, slots=True)
class Service:
    """A service: the kinds of credentials it takes, and how it is visited with one."""

    protocol: Protocol
    kinds: frozenset[str]
    visit: Callable[[Visitor, Call, Credential], Awaitable[Visited]]


SERVICES: Final = (
    Service("redfish", frozenset({"redfish"}), Visitor.redfish),
    Service("ssh", frozenset({"ssh_password", "ssh_key"}), Visitor.ssh),
    Service("nut", frozenset({"nut"}), Visitor.nut),
)
"""In the order in which their word counts for what an address is."""


def callers(service: Service, call: Call, access: Access) -> list[Credential]:
    """Return the credentials a service may be visited with, none where it did not show itself."""
    return candidates(call.contact, access, service.kinds)


async def visit(service: Service, call: Call, access: Access, visitor: Visitor, room: Room) -> Visited:
    """Return what a service told to the first credential it accepts. Raises Failed."""

    async def attempt(credential: Credential) -> Visited:
        async with room():
            return await guarded(credential, call.contact, access, lambda: service.visit(visitor, call, credential))

    visited, refusals = await tried(callers(service, call, access), attempt, {})
    if visited is None:
        raise most_telling(failed for _, failed in refusals)
    return visited


# --- SSH


def host_of(sections: Iterable[Section]) -> Identified | None:
    """Return what the sections of a host come to, None where no system spoke: network gear has a configuration only."""
    told = {each.name: each.body for each in sections if each.status is Status.OK}
    system, hardware = _record(told.get("os")), _record(told.get("hardware"))
    if not system:
        return None
    vendor, model, serial = (_said(name, hardware) for name in ("vendor", "model", "serial"))
    class_, kind = KINDS.get(str(system.get("family")), ("unknown", "unknown"))
    if any(word in f"{vendor} {model}".casefold() for word in VIRTUAL):
        class_, kind = "server", "virtual_machine"
    return Identified(
        "generic", class_, kind, vendor=vendor, model=model, serial=serial, name=system.get("hostname"),
        os=system.get("name") or system.get("family"), version=system.get("version"), matched_by="ssh: uname",
    )  # fmt: skip


def gear_of(platform: Platform, sections: Iterable[Section]) -> Identified:
    """Return what a dialect and a configuration say of network gear: who made it, and what it is called."""
    texts = [str(row.get("text")) for each in sections if isinstance(each.body, list) for row in each.body]
    names = (found[1] for text in texts for line in text.splitlines() if (found := NAME.fullmatch(line)))
    return Identified(
        "generic", "unknown", "unknown", platform.vendor, None, None, platform.os, None, next(names, None),
        f"ssh: {platform.name}",
    )  # fmt: skip


def _record(body: object) -> Mapping[str, Any]:
    return body if isinstance(body, dict) else {}


def _said(name: str, hardware: Mapping[str, Any]) -> str | None:
    value = hardware.get(name)
    return value if isinstance(value, str) and says_something(name, value) else None
