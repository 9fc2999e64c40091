"""The collectors of macOS, one line a section."""

from __future__ import annotations

from agent.collectors import portable
from agent.collectors.base import Collector
from agent.collectors.macos import (
    cpu,
    disks,
    dns,
    groups,
    hardware,
    memory_modules,
    ntp,
    operating_system,
    packages,
    routes,
    services,
    users,
    virtualization,
)

TABLE: tuple[Collector, ...] = (
    hardware.COLLECTOR,
    operating_system.COLLECTOR,
    cpu.COLLECTOR,
    Collector("memory", portable.memory),
    memory_modules.COLLECTOR,
    disks.COLLECTOR,
    Collector("filesystems", portable.filesystems),
    Collector("interfaces", portable.interfaces),
    routes.COLLECTOR,
    dns.COLLECTOR,
    ntp.COLLECTOR,
    packages.COLLECTOR,
    services.COLLECTOR,
    Collector("listening_ports", portable.listening_ports, every_s=60),
    users.COLLECTOR,
    groups.COLLECTOR,
    virtualization.COLLECTOR,
    Collector("health", portable.health, every_s=60),
)
