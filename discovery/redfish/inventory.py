"""From the documents of a Redfish service to what it is and to sections of the catalogue; a function of values.

The device is the server; its controller is the source. What names the server to others stands in `host_serial` and
`host_uuid`: by these the controller, the server's own agent and a hypervisor's list of machines come together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from discovery.explore import Explored
from discovery.explore.findings import Findings, Row, Section
from discovery.identify import Identified
from discovery.plain import serial, uuid, whole, words
from discovery.redfish.document import Json
from discovery.redfish.documents import Documents, Resource
from discovery.redfish.host import apart, host, port
from discovery.redfish.parts import parts
from discovery.redfish.root import made_by
from discovery.redfish.values import first, inside

RESTS_ON: Final[Mapping[str, tuple[str, ...]]] = {
    "device": ("system", "manager"),
    "cpu": ("system", "processor"),
    "memory": ("system",),
    "memory_modules": ("system", "memory"),
    "disks": ("system", "storage", "simple_storage", "drive"),
    "raid": ("system", "storage", "volume"),
    "interfaces": ("system", "interface", "manager", "manager_interface"),
    "components": (
        "chassis", "power", "thermal", "power_subsystem", "thermal_subsystem", "power_supply", "fan", "network_adapter",
        "system", "processor", "storage", "storage_controller",
    ),
    "firmware": ("update", "firmware", "system", "manager"),
    "sensors": (
        "chassis", "power", "thermal", "power_subsystem", "thermal_subsystem", "power_supply", "fan", "sensor",
    ),
}  # fmt: skip
"""Section → kinds of resources it is made of: one that could not be read leaves it incomplete."""

LISTS: Final = {"memory_modules": "memory", "disks": "drive", "raid": "volume"}
"""Section → the kind of which there may be none."""

_MINICOMPUTERS: Final = frozenset({"power", "powerisa", "ia-64", "ia64", "sparc"})
_POWER: Final[Mapping[str, str]] = {"on": "running", "off": "shut_off", "paused": "paused"}


def inventory(documents: Documents, address: str | None = None) -> tuple[Identified, Explored]:
    """Return what a service's device is, and what it has; of several systems in one service each is a component."""
    findings, systems = Findings(), servers(documents)
    identified = identify(documents, systems)
    findings.add("device", [device(documents, systems, identified, address)])
    if len(systems) == 1:
        host(documents, systems[0], findings)
    parts(documents, findings)
    findings.add("components", apart("path", [node(each.body) for each in systems] if len(systems) > 1 else []))
    findings.add("interfaces", managers_ports(documents))
    findings.add("firmware", firmware(documents, systems))
    machines = [row for each in documents.of("system") if is_virtual(each.body) and (row := machine(each.body))]
    findings.add("virtual_machines", machines)
    names = [*RESTS_ON, *(["virtual_machines"] if machines else [])]
    return identified, Explored(tuple(_section(name, documents, systems, findings) for name in names), {})


def _section(name: str, documents: Documents, systems: list[Resource], findings: Findings) -> Section:
    for kind in RESTS_ON.get(name, ()):
        findings.failed(name, documents.failures.get(kind))
    # What a controller has of a server that is off may be nothing, which does not say that there is nothing.
    is_on = all((first(each.body, "PowerState") or "").casefold() == "on" for each in systems)
    if LISTS.get(name) in documents.empty and is_on:
        findings.is_none(name)
    return findings.section(name)


# --- what it is


def is_virtual(system: Json) -> bool:
    return (first(system, "SystemType") or "").casefold() in ("virtual", "virtuallypartitioned")


def servers(documents: Documents) -> list[Resource]:
    """Return the systems that are machines of their own."""
    return [each for each in documents.of("system") if not is_virtual(each.body)]


def identify(documents: Documents, systems: list[Resource]) -> Identified:
    """Return what the device is: a server when the service has a system, else unknown."""
    root, one = documents.root, systems[0].body if len(systems) == 1 else {}
    chassis = _outermost(documents)
    manufacturer = first(one, "Manufacturer") or first(chassis, "Manufacturer")
    known = made_by(manufacturer) or made_by(root.vendor)
    vendor = (known[0] if known else manufacturer) or root.vendor
    kind = _type(documents, systems)
    manager = _manager(documents)
    return Identified(
        state="identified" if systems else ("generic" if vendor else "unknown"),
        class_="server" if systems else "unknown", type=kind, vendor=vendor,
        model=first(one, "Model") or first(chassis, "Model") or root.product,
        serial=_serial(one) or serial(chassis.get("SerialNumber")),
        os=root.family or _family(manager), version=first(manager, "FirmwareVersion"),
        name=_name(documents), matched_by=f"redfish: {len(systems)} system{'s' if len(systems) != 1 else ''}",
        error=None if systems else "unknown_model",
    )  # fmt: skip


def _type(documents: Documents, systems: list[Resource]) -> str:
    if not systems:
        return "unknown"
    sets = {(first(each.body, "ProcessorArchitecture", "InstructionSet") or "").casefold()
            for each in documents.of("processor")}  # fmt: skip
    return "minicomputer" if sets & _MINICOMPUTERS else "pc_server"


