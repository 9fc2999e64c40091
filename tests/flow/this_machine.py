"""This machine as its own tools show it, in the words of the sections."""

from __future__ import annotations

import ipaddress
import json
import os
import subprocess
from typing import Any

Facts = set[tuple[Any, ...]]


def _output(*argv: str) -> str:
    listed = subprocess.run(argv, check=True, capture_output=True, text=True, env=os.environ | {"COLUMNS": "400"})
    return listed.stdout


def packages() -> Facts:
    """Return (name, architecture, version) of what `dpkg -l` shows with its files on the disk."""
    rows = [line.split() for line in _output("dpkg", "-l").splitlines() if line[1:2] in ("i", "U", "F", "W", "t")]
    return {(name.partition(":")[0], arch, version) for _, name, version, arch, *_ in rows}


def interfaces() -> Facts:
    """Return (name, MTU, addresses) of what `ip -j addr` shows; link-local and passing addresses left out."""
    return {
        (each["ifname"].partition("@")[0], each["mtu"], tuple(sorted(_addresses(each["addr_info"]))))
        for each in json.loads(_output("ip", "-j", "addr"))
    }


def _addresses(shown: list[dict[str, Any]]) -> list[str]:
    return [
        f"{each['local']}/{each['prefixlen']}"
        for each in shown
        if not ipaddress.ip_address(each["local"]).is_link_local
        and not (each.get("temporary") or each.get("tentative"))
    ]


def disks() -> Facts:
    """Return (device, bytes) of the disks `lsblk` shows that hold anything."""
    return {
        (each["name"], int(each["size"]))
        for each in json.loads(_output("lsblk", "-J", "-b", "-d"))["blockdevices"]
        if each["type"] == "disk" and int(each["size"]) and not each["name"].startswith(("zram", "ram"))
    }


def mounts() -> Facts:
    """Return (mount point,) of the block devices `lsblk` shows mounted in this name space."""
    whole = json.loads(_output("lsblk", "-J", "-l", "-o", "NAME,TYPE,MOUNTPOINTS"))["blockdevices"]
    return {(mount,) for each in whole for mount in each["mountpoints"] if mount and os.path.ismount(mount)}


def listening() -> Facts:
    """Return (address, port) of what `ss` shows listening over TCP."""
    return {_socket(line.split()[3]) for line in _output("ss", "-Hlnt").splitlines()}


def _socket(shown: str) -> tuple[str, int]:
    host, _, port = shown.rpartition(":")
    host = host.strip("[]").partition("%")[0]
    return plain(host if host != "*" else "::"), int(port)


def plain(address: str) -> str:
    """Return an address in one spelling; an IPv4 address inside IPv6 as IPv4."""
    found = ipaddress.ip_address(address)
    return str((isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped) or found)
