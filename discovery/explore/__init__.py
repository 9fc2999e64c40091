"""Explore: read of an identified device what its class has, table family by table family, as sections of the catalogue.

`explore` is a script (`discovery.asking`). A family that cannot be read costs its own sections; once a device falls
silent nothing more is asked of it, and what was found is kept, each section saying whether it is complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from discovery.asking import Script
from discovery.device import Device
from discovery.explore.families import ALWAYS, FAMILIES, Family
from discovery.explore.findings import Section
from discovery.explore.stamps import Stamps, asked
from discovery.explore.tables import NOTHING, Memory, Tables
from discovery.explore.visit import Profile, Visit
from discovery.identify import Identified


@dataclass(frozen=True, slots=True)
class Explored:
    """What an exploration found. `stamps` and `tables` are to be kept, and passed in the next `Profile`."""

    sections: tuple[Section, ...]
    stamps: Mapping[str, float]
    tables: Tables = NOTHING


def explore(identified: Identified, device: Device, profile: Profile | None = None) -> Script[Explored]:
    """Return what the device has; `device` is the one it was identified with, so that nothing is asked twice."""
    profile = profile or Profile()
    stamps = Stamps(profile.stamps)
    visit = Visit(identified, device, profile, stamps, Memory(profile.tables, stamps, profile.now or 0.0))
    yield from _stamps(visit)
    fitting = [family for family in FAMILIES if family.fits(identified, device)]
    left_out = profile.leave_out - ALWAYS
    for family in fitting:
        if family.name not in left_out:
            yield from _run(family, visit)
    unread = {section for family in fitting if family.name in left_out for section in family.sections}
    names = dict.fromkeys(section for family in fitting for section in family.sections if section not in unread)
    return Explored(tuple(visit.findings.section(name) for name in names), stamps.now, visit.memory.now)


def _stamps(visit: Visit) -> Script[None]:
    """Ask anew for what tells when things moved: identification may have asked some time ago."""
    oids = asked(visit.device.sysobjectid)
    for oid in oids:
        visit.device.values.pop(oid, None)
    yield from visit.values({oid: oid for oid in oids})
    visit.stamps.take(visit.device.values, visit.device.sysobjectid, visit.profile.now)


def _run(family: Family, visit: Visit) -> Script[None]:
    """Run one family: whatever goes wrong in it costs its sections only."""
    try:
        yield from family.run(visit)
    except Exception:  # noqa: BLE001  what a device sends may find a fault here; the other families must not notice
        for section in family.sections:
            visit.findings.failed(section, "internal")


__all__ = ["Explored", "Profile", "Section", "Tables", "explore"]