def _serial(system: Json) -> str | None:
    """Return the serial that the server's own firmware shows: Dell's is the service tag, which it tells as SKU."""
    tag = serial(system.get("SKU"))
    if tag and (first(system, "Manufacturer") or "").casefold().startswith("dell"):
        return tag
    return serial(system.get("SerialNumber"))


def _outermost(documents: Documents) -> Json:
    """Return the chassis that is in no other, nothing where there are several."""
    found = [each.body for each in documents.of("chassis") if not inside(each.body, "Links", "ContainedBy")]
    return found[0] if len(found) == 1 else {}


def _manager(documents: Documents) -> Json:
    """Return the controller that answers; of several, the one that is a BMC."""
    found = [each.body for each in documents.of("manager")]
    return next((each for each in found if first(each, "ManagerType") == "BMC"), found[0] if found else {})


def _family(manager: Json) -> str | None:
    told = f"{first(manager, 'Model') or ''} {first(manager, 'Description') or ''}".casefold()
    return "OpenBMC" if "openbmc" in told else ("BMC" if manager else None)


def _name(documents: Documents) -> str | None:
    ports = [each.body for each in documents.of("manager_interface")]
    return next((name for each in ports if (name := first(each, "FQDN", "HostName"))), None)


# --- sections


def device(documents: Documents, systems: list[Resource], it: Identified, address: str | None) -> Row:
    one = systems[0].body if len(systems) == 1 else {}
    manager, chassis = _manager(documents), _outermost(documents)
    return {
        "class": it.class_, "type": it.type, "vendor": it.vendor, "model": it.model, "serial": it.serial, "os": it.os,
        "version": it.version, "name": it.name, "definition": it.matched_by, "state": it.state, "address": address,
        "uuid": uuid(manager.get("UUID")) or documents.root.uuid, "part": first(one, "PartNumber"),
        "asset_tag": first(one, "AssetTag") or first(chassis, "AssetTag"),
        "location": location(one) or location(chassis),
        "host_serial": _serial(one), "host_uuid": uuid(one.get("UUID")), "host_name": first(one, "HostName"),
        "host_os": first(inside(one, "Oem", "Hpe", "HostOS"), "OsName"),
    }  # fmt: skip


def location(body: Json) -> str | None:
    """Return where it says that it stands: building, room, rack and unit."""
    told = body.get("Location")
    postal, placed = inside(told, "PostalAddress"), inside(told, "Placement")
    unit = whole(inside(placed, "RackOffset"))
    said = [first(postal, "Building"), first(postal, "Room"), first(placed, "Row"), first(placed, "Rack"),
            f"U{unit}" if unit else None]  # fmt: skip
    return " / ".join(each for each in said if each) or None


def node(system: Json) -> Row:
    """Return one of several systems behind one controller."""
    name = first(system, "Name", "Id") or "system"
    return {
        "path": f"{first(system, 'Id') or name}", "class": "module", "name": name, "serial": _serial(system),
        "vendor": first(system, "Manufacturer"), "model": first(system, "Model"), "part": first(system, "PartNumber"),
        "asset_tag": first(system, "AssetTag"),
    }  # fmt: skip


def managers_ports(documents: Documents) -> list[Row]:
    """Return the controllers' own ports, named so that none is taken for one of the server."""
    found: list[Row | None] = []
    for manager in documents.of("manager"):
        own = first(manager.body, "Id") or "manager"
        found += [port(each.body, f"{own} ".__add__, own) for each in documents.under("manager_interface", manager)]
    return [row for row in found if row]


def machine(system: Json) -> Row | None:
    """Return a virtual machine that a service shows as a system."""
    own = uuid(system.get("UUID"))
    if own is None:
        return None
    return {
        "uuid": own, "name": first(system, "Name", "Id"),
        "state": _POWER.get((first(system, "PowerState") or "").casefold()),
        "vcpus": whole(inside(system, "ProcessorSummary", "Count")),
        "memory_bytes": whole(inside(system, "MemorySummary", "TotalSystemMemoryGiB"), 2**30),
    }  # fmt: skip


def firmware(documents: Documents, systems: list[Resource]) -> list[Row]:
    """Return versions: of BIOS and controllers as these say, then as the inventory lists what is installed."""
    rows = [{"component": "bios", "version": first(each.body, "BiosVersion")} for each in systems]
    rows += [{"component": "management_controller", "version": first(each.body, "FirmwareVersion")}
             for each in documents.of("manager")]  # fmt: skip
    rows += [row for each in documents.of("firmware") if (row := installed(each.body))]
    return apart("component", [row for row in rows if row["version"]])


def installed(body: Json) -> Row | None:
    """Return an entry of the inventory; None for what is not what runs: Dell lists what was and what could be, too.

    Its Id may hold the version; left in, each update would be another component.
    """
    own, version = words(body.get("Id")) or "", first(body, "Version")
    if version is None or own.startswith(("Previous-", "Available-")):
        return None
    name = first(body, "Name") or own.replace(version, "").strip("-_ .")
    return {"component": name or "firmware", "version": version, "date": first(body, "ReleaseDate")}
