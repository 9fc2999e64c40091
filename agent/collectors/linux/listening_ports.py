"""Sockets that accept connections or datagrams, with the process, unit and user behind each."""

from __future__ import annotations

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
    names = _user_names(root)
    rows = []
    for found in sockets.values():
        if found.port:  # 0: bound to none yet, or a raw protocol's
            pid = holders.get(found.inode)
            rows.append(_row(found, names) | (_process(root, pid) if pid else {}))
    return rows


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
