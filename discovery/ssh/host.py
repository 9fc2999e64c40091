"""A host without an agent: what commands that only read say of it, in the sections an agent would send.

Each section is one fixed command of POSIX sh; nothing that a host said is ever part of a command. It costs only itself
when it cannot be read. What the agent learns by other ways (SMBIOS tables, SMART, netlink) is not told here.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from discovery.explore.findings import Section
from discovery.failures import Failed
from discovery.ssh.host_network import INTERFACES, PORTS, interfaces, listening_ports
from discovery.ssh.host_other import AIX, AIX_CHASSIS, ESXI, ESXI_CHASSIS, aix, aix_chassis, esxi, esxi_chassis
from discovery.ssh.host_software import PACKAGES, SERVICES, packages, services
from discovery.ssh.host_text import MARK, Row, parts, plain, rows_of, whole
from discovery.ssh.session import Terminal
from wire.observation import Status
from wire.sections import SECTIONS, BadSection, Body, arrange, check

OS: Final = (
    f"cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release 2>/dev/null; {MARK}; uname -n; uname -r; uname -m;"
    f" {MARK}; cat /etc/machine-id 2>/dev/null; {MARK};"
    f" readlink /etc/localtime 2>/dev/null || cat /etc/timezone 2>/dev/null; {MARK};"
    f" grep '^btime ' /proc/stat; {MARK}; cat /proc/sys/kernel/random/boot_id 2>/dev/null"
)
CPU: Final = "lscpu"
MEMORY: Final = "head -n 60 /proc/meminfo"
HARDWARE_FILES: Final = (
    ("vendor", "sys_vendor"), ("model", "product_name"), ("serial", "product_serial"), ("uuid", "product_uuid"),
    ("bios_vendor", "bios_vendor"), ("bios_version", "bios_version"), ("bios_date", "bios_date"),
    ("board_vendor", "board_vendor"), ("board_model", "board_name"), ("board_serial", "board_serial"),
    ("asset_tag", "chassis_asset_tag"),
)  # fmt: skip
HARDWARE: Final = (
    "[ -e /.dockerenv ] || [ -e /run/.containerenv ] || [ -e /run/systemd/container ] ||"
    f" for f in {' '.join(file for _, file in HARDWARE_FILES)};"
    ' do printf \'%s\\t%s\\n\' "$f" "$(cat /sys/class/dmi/id/$f 2>/dev/null)"; done'
)
USERS: Final = "cat /etc/passwd"
NO_SHELLS: Final = frozenset({"nologin", "false", "sync", "shutdown", "halt", "true"})
IDS: Final = {"ID": "id", "PRETTY_NAME": "name", "VERSION_ID": "version", "VERSION_CODENAME": "codename"}
LSCPU: Final = {"Model name": "model", "Vendor ID": "vendor"}


def sh(script: str) -> str:
    """Return a command that runs a script of ours under sh, whatever the user's shell is."""
    return f"exec sh -c {shlex.quote(f'LC_ALL=C; PATH=$PATH:/usr/sbin:/sbin; export LC_ALL PATH; {script}')}"


@dataclass(frozen=True, slots=True)
class Reading:
    """`parse`: output → body, None where the host has no such thing. Raises Failed."""

    section: str
    script: str
    parse: Callable[[str], Body | None]


def survey(terminal: Terminal) -> list[Section]:
    """Return the sections of a Linux, ESXi or AIX host. Raises Failed where it is another system."""
    system = plain(terminal.run(sh("uname -s"))) or ""
    if system not in SYSTEMS:
        raise Failed("unparsed", f"a system not known here: {system}")
    return [_section(terminal, each) for each in SYSTEMS[system]]


def _section(terminal: Terminal, reading: Reading) -> Section:
    shape = SECTIONS[reading.section]
    nothing: Body = {} if shape.is_record else []
    try:
        body = reading.parse(terminal.run(sh(reading.script)))
        if body is None:
            return Section(reading.section, Status.UNSUPPORTED, True, nothing)
        return Section(reading.section, Status.OK if body else Status.EMPTY, True, check(shape, arrange(shape, body)))
    except Failed as failed:
        return Section(reading.section, Status.FAILED, False, nothing, failed.cause)
    except BadSection:
        return Section(reading.section, Status.FAILED, False, nothing, "unparsed")


