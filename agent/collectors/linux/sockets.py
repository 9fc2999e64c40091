"""The kernel's socket tables (/proc/net/tcp and its kin), and which process holds a socket."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from agent.collectors.base import Denied, Unsupported
from agent.collectors.bounded import Malformed
from agent.collectors.linux import processes

TABLES = ("tcp", "tcp6", "udp", "udp6")

MAX_LINES = 200_000
MAX_DESCRIPTORS = 4_096
"""Descriptors looked at per process: listeners are opened early, so they have low numbers."""

# The kernel writes the listeners of TCP before all other sockets. So many others in a row mean that
# the listeners are through; without this a proxy with 100,000 connections would cost a second a look.
ENOUGH_OTHERS = 2_000

_LISTEN = b"0A"  # include/net/tcp_states.h; of UDP, 07 (TCP_CLOSE) is a bound, unconnected socket
_UNCONNECTED = b"07"


@dataclass(frozen=True, slots=True)
class Listener:
    """One socket that accepts connections or datagrams."""

    protocol: str
    address: str
    port: int
    uid: int
    inode: int


def listeners(root: Path) -> list[Listener]:
    """Return the listening sockets of this network namespace; raise `Unsupported`, `Denied`, `Malformed`."""
    found: list[Listener] = []
    tables = 0
    for table in TABLES:
        try:
            with open(root / "proc/net" / table, "rb") as lines:
                found += parse_table(table, lines)
        except PermissionError as error:
            raise Denied(f"/proc/net/{table} is not readable") from error
        except FileNotFoundError:  # a kernel without IPv6
            continue
        tables += 1
    if not tables:
        raise Unsupported("no /proc/net")
    return found


def parse_table(table: str, lines: Iterable[bytes]) -> list[Listener]:
    """Return the listeners of one table of `TABLES`; raise `Malformed`."""
    protocol = table.removesuffix("6")
    wanted = _LISTEN if protocol == "tcp" else _UNCONNECTED
    found: list[Listener] = []
    others = 0
    for line in islice(lines, 1, MAX_LINES):
        fields = line.split(None, 10)
        if len(fields) < 10:
            raise Malformed(f"/proc/net/{table}: {line[:80]!r}")
        if fields[3] == wanted:
            others = 0
            found.append(_listener(protocol, fields))
        elif protocol == "tcp" and (others := others + 1) >= ENOUGH_OTHERS:
            break
    return found


def _listener(protocol: str, fields: list[bytes]) -> Listener:
    address, _, port = fields[1].partition(b":")
    try:
        return Listener(protocol, parse_address(address), int(port, 16), int(fields[7]), int(fields[9]))
    except ValueError as error:
        raise Malformed(f"/proc/net/{protocol}: {b' '.join(fields)[:80]!r}") from error


def parse_address(digits: bytes, byteorder: str = sys.byteorder) -> str:
    """Return the text of an address as the kernel prints it: 32-bit words, each in the host's byte order.

    Raise `ValueError` for anything but 8 or 32 hexadecimal digits.
    """
    raw = bytes.fromhex(digits.decode("ascii"))
    if len(raw) not in (4, 16):
        raise ValueError(f"not an address: {digits!r}")
    if byteorder == "little":
        raw = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)


def owners(root: Path, inodes: set[int]) -> dict[int, int]:
    """Return inode → pid of the process that holds it; sockets of processes that are not ours to see are left out.

    Of several holders (a server and its workers) the lowest pid counts, but init last: it also holds
    the sockets it activates services by. The search ends when every socket is found.
    """
    wanted = {f"socket:[{inode}]": inode for inode in inodes if inode}
    holders: dict[int, int] = {}
    for pid in sorted(processes.pids(root), key=lambda pid: (pid == 1, pid)):
        if len(holders) == len(wanted):
            break
        for target in _descriptors(root, pid):
            if (inode := wanted.get(target)) is not None:
                holders.setdefault(inode, pid)
    return holders


def _descriptors(root: Path, pid: int) -> list[str]:
    folder = f"{root}/proc/{pid}/fd"
    targets: list[str] = []
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in islice(entries, MAX_DESCRIPTORS)]
    except OSError:  # denied, or the process has ended
        return targets
    for name in names:
        try:
            targets.append(os.readlink(f"{folder}/{name}"))
        except OSError:  # closed meanwhile
            continue
    return targets
