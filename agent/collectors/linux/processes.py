"""What /proc tells of a process: its name, parent, program, arguments, systemd unit and container."""

from __future__ import annotations

import os
import re
from pathlib import Path

from agent.collectors.base import Denied, Unsupported
from agent.collectors.bounded import Malformed, read, read_if_allowed

MAX_PROCESSES = 100_000
MAX_CMDLINE = 256 * 1024  # java class paths are long
MAX_STATUS = 64 * 1024

# "pid (comm) state ppid …"; the name itself may hold blanks and parentheses.
_STAT = re.compile(rb"\d+ \((.*)\) \S (\d+) ", re.DOTALL)
_UNIT = re.compile(r"/([^/]+\.service)(?:/|$)")
# Engines name a container's control group by its id of 64 digits, LXC by its name.
_CONTAINER = re.compile(r"[-/]([0-9a-f]{64})(?:\.scope)?(?:[/\n]|$)|/lxc(?:\.payload)?[./]([^/\n]+)")


def pids(root: Path) -> list[int]:
    """Return the process ids below `root`/proc, lowest first; raise `Denied`, `Unsupported`."""
    try:
        names = os.listdir(root / "proc")
    except PermissionError as error:
        raise Denied("/proc is not readable") from error
    except OSError as error:
        raise Unsupported("no /proc") from error
    return sorted(int(name) for name in names if name.isdecimal())[:MAX_PROCESSES]


def name_and_parent(root: Path, pid: int) -> tuple[str, int] | None:
    """Return (command name, parent's pid), or None when the process has ended."""
    stat = read_if_allowed(f"{root}/proc/{pid}/stat", MAX_STATUS)
    return parse_stat(stat) if stat else None


def parse_stat(stat: bytes) -> tuple[str, int]:
    """Return (command name, parent's pid) of a /proc/PID/stat line; raise `Malformed`."""
    match = _STAT.match(stat)
    if match is None or len(match[2]) > 10:
        raise Malformed(f"/proc/PID/stat: {stat[:80]!r}")
    return match[1].decode("utf-8", "replace"), int(match[2])


def arguments(root: Path, pid: int) -> list[str]:
    """Return the command line; empty for a kernel thread or when it is not readable."""
    try:
        line = read_if_allowed(f"{root}/proc/{pid}/cmdline", MAX_CMDLINE)
    except Malformed:
        return []
    return parse_cmdline(line or b"")


def parse_cmdline(line: bytes) -> list[str]:
    """Return the arguments of a /proc/PID/cmdline; a title set with setproctitle is one argument."""
    return line.decode("utf-8", "replace").rstrip("\0").split("\0") if line.strip(b"\0") else []


def executable(root: Path, pid: int) -> str | None:
    """Return the path of the program, or None when denied; a program replaced on the disk keeps its path."""
    try:
        return os.readlink(f"{root}/proc/{pid}/exe").removesuffix(" (deleted)")
    except OSError:
        return None


def cgroup(root: Path, pid: int | str) -> str:
    """Return the text of /proc/PID/cgroup, empty when it cannot be read."""
    try:
        return read(f"{root}/proc/{pid}/cgroup", MAX_STATUS).decode("utf-8", "replace")
    except (Denied, Unsupported, Malformed):
        return ""


def parse_unit(text: str) -> str | None:
    """Return the system service of a /proc/PID/cgroup text (v2, or v1's name=systemd line), or None.

    Scopes are no answer: they are named by session or container, and change with each.
    """
    for line in text.splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers in ("", "name=systemd") and (match := _UNIT.search(path)):
            return match[1]
    return None


def parse_container(text: str) -> str | None:
    """Return the container of a /proc/PID/cgroup text: first 12 digits of its id, or LXC's name; None outside."""
    match = _CONTAINER.search(text)
    return (match[1] or match[2])[:12] if match else None
