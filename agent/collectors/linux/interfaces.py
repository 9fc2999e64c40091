"""Network interfaces: /sys/class/net, with addresses, permanent MACs, bonds and VLANs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from agent.collectors.base import Collector, Unsupported
from agent.collectors.linux import sysfs
from agent.collectors.linux.addresses import addresses
from agent.collectors.linux.link_kinds import is_physical, kind_of
from agent.collectors.linux.permanent_mac import permanent_mac
from wire.sections import Body

NET = "sys/class/net"
BONDING = "proc/net/bonding"
VLANS = "proc/net/vlan/config"

MAX_BYTES = 4 * 1024 * 1024
MAX_INTERFACES = 10_000

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


def collect(root: Path) -> Body:
    """Return the rows of `interfaces`; raise `Unsupported` without /sys/class/net, `Malformed`."""
    folder = root / NET
    names = [name for name in sysfs.names(folder)[:MAX_INTERFACES] if (folder / name / "ifindex").exists()]
    if not names:
        raise Unsupported("no /sys/class/net")
    live = root == Path("/")
    told = addresses() if live else {}
    vlans = parse_vlan_config(sysfs.text(root / VLANS, MAX_BYTES) or "")
    burnt_in = _bonded_macs(root)
    rows = []
    for name in names:
        row = _row(folder / name)
        row["addresses"] = sorted(told.get(sysfs.whole(folder / name / "ifindex") or 0, ()))
        row["vlan"] = vlans.get(name)
        row["permanent_mac"] = burnt_in.get(name) or (
            permanent_mac(name) if live and is_physical(row["kind"]) else None
        )
        rows.append(row)
    return rows


def _row(folder: Path) -> dict[str, Any]:
    kind = kind_of(folder)
    state = oper_state(sysfs.text(folder / "operstate"))
    carries = is_physical(kind) and state == "up"  # a virtual link makes its speed up
    speed = sysfs.whole(folder / "speed") if carries else None
    duplex = sysfs.text(folder / "duplex") if carries else None
    return {
        "name": folder.name,
        "mac": mac(sysfs.text(folder / "address")),
        "mtu": sysfs.whole(folder / "mtu"),
        "speed_mbps": speed if speed and 0 < speed < 2**31 - 1 else None,
        "duplex": duplex if duplex in ("full", "half") else None,
        "state": state,
        "kind": kind,
        "master": sysfs.link_name(folder / "master"),
        "driver": sysfs.link_name(folder / "device/driver"),
    }


def oper_state(told: str | None) -> str:
    """Return RFC 2863's state as up, down or unknown."""
    if told in ("down", "lowerlayerdown", "notpresent"):
        return "down"
    return "up" if told == "up" else "unknown"


def mac(told: str | None) -> str | None:
    """Return an EUI-48 address in lower case, or None for anything else (a tunnel's own end, all zeros)."""
    address = (told or "").lower()
    return address if _MAC.fullmatch(address) and address.strip("0:") else None


def parse_vlan_config(table: str) -> dict[str, int]:
    """Return interface → VLAN id of /proc/net/vlan/config ("eth0.100 | 100 | eth0"), which root alone may read."""
    found: dict[str, int] = {}
    for line in table.splitlines():
        words = [word.strip() for word in line.split("|")]
        if len(words) == 3 and words[1].isdecimal() and 1 <= int(words[1][:5]) <= 4094:
            found[words[0]] = int(words[1])
    return found


def _bonded_macs(root: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for bond in sysfs.names(root / BONDING):
        found.update(parse_bonding(sysfs.text(root / BONDING / bond, MAX_BYTES) or ""))
    return found


def parse_bonding(text: str) -> dict[str, str]:
    """Return interface → its burnt-in MAC of a /proc/net/bonding file: a bond gives its members one MAC."""
    found: dict[str, str] = {}
    member = ""
    for line in text.splitlines():
        name, _, value = line.partition(": ")
        if name == "Slave Interface":
            member = value.strip()
        elif name == "Permanent HW addr" and member and (address := mac(value.strip())):
            found[member] = address
    return found


COLLECTOR = Collector("interfaces", collect, timeout_s=10.0, stamps=("run/systemd/netif/links",))
