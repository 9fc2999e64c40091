"""What psutil tells alike on Windows and macOS: memory, file systems, interfaces, listeners, health."""

from __future__ import annotations

import os
import socket
import time
from ipaddress import IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Any

import psutil

from agent.collectors.base import Denied
from wire.sections import Body

Row = dict[str, Any]

# Mount options a file system has by default, and psutil's own words for the kind of drive.
_USUAL = frozenset({"rw", "ro", "local", "rootfs", "dovolfs", "journaled", "multilabel", "fixed", "removable",
                    "ignore-ownership", "automounted", "exported"})  # fmt: skip
_PSEUDO = frozenset({"devfs", "autofs", "cdfs", "udf", ""})
_MACOS_DATA = "/System/Volumes/Data"  # hidden from browsing like macOS's own volumes, but it holds the data


def memory(_root: Path) -> Body:
    """Return the record of `memory`."""
    return {"total_bytes": psutil.virtual_memory().total, "swap_bytes": psutil.swap_memory().total}


def filesystems(_root: Path) -> Body:
    """Return the rows of `filesystems`."""
    return [_filesystem(part) for part in _partitions()]


def _partitions() -> list[Any]:
    return [part for part in psutil.disk_partitions(all=False) if _holds_data(part)]


def _holds_data(part: Any) -> bool:
    options = part.opts.split(",")
    hidden = "dontbrowse" in options and part.mountpoint != _MACOS_DATA
    return part.fstype.lower() not in _PSEUDO and "cdrom" not in options and not hidden


def _filesystem(part: Any) -> Row:
    options, usage = part.opts.split(","), _usage(part.mountpoint)
    return {
        "mount": part.mountpoint,
        "device": part.device,
        "type": part.fstype.lower(),
        "size_bytes": usage.total if usage else None,
        "readonly": "ro" in options,
        "options": sorted(set(options) - _USUAL - {"", "dontbrowse"}),
    }


def _usage(mount: str) -> Any:
    try:
        return psutil.disk_usage(mount)
    except OSError:  # no medium in the drive, or not ours to ask
        return None


def interfaces(_root: Path) -> Body:
    """Return the rows of `interfaces`; those with neither a MAC nor an address of their own are left out."""
    states = psutil.net_if_stats()
    rows = [_interface(name, found, states.get(name)) for name, found in psutil.net_if_addrs().items()]
    return [row for row in rows if row["mac"] or row["addresses"]]


def _interface(name: str, found: list[Any], state: Any) -> Row:
    macs = (each.address.lower().replace("-", ":") for each in found if each.family == psutil.AF_LINK)
    mac = next((mac for mac in macs if mac.strip("0:")), None)  # a loopback's is all zeros
    inet = (prefixed(each.address, each.netmask) for each in found if each.family in (socket.AF_INET, socket.AF_INET6))
    row: Row = {"name": name, "mac": mac, "addresses": sorted({address for address in inet if address})}
    row["kind"] = _kind(name, state.flags.split(",") if state else [])
    if state is None:
        return row
    duplex = {psutil.NIC_DUPLEX_FULL: "full", psutil.NIC_DUPLEX_HALF: "half"}.get(state.duplex)
    speed = state.speed if state.isup and state.speed else None
    return row | {"mtu": state.mtu, "state": "up" if state.isup else "down", "speed_mbps": speed, "duplex": duplex}


def _kind(name: str, flags: list[str]) -> str:
    for prefix in ("bridge", "vlan", "bond"):
        if name.startswith(prefix):
            return prefix
    if "loopback" in flags:
        return "loopback"
    return "tunnel" if "pointopoint" in flags else "ethernet"


def prefixed(address: str, netmask: str | None) -> str | None:
    """Return "address/length", or None for a link-local address and for what is no address or mask."""
    try:
        parsed = ip_address(address.partition("%")[0])
        if parsed.is_link_local:
            return None
        if isinstance(parsed, IPv6Address):
            return f"{parsed}/{int(IPv6Address(netmask)).bit_count()}" if netmask else None
        return f"{parsed}/{ip_network(f'0.0.0.0/{netmask}').prefixlen}" if netmask else None
    except ValueError:
        return None


def listening_ports(_root: Path) -> Body:
    """Return the rows of `listening_ports`; raise `Denied` where only root may list other users' sockets."""
    try:
        sockets = psutil.net_connections(kind="inet")
    except psutil.AccessDenied as error:
        raise Denied("other users' sockets are not ours to list") from error
    rows: dict[tuple[str, str, int], Row] = {}
    for found in sorted(sockets, key=lambda found: found.pid or 0):
        protocol = "tcp" if found.type == socket.SOCK_STREAM else "udp"
        listens = found.status == psutil.CONN_LISTEN if protocol == "tcp" else not found.raddr
        if listens and found.laddr and found.laddr.port:
            key = protocol, found.laddr.ip.partition("%")[0], found.laddr.port
            rows.setdefault(key, dict(zip(("protocol", "address", "port"), key, strict=True)) | _process(found.pid))
    return list(rows.values())


def _process(pid: int | None) -> Row:
    if not pid:
        return {}
    try:
        told = psutil.Process(pid).as_dict(["name", "exe", "username"], ad_value=None)
    except psutil.NoSuchProcess:
        return {}
    return {"process": told["name"], "executable": told["exe"] or None, "user": told["username"]}


def health(_root: Path) -> Body:
    """Return the rows of `health`: load (not on Windows), memory, swap, file systems and uptime."""
    used, swap = psutil.virtual_memory(), psutil.swap_memory()
    rows = [("memory_used_ratio", "", used.percent / 100), ("memory_available_bytes", "", used.available)]
    rows += [("swap_used_ratio", "", swap.percent / 100)] if swap.total else []
    rows += [("uptime_seconds", "", time.time() - psutil.boot_time())]
    if hasattr(os, "getloadavg"):
        rows += [(f"load{minutes}", "", load) for minutes, load in zip((1, 5, 15), os.getloadavg(), strict=True)]
    for part in _partitions():
        if usage := _usage(part.mountpoint):
            rows.append(("filesystem_used_ratio", part.mountpoint, usage.percent / 100))
            rows.append(("filesystem_size_bytes", part.mountpoint, usage.total))
            rows.append(("filesystem_free_bytes", part.mountpoint, usage.free))
    return [{"metric": metric, "instance": instance, "value": round(value, 4)} for metric, instance, value in rows]
