"""Hosts over SNMP: HOST-RESOURCES-MIB (RFC 2790), UCD-SNMP-MIB, and who listens (TCP-MIB, RFC 4022)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from discovery.asking import Index, Script
from discovery.explore.values import counted, ip_of, oid, positive, times, whole, word
from discovery.explore.visit import Table, Visit

_HR: Final = "1.3.6.1.2.1.25."
_STORAGE: Final = Table(f"{_HR}2.3.1", {
    "type": (2, oid), "name": 3, "unit": (4, positive), "size": (5, whole), "used": (6, whole),
})  # fmt: skip
_TYPE: Final = f"{_HR}2.1."
_RAM, _FIXED, _NETWORK = f"{_TYPE}2", f"{_TYPE}4", f"{_TYPE}10"
_DEVICES: Final = Table(f"{_HR}3.2.1", {"type": (2, oid), "description": 3})
_PROCESSOR, _DISK = f"{_HR}3.1.3", f"{_HR}3.1.6"
_LOADS: Final = f"{_HR}3.3.1.2"  # hrProcessorLoad
_CAPACITIES: Final = f"{_HR}3.6.1.4"  # hrDiskStorageCapacity
_MOUNTS: Final = Table(f"{_HR}3.8.1", {"mount": 2, "type": (4, oid), "access": (5, whole), "storage": (7, positive)})
_FS_TYPES: Final = {
    2: "unknown", 3: "ffs", 4: "fat", 5: "fat", 6: "hfs", 9: "ntfs", 11: "journaled", 12: "iso9660", 14: "nfs",
    23: "ext2",
}  # fmt: skip
_SCALARS: Final = {
    "memory": (f"{_HR}2.2.0", counted(1024)), "swap": ("1.3.6.1.4.1.2021.4.3.0", counted(1024)),
    "total": ("1.3.6.1.4.1.2021.4.5.0", counted(1024)), "load1": ("1.3.6.1.4.1.2021.10.1.3.1", times(1, 0)),
}  # fmt: skip
_SOFTWARE: Final = f"{_HR}6.3.1.2"  # hrSWInstalledName
_LISTENERS: Final = "1.3.6.1.2.1.6.20.1.4"  # tcpListenerProcess
_STATES: Final = "1.3.6.1.2.1.6.13.1.1"  # tcpConnState
_LISTEN: Final = 2
_RUNNING: Final = f"{_HR}4.2.1.2"  # hrSWRunName
_PROGRAMS: Final = re.compile(r"^/(?:proc|sys|dev|run)(?:/|$)|^/snap/")
_DPKG: Final = re.compile(r"(?P<name>[a-z0-9][a-z0-9+.-]*)_(?P<version>[^_\s]+)_(?P<arch>[a-z0-9-]+)")
_RPM: Final = re.compile(
    r"(?P<name>.+?)-(?P<version>[^-\s]*\d[^-\s]*-[^-\s]+?)(?:\.(?P<arch>x86_64|noarch|i\d86|aarch64))?"
)


def host(visit: Visit) -> Script[None]:
    """Find `memory`, `cpu`, `disks`, `filesystems` and `health`."""
    told, failure = yield from visit.values(_SCALARS)
    visit.findings.failed("memory", failure)
    visit.findings.add(
        "memory", [{"total_bytes": told.get("memory") or told.get("total"), "swap_bytes": told.get("swap")}]
    )
    if "load1" in told:
        visit.findings.add("health", [{"metric": "load1", "instance": "", "value": told["load1"]}])
    yield from _devices(visit)
    yield from _storage(visit)


def _devices(visit: Visit) -> Script[None]:
    told = yield from visit.rows(_DEVICES)
    loads, _ = yield from visit.column(_LOADS, whole)
    capacities, _ = yield from visit.column(_CAPACITIES, counted(1024), wanted=bool(told.rows))
    visit.findings.failed("cpu", told.failure)
    visit.findings.failed("disks", told.failure)
    models = [row.get("description") for row in told.rows.values() if row.get("type") == _PROCESSOR]
    if loads or models:
        model = next((str(each) for each in models if each and not each.isdecimal()), None)
        visit.findings.add("cpu", [{"threads": max(len(loads), len(models)), "model": model}])
    if loads:
        used = sum(min(max(each, 0), 100) for each in loads.values()) / len(loads) / 100
        visit.findings.add("health", [{"metric": "cpu_used_ratio", "instance": "", "value": round(used, 4)}])
    disks = {at: row for at, row in told.rows.items() if row.get("type") == _DISK and capacities.get(at)}
    shared = Counter(row.get("description") for row in disks.values())
    visit.findings.add("disks", (
        {"name": name if name and shared[name] == 1 else f"{name or 'disk'} {at[-1]}", "size_bytes": capacities[at]}
        for at, row in disks.items() for name in [row.get("description")]
    ))  # fmt: skip


def _storage(visit: Visit) -> Script[None]:
    told = yield from visit.rows(_STORAGE)
    mounts = yield from visit.rows(_MOUNTS)
    visit.findings.failed("filesystems", told.failure or mounts.failure)
    mounted = {row["storage"]: row for row in mounts.rows.values() if "storage" in row}
    for index, row in told.rows.items():
        size, used = row.get("size", 0) * row.get("unit", 1), row.get("used", 0) * row.get("unit", 1)
        if not 0 < size < 2**63 or used < 0:
            continue
        ratio = round(min(used / size, 1.0), 4)
        if row.get("type") in (_FIXED, _NETWORK):
            _add_filesystem(visit, mounted.get(index[-1], {}), row, size, ratio)
        elif row.get("type") == _RAM and not visit.findings.row("health", "memory_used_ratio|"):
            visit.findings.add("health", [{"metric": "memory_used_ratio", "instance": "", "value": ratio}])


def _add_filesystem(visit: Visit, mounted: Mapping[str, Any], row: Mapping[str, Any], size: int, ratio: float) -> None:
    mount = mounted.get("mount") or row.get("name")
    if mount and not _PROGRAMS.search(mount):
        kind = mounted.get("type", "").rpartition(".")[2]
        visit.findings.add("filesystems", [{
            "mount": mount, "size_bytes": size, "type": _FS_TYPES.get(int(kind)) if kind.isdecimal() else None,
            "readonly": {1: False, 2: True}.get(mounted.get("access", 0)),
        }])  # fmt: skip
        visit.findings.add("health", [{"metric": "filesystem_used_ratio", "instance": mount, "value": ratio}])


def software(visit: Visit) -> Script[None]:
    """Find `packages`: a name tells version and architecture where it has the form of dpkg or rpm."""
    told, failure = yield from visit.column(_SOFTWARE)
    visit.findings.failed("packages", failure)
    visit.findings.add("packages", (package(name) for name in told.values()))


def package(name: str) -> dict[str, str]:
    """Return name, arch and version of an installed package."""
    for manager, form in (("dpkg", _DPKG), ("rpm", _RPM)):
        found = form.fullmatch(name)
        if found:
            return {"name": found["name"], "arch": found["arch"] or "", "version": found["version"], "manager": manager}
    return {"name": name, "arch": ""}


def listeners(visit: Visit) -> Script[None]:
    """Find `listening_ports` of TCP; over UDP nothing tells a service from a question that waits for its answer."""
    told, failure = yield from visit.column(_LISTENERS, whole)
    running, _ = yield from visit.column(_RUNNING, wanted=bool(told))
    if told:
        for index, process in told.items():
            _add_listener(visit, _listener(index), running.get((process,)))
    else:
        states, failure = yield from visit.column(_STATES, word({_LISTEN: "listen"}))
        for index in states:
            if len(index) == 10:
                _add_listener(visit, (ip_of(index[:4]) or "0.0.0.0", index[4]), None)  # noqa: S104  a value
    visit.findings.failed("listening_ports", failure)


def _listener(index: Index) -> tuple[str, int] | None:
    """Return address and port of a tcpListenerTable index: type, length, address, port; an unknown type is any."""
    if len(index) < 3:
        return None
    octets = index[2:-1]
    return ip_of(octets) or ("::" if len(octets) == 16 else "0.0.0.0"), index[-1]  # noqa: S104  a value


def _add_listener(visit: Visit, at: tuple[str, int] | None, process: str | None) -> None:
    if at and 0 < at[1] < 65536 and not at[0].startswith("127.") and at[0] != "::1":
        visit.findings.add(
            "listening_ports", [{"protocol": "tcp", "address": at[0], "port": at[1], "process": process}]
        )
