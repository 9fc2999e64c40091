"""The running operating system: os-release(5), the kernel's own names, host name, time zone and boot."""

from __future__ import annotations

import os
import shlex
from datetime import UTC, datetime
from pathlib import Path

from agent.collectors.base import Collector
from agent.collectors.bounded import read_if_allowed
from agent.collectors.linux import sysfs
from wire.sections import Body

RELEASES = ("etc/os-release", "usr/lib/os-release")
HOSTS = "etc/hosts"
RESOLV = "etc/resolv.conf"
LOCALTIME = "etc/localtime"

MAX_BYTES = 1024 * 1024


def collect(root: Path) -> Body:
    """Return the record `os`; a file that is missing costs its own fields only."""
    release = next((found for path in RELEASES if (found := parse_os_release(_read(root / path)))), {})
    kernel = root / "proc/sys/kernel"
    hostname, domain = host_and_domain(sysfs.text(kernel / "hostname") or "", _read(root / HOSTS), _read(root / RESOLV))
    return {
        "family": "linux",
        "id": release.get("ID"),
        "name": release.get("PRETTY_NAME") or release.get("NAME"),
        "version": release.get("VERSION_ID"),
        "codename": release.get("VERSION_CODENAME"),
        "kernel": sysfs.text(kernel / "osrelease"),
        "architecture": sysfs.text(kernel / "arch") or os.uname().machine,
        "hostname": hostname or None,
        "domain": domain,
        "machine_id": _machine_id(root),
        "timezone": _timezone(root),
        "booted_at": parse_boot_time(_read(root / "proc/stat")),
        "boot_id": sysfs.text(kernel / "random/boot_id"),
    }


def _read(path: Path) -> str:
    return (read_if_allowed(path, MAX_BYTES) or b"").decode("utf-8", "replace")


def parse_os_release(text: str) -> dict[str, str]:
    """Return name → value of os-release(5): shell assignments; a line that is none is left out."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if not equals or name.startswith("#"):
            continue
        try:
            words = shlex.split(value)
        except ValueError:  # a quotation mark that does not close
            continue
        if words and words[0]:
            found[name] = words[0][:1024]
    return found


def host_and_domain(node: str, hosts: str, resolv: str) -> tuple[str, str | None]:
    """Return (host name, domain): from the node name itself, /etc/hosts, or resolv.conf's `domain`."""
    host, _, domain = node.partition(".")
    if not domain:
        domain = _domain_in_hosts(host, hosts) or _domain_in_resolv(resolv)
    return host, domain or None


def _domain_in_hosts(host: str, hosts: str) -> str:
    for line in hosts.splitlines():
        names = line.partition("#")[0].split()[1:]
        if host in names:
            full = next((name for name in names if name.startswith(f"{host}.")), host)
            if domain := full.partition(".")[2]:
                return domain
    return ""


def _domain_in_resolv(resolv: str) -> str:
    words = [line.split() for line in resolv.splitlines()]
    return next((line[1] for line in words if len(line) >= 2 and line[0] == "domain" and line[1] != "."), "")


def parse_boot_time(stat: str) -> str | None:
    """Return the time of the last boot, RFC 3339 in UTC, from /proc/stat's `btime`."""
    words = next((line.split() for line in stat.splitlines() if line.startswith("btime ")), [])
    if len(words) != 2 or not words[1].isdecimal() or len(words[1]) > 11:
        return None
    return datetime.fromtimestamp(int(words[1]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _machine_id(root: Path) -> str | None:
    found = sysfs.text(root / "etc/machine-id") or sysfs.text(root / "var/lib/dbus/machine-id")
    return None if found == "uninitialized" else found  # machine-id(5): the image has not booted yet


def _timezone(root: Path) -> str | None:
    try:
        target = os.readlink(root / LOCALTIME)
    except OSError:  # a copy of the zone file does not tell its name
        return sysfs.text(root / "etc/timezone")
    return target.partition("zoneinfo/")[2].removeprefix("posix/") or None


COLLECTOR = Collector(
    "os", collect, timeout_s=5.0,
    stamps=(*RELEASES, "etc/hostname", HOSTS, RESOLV, "etc/machine-id", LOCALTIME, "etc/timezone"),
)  # fmt: skip
