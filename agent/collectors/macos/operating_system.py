"""The running macOS: version and build, names, identity and boot."""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime
from pathlib import Path

import psutil

from agent import command
from agent.collectors.base import Collector
from agent.collectors.bounded import read
from agent.collectors.macos import property_lists
from agent.collectors.macos.property_lists import text
from wire.sections import Body

RELEASE = "System/Library/CoreServices/SystemVersion.plist"
LOCALTIME = "etc/localtime"


def collect(root: Path) -> Body:
    """Return the record of `os`; raise `Denied`, `Unsupported`, `Malformed`, `CommandFailed`."""
    host, _, domain = socket.gethostname().partition(".")
    platform = command.run(["ioreg", "-a", "-rd1", "-c", "IOPlatformExpertDevice"])
    return parse_release(read(root / RELEASE)) | {
        "kernel": os.uname().release,
        "architecture": os.uname().machine,
        "hostname": host or None,
        "domain": domain if domain and domain != "local" else None,  # "local" is Bonjour's, not a domain
        "machine_id": parse_platform(platform.encode()),
        "timezone": _timezone(root),
        "booted_at": datetime.fromtimestamp(int(psutil.boot_time()), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "boot_id": command.run(["sysctl", "-n", "kern.bootsessionuuid"]).strip().lower() or None,
    }


def parse_release(data: bytes) -> dict[str, str | None]:
    """Return the fields SystemVersion.plist tells; raise `Malformed`."""
    told = property_lists.parse(data)
    name, version, build = (text(told.get(f"Product{key}")) for key in ("Name", "Version", "BuildVersion"))
    full = f"{version} ({build})" if version and build else version
    return {"family": "macos", "id": "macos", "name": f"{name or 'macOS'} {version or ''}".strip(), "version": full}


def parse_platform(data: bytes) -> str | None:
    """Return IOPlatformUUID of `ioreg -a -rd1 -c IOPlatformExpertDevice`; raise `Malformed`."""
    found = property_lists.parse_list(data)
    return (text(found[0].get("IOPlatformUUID")) or "").lower() or None if found else None


def _timezone(root: Path) -> str | None:
    try:
        return os.readlink(root / LOCALTIME).partition("zoneinfo/")[2] or None
    except OSError:
        return None


COLLECTOR = Collector("os", collect, timeout_s=30.0, stamps=(RELEASE, LOCALTIME))
