"""Network adapters with their addresses, through the NetAdapter and NetTCPIP modules."""

from __future__ import annotations

import re
from pathlib import Path

from agent.collectors.base import Collector
from agent.collectors.windows import powershell
from agent.collectors.windows.powershell import Row, text, whole
from wire.sections import Body

SCRIPT = """
Get-NetAdapter | Select-Object Name,MacAddress,PermanentAddress,MtuSize,Speed,FullDuplex,
@{n='Status';e={[string]$_.Status}},NdisPhysicalMedium,Virtual,VlanID,DriverName,
@{n='Addresses';e={[string[]]@(Get-NetIPAddress -InterfaceIndex $_.ifIndex -ErrorAction SilentlyContinue |
ForEach-Object { $_.IPAddress + '/' + $_.PrefixLength })}}
"""

_WIRELESS = frozenset({1, 9})  # NdisPhysicalMediumWirelessLan, …Native802_11
_STATES = {"Up": "up", "Disconnected": "down", "Disabled": "down", "Not Present": "down"}


def collect(_root: Path) -> Body:
    """Return the rows of `interfaces`; raise `CommandFailed`, `Malformed`."""
    return parse(powershell.ask(SCRIPT))


def parse(answer: str) -> Body:
    """Return the rows of an answer to `SCRIPT`; raise `Malformed`."""
    return [_interface(row) for row in powershell.rows(answer)]


def _interface(row: Row) -> Row:
    state = _STATES.get(text(row.get("Status")) or "", "unknown")
    speed = whole(row.get("Speed")) if state == "up" else None
    duplex = row.get("FullDuplex")
    addresses = [address for each in powershell.listed(row.get("Addresses")) if (address := text(each))]
    return {
        "name": text(row.get("Name")) or "",
        "mac": mac(text(row.get("MacAddress"))),
        "permanent_mac": mac(text(row.get("PermanentAddress"))),
        "addresses": sorted(address for address in addresses if not address.lower().startswith(("fe80:", "169.254."))),
        "mtu": whole(row.get("MtuSize")),
        "speed_mbps": speed // 1_000_000 or None if speed else None,
        "duplex": ("full" if duplex else "half") if isinstance(duplex, bool) and state == "up" else None,
        "state": state,
        "kind": _kind(row),
        "vlan": whole(row.get("VlanID")) or None,
        "driver": (text(row.get("DriverName")) or "").rpartition("\\")[2] or None,
    }


def _kind(row: Row) -> str:
    if whole(row.get("NdisPhysicalMedium")) in _WIRELESS:
        return "wireless"
    return "virtual" if row.get("Virtual") is True else "ethernet"


def mac(address: str | None) -> str | None:
    """Return a MAC in lower case with colons, from either of Windows' spellings; None for what is none."""
    digits = re.sub(r"[^0-9a-f]", "", (address or "").lower())
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2)) if len(digits) == 12 else None


COLLECTOR = Collector("interfaces", collect, timeout_s=70.0)
