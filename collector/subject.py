"""What one observation of a host speaks of: the host, its operating system, its databases and middleware, its guests.

Identity and derived readings come from the last known body of a section, so that a subject does not change because a
section travelled as hash only, failed or was not due. A container is a `virtual_machine`: the regulation has no nearer
word for a system on hardware that is not its own.

Relations point as their words read: the operating system is `installed_on` its host and software `runs_on` it (from
the subject to its parent), a hypervisor `contains` its virtual machines (from the parent to the subject).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from collector import identifiers
from collector.identifiers import Policy, shown_name
from collector.model import CONTAINS, Identifier, Observation, Reading, Subject
from wire.observation import Status
from wire.sections import canonical, digest

INSTALLED_ON = "installed_on"
RUNS_ON = "runs_on"

SECTIONS = frozenset({
    "hardware", "os", "interfaces", "virtualization", "virtual_machines", "databases_and_middleware", "services",
    "lldp",
})  # fmt: skip
"""What is read here: the last known reading of each of these belongs in `previous`."""

_LAPTOPS = frozenset({
    "laptop", "notebook", "portable", "sub_notebook", "convertible", "detachable", "tablet", "hand_held",
})  # fmt: skip
_DESKTOPS = frozenset({
    "desktop", "low_profile_desktop", "pizza_box", "mini_tower", "tower", "all_in_one", "space_saving", "lunch_box",
    "sealed_case_pc", "mini_pc", "stick_pc",
})  # fmt: skip
_SERVERS = frozenset({"main_server", "rack_mount", "blade", "multi_system", "advanced_tca", "compact_pci"})
_MINICOMPUTERS = re.compile(r"ppc.*|powerpc.*|ia64|sparc.*|sun4[uv]|parisc.*|hppa.*|s390x?")
_MINICOMPUTER_SYSTEMS = frozenset({"aix", "hpux", "hp-ux"})
_HYPERVISOR_SYSTEMS = re.compile(r"\b(esxi?|hyper-v server|xenserver|xcp-ng|ovirt node)\b", re.IGNORECASE)
_HYPERVISOR_SERVICES = frozenset({"pvedaemon", "xapi", "vmms"})  # Proxmox VE, XAPI, Hyper-V
_DISPLAY_MANAGERS = frozenset({"display-manager", "gdm", "gdm3", "sddm", "lightdm", "lxdm", "xdm", "kdm"})
_WINDOWS_EDITION = re.compile(
    r"\b(Standard|Datacenter|Essentials|Enterprise( LTSC)?|Pro|Professional|Home|Education)\b.*"
)
_PHYSICAL_PORTS = frozenset({"ethernet", "wireless"})


@dataclass(frozen=True, slots=True)
class _Host:
    """The last known body of each section of one host, and the readings of this observation."""

    source: str
    policy: Policy
    bodies: Mapping[str, Any]
    readings: Mapping[str, Reading]

    def record(self, section: str) -> Mapping[str, Any]:
        return self.bodies.get(section) or {}

    def rows(self, section: str) -> list[dict[str, Any]]:
        return self.bodies.get(section) or []

    def text(self, section: str, field: str) -> str:
        return str(self.record(section).get(field) or "").strip()

    @property
    def name(self) -> str:
        return shown_name(self.text("os", "hostname")) or shown_name(self.source)

    @property
    def is_container(self) -> bool:
        return bool(self.text("virtualization", "container"))

    @property
    def is_virtual(self) -> bool:
        """What runs on a hypervisor is virtual, though it may host guests of its own."""
        return self.is_container or self.text("virtualization", "hypervisor") not in ("", "none")


def subjects(observation: Observation, policy: Policy, previous: Mapping[str, Reading]) -> tuple[Subject, ...]:
    """Return the host of `observation` first, then what it carries, in a fixed order.

    `previous` holds this source's last known reading per section; it stands in for what this observation left out.
    The host takes every reading of the observation; each other subject one derived record: `software` or `vm`.
    """
    bodies = _bodies(previous) | _bodies(observation.readings)
    host = _Host(observation.source, policy, bodies, observation.readings)
    carried = [*_operating_system(host), *_software(host), *_virtual_machines(host)]
    by_role = {subject.role: subject for subject in carried}
    return (_host(host), *(by_role[role] for role in sorted(by_role)))


def _bodies(readings: Mapping[str, Reading]) -> dict[str, Any]:
    """Return what each section says; positively none is said too, and hides the body before."""
    return {
        name: None if reading.status is Status.EMPTY else reading.body
        for name, reading in readings.items()
        if reading.status is Status.EMPTY or reading.body is not None
    }


# --- the host


def _host(host: _Host) -> Subject:
    ci_class, ci_type = _classify(host)
    named = frozenset(found for kind, value in _names(host) if (found := _identifier(host, kind, value)))
    named |= identifiers.ports(host.rows("lldp"), host.policy)
    return Subject("host", ci_class, ci_type, host.name, named, host.readings)


def _classify(host: _Host) -> tuple[str, str]:
    """Return class and type. A PC stays one although it runs guests; what nothing tells stays unknown."""
    chassis = re.sub(r"[^a-z]+", "_", host.text("hardware", "chassis_type").casefold()).removesuffix("_chassis")
    if host.is_virtual:
        return "server", "virtual_machine"
    if _HYPERVISOR_SYSTEMS.search(host.text("os", "name")):
        return "server", "hypervisor"
    if chassis in _LAPTOPS:
        return "pc", "laptop"
    if chassis in _DESKTOPS and _is_workplace(host):
        return "pc", "desktop"
    if host.rows("virtual_machines") or _serves(host, _HYPERVISOR_SERVICES):
        return "server", "hypervisor"
    if _is_minicomputer(host):
        return "server", "minicomputer"
    return ("server", "pc_server") if chassis in _SERVERS | _DESKTOPS else ("unknown", "unknown")


def _is_workplace(host: _Host) -> bool:
    """A desktop case serves, not seats somebody, under a server edition, or on Linux without a graphical login."""
    if re.search(r"\bserver\b", host.text("os", "name"), re.IGNORECASE):
        return False
    if host.text("os", "family") != "linux" or not host.rows("services"):
        return True
    return _serves(host, _DISPLAY_MANAGERS)


def _serves(host: _Host, units: frozenset[str]) -> bool:
    """Return whether a service of one of these names runs or starts by itself."""
    return any(
        str(service.get("name", "")).removesuffix(".service") in units
        and (service.get("state") == "running" or service.get("enabled") in ("enabled", "auto"))
        for service in host.rows("services")
    )


def _is_minicomputer(host: _Host) -> bool:
    system = {host.text("os", "family").casefold(), host.text("os", "id").casefold()}
    return bool(_MINICOMPUTERS.fullmatch(host.text("os", "architecture").casefold()) or system & _MINICOMPUTER_SYSTEMS)


def _names(host: _Host) -> Iterator[tuple[str, str]]:
    """Yield kind and raw value of all that may name the host.

    A virtual machine's serial is its UUID in other letters, and a container sees the serial and UUID of its host:
    neither may lend them.
    """
    if host.source.startswith("agent/"):
        yield "agent", host.source
    if not host.is_virtual:
        yield "serial", identifiers.serial_value(host.text("hardware", "vendor"), host.text("hardware", "serial"))
    if not host.is_container:
        yield "uuid", host.text("hardware", "uuid")
        yield "uuid", host.text("virtualization", "guest_uuid")
    for port in host.rows("interfaces"):
        if port.get("kind") in _PHYSICAL_PORTS:
            yield "virtual_mac" if host.is_virtual else "mac", str(port.get("permanent_mac") or port.get("mac") or "")
    yield "machine_id", host.text("os", "machine_id")
    yield "hostname", identifiers.qualified(host.text("os", "hostname"), host.text("os", "domain"))


# --- what the host carries


def _operating_system(host: _Host) -> Iterator[Subject]:
    """An operating system is the one of its family on its host, so that a re-installation is a change of it."""
    system = host.record("os")
    place = _identifier(host, "instance", identifiers.instance_value("os", host.text("os", "family") or "unknown"))
    if not system or place is None:
        return
    label = _without_codename(host.text("os", "name")) or host.text("os", "id") or "operating system"
    body = _operating_system_record(host)
    yield Subject("os", "system_software", "os", shown_name(f"{label} · {host.name}"), frozenset({place}),
                  _derived(host, "os", "software", body), "host", INSTALLED_ON)  # fmt: skip


def _operating_system_record(host: _Host) -> dict[str, Any]:
    product, edition = _product(host.text("os", "name"), host.text("os", "version"), host.text("os", "family"))
    fields = {
        "product": product or host.text("os", "id"),
        "version": host.text("os", "version"),
        "edition": edition,
        "kernel": host.text("os", "kernel"),
        "architecture": host.text("os", "architecture"),
    }
    return {field: value for field, value in fields.items() if value}


def _product(name: str, version: str, family: str) -> tuple[str, str]:
    """Split what the vendor prints into product and edition; the version it repeats belongs to neither."""
    bare = _without_codename(name)
    edition = _WINDOWS_EDITION.search(bare) if family == "windows" else None
    if edition:
        return bare[: edition.start()].strip(), edition.group()
    number = version.partition(" ")[0]  # macOS adds its build
    return (bare.partition(f" {number}")[0] if number else bare).strip(), ""


def _without_codename(name: str) -> str:
    return name.partition(" (")[0].strip()


def _software(host: _Host) -> Iterator[Subject]:
    rows = host.rows("databases_and_middleware")
    products = [row.get("product") for row in rows]
    for row in rows:
        product, place = str(row.get("product") or ""), str(row.get("instance") or "")
        instance = _identifier(host, "instance", identifiers.instance_value(product, place))
        family = _identifier(host, "product", product)
        if instance is None or family is None:
            continue  # unnameable; it stays visible as a row of the host
        major = re.match(r"(?:\d+:)?(\d+)", str(row.get("version") or ""))
        words = [product, major[1] if major else "", f"({place})" if products.count(product) > 1 and place else ""]
        kind = row.get("kind") if row.get("kind") in ("database", "middleware") else "unknown"
        name = shown_name(f"{' '.join(word for word in words if word)} · {host.name}")
        body = _pick(row, ("product", "version", "ports", "executable", "running", "kind", "instance"))
        yield Subject(f"software:{instance.value}", "system_software", str(kind), name, frozenset({instance, family}),
                      _derived(host, "databases_and_middleware", "software", body), "host", RUNS_ON)  # fmt: skip


def _virtual_machines(host: _Host) -> Iterator[Subject]:
    for row in host.rows("virtual_machines"):
        named = _identifier(host, "uuid", str(row.get("uuid") or ""))
        if named is None:
            continue  # a placeholder UUID would make all such guests one; it stays visible as a row of the host
        body = _pick(row, ("name", "state", "vcpus", "memory_bytes"))
        name = shown_name(str(row.get("name") or "")) or named.value
        yield Subject(f"vm:{named.value}", "server", "virtual_machine", name, frozenset({named}),
                      _derived(host, "virtual_machines", "vm", body), "host", CONTAINS)  # fmt: skip


def _derived(host: _Host, section: str, name: str, body: dict[str, Any]) -> Mapping[str, Reading]:
    """Return the one reading of a carried subject: as its section came about now, nothing when that was not due."""
    origin = host.readings.get(section)
    if origin is None:
        return {}
    if not origin.status.speaks:
        return {name: replace(origin, name=name, hash=b"", body=None)}
    return {name: replace(origin, name=name, hash=digest(canonical(body)), body=body)}


def _pick(row: Mapping[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    return {field: row[field] for field in fields if row.get(field) is not None}


def _identifier(host: _Host, kind: str, value: str) -> Identifier | None:
    return identifiers.normalise(kind, value, host.policy)
