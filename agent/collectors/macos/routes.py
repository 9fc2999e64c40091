"""Routes, from `netstat -rn`; the table's neighbours and host entries are left out."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

from agent import command
from agent.collectors.base import Collector
from wire.sections import MAX_ROWS, Body

# netstat(1): neighbours (L), clones (W), broadcast (b) and multicast (m) come and go by themselves.
_NOT_ROUTES = frozenset("LWbm")
_DEFAULTS = {"Internet:": "0.0.0.0/0", "Internet6:": "::/0"}


def collect(_root: Path) -> Body:
    """Return the rows of `routes`; raise `CommandFailed`."""
    return parse(command.run(["netstat", "-rn"]))


def parse(answer: str) -> Body:
    """Return the rows of `netstat -rn`; a line that is no route is left out."""
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    default = ""
    for line in answer.splitlines()[:MAX_ROWS]:
        words = line.split()
        if len(words) == 1:
            default = _DEFAULTS.get(words[0], "")
        elif default and len(words) >= 4 and (row := _route(words, default)):
            rows[row["destination"], row["gateway"], row["interface"]] = row
    return list(rows.values())


def _route(words: list[str], default: str) -> dict[str, Any] | None:
    name, gateway, flags, interface = words[:4]
    destination, next_hop = default if name == "default" else network(name), _gateway(gateway)
    if destination is None or _NOT_ROUTES & set(flags):
        return None
    if not next_hop and destination.endswith(("/32", "/128")):  # the interface's own: its router, its broadcast
        return None
    return {"destination": destination, "gateway": next_hop, "interface": interface}


def network(name: str) -> str | None:
    """Return the prefix netstat abbreviates ("10.1/16", "169.254", "fd00::%utun1/64"); None for the machine's own."""
    address, slash, length = name.partition("/")
    address = address.partition("%")[0]
    if ":" not in address:
        octets = [octet for octet in address.split(".") if octet]
        length = length if slash else str(8 * len(octets))
        address = ".".join([*octets, *["0"] * (4 - len(octets))])
    try:
        found = ip_network(f"{address}/{length}" if length else address, strict=False)
    except ValueError:
        return None
    return None if found.is_loopback or found.is_link_local or found.is_multicast else str(found)


def _gateway(text: str) -> str:
    """Return the next hop, empty for a route on link (its "gateway" is an interface or a MAC)."""
    try:
        return str(ip_address(text.partition("%")[0]))
    except ValueError:
        return ""


COLLECTOR = Collector("routes", collect, timeout_s=15.0)
