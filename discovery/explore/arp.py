"""Addresses and the MACs they answer at: ipNetToPhysicalTable (RFC 4293), else ipNetToMediaTable."""

from __future__ import annotations

from typing import Any, Final

from discovery.asking import Index, Script
from discovery.explore.values import ip_of, mac, word
from discovery.explore.visit import Table, Visit

_KINDS: Final = {1: "other", 2: "invalid", 3: "dynamic", 4: "static", 5: "local"}
_NEW: Final = Table("1.3.6.1.2.1.4.35.1", {"mac": (4, mac), "kind": (6, word(_KINDS))}, rows=50_000)
_OLD: Final = Table("1.3.6.1.2.1.4.22.1", {"mac": (2, mac), "kind": (4, word(_KINDS))}, rows=50_000)
_SIZES: Final = {1: 4, 2: 16, 3: 4, 4: 16}  # InetAddressType


def arp(visit: Visit) -> Script[None]:
    """Find `arp`."""
    new = yield from visit.rows(_NEW)
    told = [(index[0], _address(index), row) for index, row in new.rows.items()]
    if not any(address and ":" not in address for _, address, _ in told):
        old = yield from visit.rows(_OLD)
        told += [(index[0], ip_of(index[1:]), row) for index, row in old.rows.items() if len(index) == 5]
        visit.findings.failed("arp", old.failure)
    visit.findings.failed("arp", new.failure)
    visit.findings.add("arp", (row for each in told if (row := _row(visit, *each))))


def _address(index: Index) -> str | None:
    size = _SIZES.get(index[1], 0) if len(index) > 2 else 0
    octets = index[3:] if len(index) > 3 and index[2] == len(index) - 3 else index[2:]
    return ip_of(octets[:size]) if size and len(octets) >= size else None


def _row(visit: Visit, at: int, address: str | None, row: dict[str, Any]) -> dict[str, Any] | None:
    if address is None or "mac" not in row or row.get("kind") == "invalid":
        return None
    return {**row, "address": address, "interface": visit.ports.name(at)}
