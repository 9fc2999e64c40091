"""Resolver settings: /etc/resolv.conf, or behind a local stub the servers that stub asks."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Any

from agent.collectors.base import Collector
from agent.collectors.bounded import read
from agent.collectors.linux import sysfs
from agent.collectors.resolving import ORDERED, in_order
from wire.sections import Body

RESOLV = "etc/resolv.conf"
# What systemd-resolved and NetworkManager's dnsmasq themselves ask, in the same format.
BEHIND_STUB = ("run/systemd/resolve/resolv.conf", "run/NetworkManager/no-stub-resolv.conf")

MAX_BYTES = 64 * 1024


def collect(root: Path) -> Body:
    """Return the record `dns`; raise `Unsupported` where there is no resolv.conf, `Denied`, `Malformed`."""
    told = parse_resolv(read(root / RESOLV, MAX_BYTES).decode("utf-8", "replace"))
    if all(ip_address(server).is_loopback for server in told["servers"]):
        behind = next((text for path in BEHIND_STUB if (text := sysfs.text(root / path, MAX_BYTES))), "")
        servers = parse_resolv(behind)["servers"]
        told["servers"] = servers or told["servers"]
    return told


def parse_resolv(text: str) -> dict[str, Any]:
    """Return the record `dns` of a resolv.conf(5); of `domain` and `search` the last one counts."""
    servers: list[str] = []
    search: list[str] = []
    for words in map(str.split, text.splitlines()):
        if len(words) < 2:
            continue
        if words[0] == "nameserver" and _is_address(words[1]):
            servers.append(words[1])
        elif words[0] in ("search", "domain"):
            search = [name[:1024] for name in words[1:] if name != "."]
    return {"servers": in_order(servers), "search": in_order(search[:32])}


def _is_address(word: str) -> bool:
    try:
        ip_address(word)
    except ValueError:
        return False
    return True


COLLECTOR = Collector("dns", collect, timeout_s=5.0, stamps=(RESOLV, *BEHIND_STUB), revision=ORDERED)
