"""Sockets that accept connections or datagrams, with the process, unit and user behind each."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any

from agent.collectors.base import Collector
from agent.collectors.bounded import Malformed, read_if_allowed
from agent.collectors.linux import processes
from agent.collectors.linux.sockets import Listener, listeners, owners
from agent.collectors.linux.users import PASSWD, parse_passwd
from wire.sections import Body


def collect(root: Path) -> Body:
    """Return the rows of `listening_ports`; raise `Unsupported` without /proc/net.

    Without the right to look into other users' processes the rows lack process, executable and unit.
    Several sockets of one address and port (SO_REUSEPORT) are one row.
    """
    sockets = {(found.protocol, found.address, found.port): found for found in reversed(listeners(root))}
    holders = owners(root, {found.inode for found in sockets.values()})
    names, chosen_by_kernel = _user_names(root), local_port_range(root)
    rows = []
    for found in sockets.values():
        if found.port:  # 0: bound to none yet, or a raw protocol's
            pid = holders.get(found.inode)
            transient = {"transient": True} if is_transient(found, chosen_by_kernel) else {}
            rows.append(_row(found, names) | (_process(root, pid) if pid else {}) | transient)
    return rows


def local_port_range(root: Path) -> range:
    """Return the ports the kernel gives to sockets that ask for none in particular; empty where it does not say."""
    words = (read_if_allowed(root / "proc/sys/net/ipv4/ip_local_port_range") or b"").split()
    if len(words) != 2 or not all(word.isdigit() and len(word) < 6 for word in words):
        return range(0)
    return range(int(words[0]), int(words[1]) + 1)


def is_transient(found: Listener, chosen_by_kernel: range) -> bool:
    """Return whether nobody chose this port and nobody elsewhere can come in by it: a client's or a helper's socket.

    A port of that range that is open to the network over TCP is a service, whoever chose it.
    """
    if found.port not in chosen_by_kernel:
        return False
    address = ipaddress.ip_address(found.address)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return found.protocol == "udp" or (mapped or address).is_loopback


def _row(found: Listener, names: dict[int, str]) -> dict[str, Any]:
    return {
        "protocol": found.protocol,
        "address": found.address,
        "port": found.port,
        "user": names.get(found.uid, str(found.uid)),
    }


def _process(root: Path, pid: int) -> dict[str, Any]:
    known = processes.name_and_parent(root, pid)
    if known is None:
        return {}
    unit = processes.parse_unit(processes.cgroup(root, pid))
    return {"process": known[0], "executable": processes.executable(root, pid), "unit": unit}


def _user_names(root: Path) -> dict[int, str]:
    try:
        accounts = parse_passwd(read_if_allowed(root / PASSWD) or b"")
    except Malformed:  # the `users` section reports it
        return {}
    return {account.uid: account.name for account in reversed(accounts)}


COLLECTOR = Collector("listening_ports", collect, timeout_s=10.0, every_s=60)
