"""The server itself: processors, memory, disks, RAID volumes and ports, as its controller sees them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from discovery.explore.findings import Findings, Row
from discovery.explore.values import wwn
from discovery.plain import mac, real, serial, whole, words
from discovery.redfish.document import Json
from discovery.redfish.documents import Documents, Resource, place
from discovery.redfish.values import addresses, first, flag, inside, is_there, objects, state

_GIB: Final = 2**30
_MIB: Final = 2**20
_LEVELS: Final[Mapping[str, str]] = {"mirrored": "raid1", "stripedwithparity": "raid5", "spannedmirrors": "raid10"}
"""VolumeType before Redfish had RAIDType."""

_RAID_STATES: Final[Mapping[str, str]] = {"ok": "optimal", "warning": "degraded", "critical": "failed"}
_DISK_STATES: Final[Mapping[str, str]] = {
    "critical": "failed", "warning": "predicted_failure", "fail": "failed", "rebuild": "rebuilding",
    "hotspare": "spare", "predictivefailureanalysis": "predicted_failure",
}  # fmt: skip
_HEX: Final = re.compile(r"(?:naa\.|eui\.|0x)?((?:[0-9a-f]{2}:?){7}[0-9a-f]{2}|[0-9a-f]{32})")
_LINKS: Final[Mapping[str, str]] = {"linkup": "up", "linkdown": "down", "nolink": "down"}


def host(documents: Documents, system: Resource, findings: Findings) -> None:
    """Find `cpu`, `memory`, `memory_modules`, `disks`, `raid` and `interfaces` of one system."""
    findings.add("cpu", [cpu(system.body, [each.body for each in documents.of("processor")])])
    modules = [row for each in documents.of("memory") if (row := module(each.body))]
    findings.add("memory", [memory(system.body, modules)])
    findings.add("memory_modules", apart("slot", modules))
    findings.add("disks", disks(documents))
    findings.add("raid", volumes(documents))
    findings.add("interfaces", [row for each in documents.of("interface") if (row := port(each.body))])


def apart(key: str, rows: Iterable[Row]) -> list[Row]:
    """Return rows whose keys differ: those that share one are numbered in the order in which they were told."""
    counted: Counter[Any] = Counter()
    found = []
    for row in rows:
        counted[row.get(key)] += 1
        again = counted[row.get(key)]
        found.append(row if again == 1 else {**row, key: f"{row.get(key)} #{again}"})
    return found


# --- processors


def cpu(system: Json, processors: list[Json]) -> Row:
    """Return what its processors come to; from the summary where there are none to be seen."""
    real_ones = [each for each in processors if is_processor(each) and is_there(each)]
    if not real_ones:
        summary = inside(system, "ProcessorSummary")
        return {
            "model": first(summary, "Model"), "sockets": whole(inside(summary, "Count")),
            "cores": whole(inside(summary, "CoreCount")), "threads": whole(inside(summary, "LogicalProcessorCount")),
        }  # fmt: skip
    return {
        "model": _told(first(each, "Model", "Name") for each in real_ones),
        "vendor": _told(first(each, "Manufacturer") for each in real_ones),
        "sockets": len(real_ones),
        "cores": _sum(whole(each.get("TotalCores")) for each in real_ones),
        "threads": _sum(whole(each.get("TotalThreads")) for each in real_ones),
        "max_mhz": max((whole(each.get("MaxSpeedMHz")) or 0 for each in real_ones), default=0) or None,
    }


def is_processor(processor: Json) -> bool:
    """Return whether it is one of the central processors, not an accelerator."""
    return (words(processor.get("ProcessorType")) or "CPU").upper() == "CPU"


def _told(values: Iterable[str | None]) -> str | None:
    return next((each for each in values if each), None)


def _sum(values: Iterable[int | None]) -> int | None:
    """Return the sum, None where one of them is not told: half a sum is wrong."""
    listed = list(values)
    return sum(each or 0 for each in listed) if all(listed) else None


# --- memory


def memory(system: Json, modules: list[Row]) -> Row:
    told = whole(inside(system, "MemorySummary", "TotalSystemMemoryGiB"), _GIB)
    return {"total_bytes": told or sum(row["size_bytes"] for row in modules) or None}


def module(body: Json) -> Row | None:
    """Return a memory module; None for an empty slot."""
    size, slot = whole(body.get("CapacityMiB"), _MIB) or whole(body.get("SizeMB"), _MIB), _slot(body)
    if size is None or slot is None or not is_there(body):
        return None
    kind = first(body, "MemoryDeviceType", "DIMMType")
    return {
        "slot": slot, "size_bytes": size, "type": kind and kind.replace("_SDRAM", ""),
        "speed_mts": whole(body.get("OperatingSpeedMhz")) or whole(body.get("MaximumFrequencyMHz")),
        "vendor": first(body, "Manufacturer"), "part": first(body, "PartNumber"),
        "serial": serial(body.get("SerialNumber")),
    }  # fmt: skip


def _slot(body: Json) -> str | None:
    label = first(body, "DeviceLocator") or words(inside(body, "Location", "PartLocation", "ServiceLabel"))
    return label or first(body, "SocketLocator", "Name", "Id")


# --- disks


def disks(documents: Documents) -> list[Row]:
    """Return drives, and what SimpleStorage lists where there is no Storage."""
    rows = [row for each in documents.of("drive") if (row := drive(each.body))]
    for simple in documents.of("simple_storage"):
        rows += [row for each in objects(simple.body.get("Devices")) if (row := drive(each))]
    return apart("name", rows)


def drive(body: Json) -> Row | None:
    """Return a disk; None for an empty bay."""
    if not is_there(body):
        return None
    kind = (first(body, "MediaType") or "").upper()
    said = {
        "wwn": _wwn(body), "serial": serial(body.get("SerialNumber")), "slot": _bay(body),
        "vendor": first(body, "Manufacturer"), "model": first(body, "Model"), "part": first(body, "PartNumber"),
        "version": first(body, "Revision", "FirmwareVersion"), "size_bytes": whole(body.get("CapacityBytes")),
        "rotational": {"HDD": True, "SSD": False, "SMR": True}.get(kind),
        "transport": (first(body, "Protocol") or "").lower() or None, "state": _disk_state(body),
    }  # fmt: skip
    name = said["wwn"] or said["serial"] or said["slot"]
    if name is None or not (said["serial"] or said["size_bytes"] or said["model"]):
        return None
    return {"name": name, **said}


def _wwn(body: Json) -> str | None:
    """Return the name a disk bears world-wide: eight octets of NAA or EUI-64, sixteen of NGUID."""
    for each in objects(body.get("Identifiers")):
        name = (words(each.get("DurableName")) or "").lower()
        found = _HEX.fullmatch(name)
        if found and first(each, "DurableNameFormat") in ("NAA", "EUI", "NGUID", None):
            return wwn(bytes.fromhex(found[1].replace(":", "")))
    return None


def _bay(body: Json) -> str | None:
    label = inside(body, "PhysicalLocation", "PartLocation", "ServiceLabel")
    old = objects(body.get("Location"))
    return words(label) or (first(old[0], "Info") if old else None) or first(body, "Name", "Id")


def _disk_state(body: Json) -> str | None:
    if flag(body.get("FailurePredicted")):
        return "predicted_failure"
    shown = (first(body, "StatusIndicator") or "").casefold()
    plain = state(body)
    spare = first(body, "HotspareType")
    return _DISK_STATES.get(shown) or _DISK_STATES.get(plain or "") or ("spare" if spare else plain)


# --- RAID


def volumes(documents: Documents) -> list[Row]:
    """Return RAID volumes, each with its controller before it: `Disk.Bay.1/Virtual Disk 0`."""
    names = {each.path: row["name"] for each in documents.of("drive") if (row := drive(each.body))}
    owners = {each.path: each.body for each in documents.of("storage")}
    rows = [volume(each.body, owners.get(each.above, {}), names) for each in documents.of("volume")]
    return apart("name", [row for row in rows if row])


def volume(body: Json, controller: Json, names: Mapping[str, str]) -> Row | None:
    """Return a RAID volume; None for a disk that a controller passes through. `names`: of disks, by path."""
    level = first(body, "RAIDType") or _LEVELS.get((first(body, "VolumeType") or "").casefold())
    name = first(body, "DisplayName", "VolumeName", "Name", "Id")
    if level is None or name is None:
        return None
    owner = first(controller, "Id", "Name")
    members = {names.get(place(each)) for each in objects(inside(body, "Links", "Drives"))}
    return {
        "name": f"{owner}/{name}" if owner else name, "controller": first(controller, "Name", "Id"),
        "level": level.lower(), "state": _raid_state(body), "size_bytes": whole(body.get("CapacityBytes")),
        "members": sorted(each for each in members if each) or None,
    }  # fmt: skip


def _raid_state(body: Json) -> str | None:
    running = " ".join(
        (first(each, "OperationName", "Operation") or "").casefold() for each in objects(body.get("Operations"))
    )
    return "rebuilding" if "rebuild" in running else _RAID_STATES.get(state(body) or "")


# --- ports


def port(body: Json, name: Callable[[str], str] = str, component: str | None = None) -> Row | None:
    """Return a network port; None for what has neither MAC nor address."""
    own = first(body, "Id", "Name")
    burnt, current = mac(body.get("PermanentMACAddress")), mac(body.get("MACAddress"))
    if own is None or not (burnt or current or addresses(body)):
        return None
    vlan = body.get("VLAN")
    full = flag(body.get("FullDuplex"))
    speed = real(body.get("SpeedMbps"), 1)
    return {
        "name": name(own), "mac": current or burnt, "permanent_mac": burnt, "addresses": addresses(body),
        "mtu": whole(body.get("MTUSize")), "speed_mbps": round(speed) if speed else None,
        "duplex": None if full is None or not speed else ("full" if full else "half"),
        "state": _LINKS.get((first(body, "LinkStatus") or "").casefold()), "kind": "ethernet",
        "admin": {True: "up", False: "down", None: None}[flag(body.get("InterfaceEnabled"))],
        "vlan": _vlan(vlan), "description": first(body, "Description", "Name"), "component": component,
    }  # fmt: skip


def _vlan(body: object) -> int | None:
    number = whole(inside(body, "VLANId"))
    return number if inside(body, "VLANEnable") is True and number and number < 4095 else None
