"""Addresses of interfaces: ipAddressTable and its prefixes (RFC 4293), else ipAddrTable."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from typing import Final

from discovery.asking import Index, Oid, Script, Value
from discovery.explore.values import ip, ip_of, positive
from discovery.explore.visit import Table, Visit

_OLD: Final = Table("1.3.6.1.2.1.4.20.1", {"interface": (2, positive), "mask": (3, ip)})
_IP_ADDRESS: Final = "1.3.6.1.2.1.4.34.1"
_PREFIX_OF: Final = "1.3.6.1.2.1.4.32.1.5."
_IP6_ZONE: Final = {1: 4, 2: 16, 3: 4, 4: 16}
"""InetAddressType (RFC 4001): ipv4, ipv6, ipv4z, ipv6z → octets of the address itself."""


def addresses(visit: Visit) -> Script[None]:
    """Add `addresses` to the rows of `interfaces`."""
    found: dict[int, set[str]] = defaultdict(set)
    new = yield from visit.rows(Table(_IP_ADDRESS, {"interface": (3, positive), "prefix": (5, _length)}))
    for index, row in new.rows.items():
        address = _address(index)
        if address and "interface" in row:
            _add(found[row["interface"]], address, row.get("prefix"))
    if not any(":" not in each for some in found.values() for each in some):
        old = yield from visit.rows(_OLD)
        for index, row in old.rows.items():
            address = ip_of(index)
            if address and "interface" in row:
                _add(found[row["interface"]], address, _bits(row.get("mask")))
    rows = (
        {"name": visit.ports.names[at], "addresses": sorted(some)}
        for at, some in found.items()
        if at in visit.ports.names
    )
    visit.findings.add("interfaces", rows)
    visit.findings.failed("interfaces", new.failure)


def _address(index: Index) -> str | None:
    """Return the address of an ipAddressTable index: type, length, octets. Some agents leave the length out."""
    size = _IP6_ZONE.get(index[0]) if index else None
    if not size:
        return None
    octets = index[2:] if len(index) > 2 and index[1] == len(index) - 2 else index[1:]
    return ip_of(octets[:size]) if len(octets) >= size else None


def _length(value: Value) -> int | None:
    """Return the length of the prefix an ipAddressPrefix points at: the last part of the row's name."""
    if not isinstance(value, Oid) or not value.startswith(_PREFIX_OF):
        return None
    tail = value.rpartition(".")[2]
    return int(tail) if tail.isdecimal() and int(tail) <= 128 else None


def _bits(mask: str | None) -> int | None:
    try:
        return ipaddress.ip_network(f"0.0.0.0/{mask}").prefixlen if mask else None
    except ValueError:
        return None


def _add(to: set[str], address: str, prefix: int | None) -> None:
    """Add an address that says where the device is: link-local and loopback ones say nothing of it."""
    found = ipaddress.ip_address(address)
    longest = found.max_prefixlen
    if not found.is_link_local and not found.is_loopback:
        to.add(f"{address}/{prefix if prefix is not None and 0 < prefix <= longest else longest}")
