"""Routes of the main table: /proc/net/route and /proc/net/ipv6_route."""

from __future__ import annotations

import sys
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from itertools import islice
from pathlib import Path
from typing import Any

from agent.collectors.base import Collector, Unsupported
from agent.collectors.bounded import Malformed
from agent.collectors.linux import sysfs
from wire.sections import MAX_ROWS, Body

ROUTE = "proc/net/route"
ROUTE6 = "proc/net/ipv6_route"

MAX_BYTES = 16 * 1024 * 1024

# <linux/route.h>, <linux/ipv6_route.h>
_UP = 0x0001
_REJECT = 0x0200
_ANYCAST = 0x0010_0000
_CACHE = 0x0100_0000
_LOCAL = 0x8000_0000

_NO_INTERFACE = "*"  # of a route that refuses

_LINK_LOCAL = IPv6Network("fe80::/10")
_MULTICAST = IPv6Network("ff00::/8")


def collect(root: Path) -> Body:
    """Return the rows of `routes`, the one of lowest metric where several differ in that alone.

    Local, multicast and link-local routes, which come with every address, are left out. /proc shows the
    first of a multipath route's IPv4 next hops, and IPv6 routes of other tables with those of the main one.
    Raise `Unsupported` without /proc/net, `Malformed`.
    """
    tables = [sysfs.text(root / path, MAX_BYTES) for path in (ROUTE, ROUTE6)]
    if tables == [None, None]:
        raise Unsupported("no /proc/net")
    rows = parse_route(tables[0] or "") + parse_ipv6_route(tables[1] or "")
    best: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: int(row["metric"]), reverse=True):
        best[row["destination"], row["gateway"], row["interface"]] = row
    return list(islice(best.values(), MAX_ROWS))


def parse_route(table: str, byteorder: str = sys.byteorder) -> list[dict[str, Any]]:
    """Return the rows of /proc/net/route, whose addresses are numbers in the host's byte order; raise `Malformed`."""
    return [row for line in table.splitlines()[1:] if line.strip() and (row := _route(line, byteorder))]


def _route(line: str, byteorder: str) -> dict[str, Any] | None:
    words = line.split()
    try:
        interface, flags, metric = words[0], int(words[3], 16), int(words[6])
        destination, gateway, mask = (_ipv4(words[at], byteorder) for at in (1, 2, 7))
        network = IPv4Network((destination, mask))
    except (ValueError, IndexError) as error:
        raise Malformed(f"/proc/net/route: {line[:80]!r}") from error
    if not flags & _UP or flags & _REJECT or interface == _NO_INTERFACE:
        return None
    hop = "" if gateway == "0.0.0.0" else gateway  # noqa: S104  compared, not bound
    return {"destination": str(network), "gateway": hop, "interface": interface, "metric": metric}


def _ipv4(digits: str, byteorder: str) -> str:
    raw = bytes.fromhex(digits)
    return str(IPv4Address(raw[::-1] if byteorder == "little" else raw))


def parse_ipv6_route(table: str) -> list[dict[str, Any]]:
    """Return the rows of /proc/net/ipv6_route; raise `Malformed`."""
    return [row for line in table.splitlines() if line.strip() and (row := _ipv6_route(line))]


def _ipv6_route(line: str) -> dict[str, Any] | None:
    words = line.split()
    try:
        network = IPv6Network((bytes.fromhex(words[0]), int(words[1], 16)))
        gateway = IPv6Address(bytes.fromhex(words[4]))
        metric, flags, interface = int(words[5], 16), int(words[8], 16), words[9]
    except (ValueError, IndexError) as error:
        raise Malformed(f"/proc/net/ipv6_route: {line[:80]!r}") from error
    if not flags & _UP or flags & (_REJECT | _ANYCAST | _CACHE | _LOCAL) or interface == "lo":
        return None
    if network.subnet_of(_LINK_LOCAL) or network.subnet_of(_MULTICAST):
        return None
    hop = "" if gateway == IPv6Address(0) else str(gateway)
    return {"destination": str(network), "gateway": hop, "interface": interface, "metric": metric}


COLLECTOR = Collector("routes", collect, timeout_s=10.0)
