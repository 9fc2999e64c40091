"""Virtual machines of libvirt: virsh's list and statistics, over the read-only connection."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from agent import command
from agent.collectors.base import Collector, Unsupported
from agent.collectors.bounded import Malformed
from agent.collectors.linux import sysfs
from wire.sections import MAX_ROWS, Body

# The daemons' sockets, each with the address that reaches it; libvirtd serves both drivers.
CONNECTIONS = (
    ("run/libvirt/virtqemud-sock-ro", "qemu:///system"),
    ("run/libvirt/virtxend-sock-ro", "xen:///system"),
    ("run/libvirt/libvirt-sock-ro", ""),
)
XEN = "proc/xen/capabilities"
TIMEOUT_S = 15.0

_LISTED = re.compile(r"\s*([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\s+(\S.*?)\s*")
_DOMAIN = re.compile(r"Domain: '(.*)'")

# virDomainState: a domain that waits for a device runs; one on its way down still does.
_STATES = {"1": "running", "2": "running", "3": "paused", "4": "running", "5": "shut_off", "6": "crashed",
           "7": "suspended"}  # fmt: skip


def collect(root: Path) -> Body:
    """Return the rows of `virtual_machines`; raise `Unsupported` where no libvirt serves, `CommandFailed`."""
    connection = connection_of(root)
    if connection is None:
        raise Unsupported("no libvirt")
    virsh = ["virsh", "--readonly", "--connect", connection]
    listed = command.run([*virsh, "list", "--all", "--uuid", "--name"], TIMEOUT_S)
    stats = command.run([*virsh, "domstats", "--state", "--vcpu", "--balloon"], TIMEOUT_S)
    return parse_machines(listed, stats)


def connection_of(root: Path) -> str | None:
    """Return the address of the libvirt driver that serves here, or None."""
    for socket, address in CONNECTIONS:
        if sysfs.exists(root / socket):
            return address or ("xen:///system" if sysfs.exists(root / XEN) else "qemu:///system")
    return None


def parse_machines(listed: str, stats: str) -> list[dict[str, Any]]:
    """Return the rows of `virsh list --uuid --name` and `virsh domstats`, joined by name; raise `Malformed`."""
    lines = [line for line in listed.splitlines() if line.strip()]
    if len(lines) > MAX_ROWS:
        raise Malformed(f"virsh: more than {MAX_ROWS} domains")
    told = parse_domstats(stats)
    return [_row(line, told) for line in lines]


def _row(line: str, told: dict[str, dict[str, str]]) -> dict[str, Any]:
    match = _LISTED.fullmatch(line)
    if match is None:
        raise Malformed(f"virsh list: {line[:80]!r}")
    stats = told.get(match[2], {})
    kibibytes = _whole(stats.get("balloon.maximum"))
    return {
        "uuid": match[1].lower(),
        "name": match[2][:1024],
        "state": _STATES.get(stats.get("state.state", "")),
        "vcpus": _whole(stats.get("vcpu.current")) or _whole(stats.get("vcpu.maximum")),
        "memory_bytes": None if kibibytes is None else kibibytes * 1024,
    }


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) <= 15 else None


def parse_domstats(text: str) -> dict[str, dict[str, str]]:
    """Return domain name → statistic → value of `virsh domstats`."""
    found: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for line in text.splitlines():
        if match := _DOMAIN.fullmatch(line):
            current = found.setdefault(match[1], {})
        else:
            name, _, value = line.strip().partition("=")
            current[name] = value
    return found


COLLECTOR = Collector(
    "virtual_machines", collect, timeout_s=35.0, every_s=300, stamps=("etc/libvirt/qemu", "run/libvirt/qemu")
)
