"""What the tables of all devices say of MACs and addresses, by MAC: which port, which VLAN, which address."""

from __future__ import annotations

import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from wire.topology import Bodies, Device, End

_SEPARATORS: Final = re.compile(r"[:.\-\s]")
_MAC: Final = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table. `section`: fdb or arp; `vlan`: 0 where it is not told; `address`: of an arp line."""

    section: str
    end: End
    vlan: int
    address: str


def mac_in(text: str) -> str | None:
    """Return a MAC in any of the usual spellings (aa:bb:…, aa-bb-…, aabb.ccdd.eeff, aabb-ccdd-eeff) as aa:bb:…"""
    digits = _SEPARATORS.sub("", text.strip().lower())
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2)) if _MAC.fullmatch(digits) else None


def address_in(text: str) -> str | None:
    """Return an IPv4 or IPv6 address in its one spelling, None for what is none."""
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return None


def lines(devices: Mapping[str, Bodies]) -> dict[str, list[Line]]:
    """Return MAC → the lines it stands in, apart from those a device has for its own MACs."""
    found: dict[str, list[Line]] = defaultdict(list)
    for name, bodies in devices.items():
        device = Device(name, bodies)
        ends: dict[str, End] = {}  # thousands of lines share a port
        for row in device.rows("fdb"):
            if row.get("interface") and row.get("kind") != "self":
                port = row["interface"]
                end = ends[port] if port in ends else ends.setdefault(port, End(name, device.port(port)))
                found[row["mac"]].append(Line("fdb", end, int(row.get("vlan") or 0), ""))
        for row in device.rows("arp"):
            found[row["mac"]].append(Line("arp", End(name, str(row.get("interface") or "")), 0, row["address"]))
    return dict(found)


def carried(devices: Mapping[str, Bodies]) -> dict[str, set[str]]:
    """Return MAC → the addresses of the interfaces that have it, as their own devices say."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, bodies in devices.items():
        for row in Device(name, bodies).rows("interfaces"):
            if row.get("mac"):
                found[row["mac"]] |= {each.partition("/")[0] for each in row.get("addresses", [])}
    return dict(found)


def own(device: Device) -> Iterator[str]:
    """Yield the MACs of a device and its ports."""
    macs = (device.about.get("base_mac"), *(row.get("mac") for row in device.rows("interfaces")))
    yield from (mac for mac in macs if mac)