def operating_system(output: str) -> Body:
    """Return the record `os` (os-release(5), uname(1))."""
    release, names, machine_id, zone, booted, boot_id = parts(output, 6)
    body: Row = {"family": "linux"}
    for line in release.splitlines()[:200]:
        name, _, value = line.partition("=")
        if name in IDS:
            body[IDS[name]] = plain(value.strip().strip("\"'"))
    node, kernel, machine = (*names.splitlines(), "", "", "")[:3]
    host, _, domain = node.partition(".")
    told = {"hostname": host, "domain": domain, "kernel": kernel, "architecture": machine, "machine_id": machine_id,
            "timezone": zone.rpartition("zoneinfo/")[2].removeprefix("posix/"), "boot_id": boot_id}  # fmt: skip
    return body | {name: plain(value) for name, value in told.items()} | {"booted_at": boot_time(booted)}


def boot_time(stat: str) -> str | None:
    """Return the time of the last boot, RFC 3339, from `btime` of proc_stat(5)."""
    seconds = whole(stat.removeprefix("btime ").strip(), 10**11)
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else None
    except (ValueError, OverflowError, OSError):
        return None


def processors(output: str) -> Body:
    """Return the record `cpu` of lscpu(1)."""
    told = _named(output)
    sockets, each = whole(told.get("Socket(s)", "")), whole(told.get("Core(s) per socket", ""))
    body: Row = {name: plain(told.get(word, "")) for word, name in LSCPU.items()}
    speed = whole(told.get("CPU max MHz", "").partition(".")[0])
    cores = sockets * each if sockets and each else None
    threads = whole(told.get("CPU(s)", ""))
    if threads is None:
        raise Failed("unparsed", "lscpu")
    return body | {"sockets": sockets, "cores": cores, "threads": threads, "max_mhz": speed}


def installed_memory(output: str) -> Body:
    """Return the record `memory` (proc_meminfo(5))."""
    told = _named(output)
    total, swap = (whole(told.get(name, "").removesuffix(" kB"), 1 << 50) for name in ("MemTotal", "SwapTotal"))
    if total is None:
        raise Failed("unparsed", "/proc/meminfo")
    return {"total_bytes": total * 1024, "swap_bytes": None if swap is None else swap * 1024}


def chassis(output: str) -> Body | None:
    """Return the record `hardware`, None where no SMBIOS is seen, or a container would tell its host's."""
    told = dict(line.partition("\t")[::2] for line in output.splitlines()[:40])
    body: Row = {name: plain(told.get(file, "")) for name, file in HARDWARE_FILES}
    body["uuid"] = (body["uuid"] or "").lower() or None
    return body if any(body.values()) else None


def users(output: str) -> Body:
    """Return the rows of `users` (passwd(5))."""
    return rows_of(filter(None, map(_user, output.splitlines())), "name")


def _user(line: str) -> Row | None:
    fields = line.split(":")
    if len(fields) != 7 or not plain(fields[0]) or fields[0][0] in "+-":  # those two stand for accounts of NIS
        return None
    shell = plain(fields[6]) or ""
    numbers: dict[str, Any] = {"uid": whole(fields[2], 1 << 32), "gid": whole(fields[3], 1 << 32)}
    can = shell.rpartition("/")[2] not in NO_SHELLS
    return {"name": plain(fields[0]), **numbers, "home": plain(fields[5]), "shell": shell or None, "can_log_in": can}


def _named(output: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in output.splitlines()[:400])
    return {name.strip(): value.strip() for name, _, value in reversed(list(pairs))}


READINGS: Final = (
    Reading("os", OS, operating_system),
    Reading("hardware", HARDWARE, chassis),
    Reading("cpu", CPU, processors),
    Reading("memory", MEMORY, installed_memory),
    Reading("interfaces", INTERFACES, interfaces),
    Reading("packages", PACKAGES, packages),
    Reading("services", SERVICES, services),
    Reading("listening_ports", PORTS, listening_ports),
    Reading("users", USERS, users),
)
SYSTEMS: Final = {
    "Linux": READINGS,
    "VMkernel": (Reading("os", ESXI, esxi), Reading("hardware", ESXI_CHASSIS, esxi_chassis)),
    "AIX": (Reading("os", AIX, aix), Reading("hardware", AIX_CHASSIS, aix_chassis)),
}
"""By what `uname -s` says."""
