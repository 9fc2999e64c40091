"""What a device shows of itself where no definition speaks: its maker, and the class its MIBs and words point to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from discovery.asking import Script
from discovery.definitions import Refinement
from discovery.device import SYS_DESCR, Device
from discovery.library import Definitions
from discovery.steps import holds
from discovery.vendors import ENTERPRISES, Vendor, Vendors, alike

UNKNOWN: Final = "unknown"
SUBTREE_ROWS: Final = 1500
"""Rows of the enterprises' tree that are read to see whose MIBs a device serves; only where nothing else named it."""

NO_MAKERS: Final = frozenset({2, 99, 311, 1070, 2021, 2076, 2238, 4413, 5591, 8072, 14706, 17095, 33118})
"""Numbers whose MIBs many makers serve: toolkits, sFlow, chips and what runs on them."""


@dataclass(frozen=True, slots=True)
class Maker:
    """A vendor and what named it."""

    vendor: Vendor
    why: str


def maker_of(vendors: Vendors, device: Device) -> Script[Maker | None]:
    """Return who made the device: by enterprise number, by name in sysDescr, by the private MIBs it serves."""
    named = vendors.named_in(device.told(SYS_DESCR))
    numbered = vendors.of(device.sysobjectid)
    if numbered:
        own = named if named and named.class_ and alike(named.name, numbered[1].name) else None
        return Maker(own or numbered[1], f"enterprise {numbered[0]}")
    if named:
        return Maker(named, "named in sysDescr")
    served = yield from device.column(ENTERPRISES.rstrip("."), SUBTREE_ROWS)
    for number in dict.fromkeys(row[0] for row in served if row):
        vendor = vendors.by_number.get(str(number))
        if vendor and number not in NO_MAKERS:
            return Maker(vendor, f"serves MIBs of enterprise {number}")
    return None


def class_of(definitions: Definitions, maker: Maker | None, device: Device) -> Script[tuple[str, str]]:
    """Return class and what it rests on: what the device serves and says, its maker's usual gear, weaker signs."""
    probes = [each.when.probe for each in (*definitions.strong, *definitions.weak)]
    yield from device.ask(probe[1] for probe in probes if probe and probe[0] == "get")
    strong = yield from first_that_holds(definitions.strong, device, {})
    if strong:
        return strong.class_ or UNKNOWN, _sign(strong)
    if maker and maker.vendor.class_:
        return maker.vendor.class_, f"usual of {maker.vendor.name}"
    weak = yield from first_that_holds(definitions.weak, device, {})
    return (weak.class_ or UNKNOWN, _sign(weak)) if weak else (UNKNOWN, "")


def first_that_holds(
    refinements: Sequence[Refinement], device: Device, found: Mapping[str, str | None]
) -> Script[Refinement | None]:
    """Return the first refinement whose condition holds."""
    for each in refinements:
        if (yield from holds(each.when, device, found)):
            return each
    return None


def _sign(refinement: Refinement) -> str:
    when = refinement.when
    if when.probe:
        return f"serves {when.probe[1]}"
    return ", ".join(f"{name} /{pattern.source}/" for name, pattern in when.patterns.items()) or "sysObjectID"
