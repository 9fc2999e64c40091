"""The table of table families: what is read, of which devices, into which sections. The order is that of running."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from discovery.asking import Script
from discovery.device import Device
from discovery.explore import (
    access_points,
    arp,
    bridge,
    components,
    fdb,
    fibre_channel,
    host,
    interfaces,
    lags,
    management_controller,
    members,
    neighbours,
    optics,
    pdu,
    poe,
    printer,
    redundancy,
    sensors,
    storage,
    system,
    unknown,
    ups,
    vitals,
    vlans,
    vrfs,
)
from discovery.explore.management_controller import CONTROLLERS
from discovery.explore.visit import Visit
from discovery.identify import Identified

NETWORK: Final = frozenset({"network", "security", "unknown"})
HOSTS: Final = frozenset({"server", "pc", "storage", "unknown", "security", "environment.kvm"})
CONTROLS_RADIO: Final = frozenset({
    "network.wireless_controller", "network.wireless_ap", "network.router", "unknown",
})  # fmt: skip
ALL: Final = frozenset[str]()
ALWAYS: Final = frozenset({"system", "components", "interfaces", "bridge"})
"""Families that give the names others speak in: they cannot be left out."""


@dataclass(frozen=True, slots=True)
class Family:
    """`classes`: classes or `class.type`, empty for all. `without`: sysObjectIDs that it is not for, by prefix.

    `error`: what identification must have ended with.
    """

    name: str
    sections: tuple[str, ...]
    run: Callable[[Visit], Script[None]]
    classes: frozenset[str] = ALL
    without: tuple[str, ...] = ()
    error: str | None = None

    def fits(self, identified: Identified, device: Device) -> bool:
        own = {identified.class_, f"{identified.class_}.{identified.type}"}
        return (
            (not self.classes or bool(own & self.classes))
            and not f"{device.sysobjectid}.".startswith(self.without)
            and self.error in (None, identified.error)
        )


FAMILIES: Final = (
    Family("system", ("device",), system.system),
    Family("components", ("components",), components.components),
    Family("interfaces", ("interfaces",), interfaces.interfaces),
    Family("bridge", (), bridge.bridge, NETWORK),
    Family("vlans", ("vlans", "interfaces"), vlans.vlans, NETWORK),
    Family("vrfs", ("interfaces",), vrfs.vrfs, frozenset({"network.router", "network.switch"})),
    Family("lags", ("lags", "interfaces"), lags.lags, NETWORK | {"storage"}),
    Family("neighbours", ("neighbours", "device"), neighbours.neighbours),
    Family("fdb", ("fdb",), fdb.fdb, NETWORK),
    Family("arp", ("arp",), arp.arp, NETWORK),
    Family("members", ("members",), members.members, NETWORK),
    Family("redundancy", ("redundancy",), redundancy.redundancy, NETWORK),
    Family("access_points", ("access_points",), access_points.access_points, CONTROLS_RADIO),
    Family("poe", ("poe", "poe_supplies"), poe.poe, NETWORK),
    Family("sensors", ("sensors",), sensors.sensors),
    Family("vitals", ("health",), vitals.vitals, NETWORK),
    Family("optics", ("optics",), optics.optics, NETWORK),
    Family("high_availability", ("redundancy", "members"), redundancy.high_availability, NETWORK),
    Family("host", ("memory", "cpu", "disks", "filesystems", "health"), host.host, HOSTS, CONTROLLERS),
    Family("host_sensors", ("sensors",), sensors.host_sensors, HOSTS, CONTROLLERS),
    Family("software", ("packages",), host.software, HOSTS, CONTROLLERS),
    Family("listeners", ("listening_ports",), host.listeners, HOSTS, CONTROLLERS),
    Family(
        "management_controller",
        ("device", "components", "memory_modules", "disks", "raid", "firmware", "sensors", "virtual_machines"),
        management_controller.management_controller,
        frozenset({"server", "unknown"}),
    ),
    Family(
        "storage",
        ("storage_pools", "storage_volumes", "storage_controllers", "disks", "components"),
        storage.storage,
        frozenset({"storage", "server", "unknown"}),
    ),
    Family(
        "fibre_channel",
        ("fc_switch", "fc_ports", "fc_logins", "neighbours", "firmware", "sensors"),
        fibre_channel.fibre_channel,
        frozenset({"storage", "network.switch", "unknown"}),
    ),
    Family("ups", ("ups", "power", "outlets", "attached"), ups.ups, frozenset({"environment", "unknown"})),
    Family("pdu", ("outlets", "power", "attached"), pdu.pdu, frozenset({"environment.pdu", "environment.ups"})),
    Family("printer", ("printer", "supplies"), printer.printer, frozenset({"auxiliary.printer", "unknown"})),
    # the last: a device that falls silent over it has told the rest
    Family("unknown", ("sample",), unknown.unknown, error="unknown_model"),
)
