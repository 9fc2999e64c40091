"""The collectors of Linux."""

from __future__ import annotations

from agent.collectors.base import Collector
from agent.collectors.linux import (
    containers,
    cpu,
    disks,
    dns,
    filesystems,
    groups,
    hardware,
    health,
    interfaces,
    lldp,
    memory,
    memory_modules,
    ntp,
    os_release,
    raid,
    routes,
    virtual_machines,
    virtualization,
)

TABLE: tuple[Collector, ...] = (
    hardware.COLLECTOR,
    os_release.COLLECTOR,
    cpu.COLLECTOR,
    memory.COLLECTOR,
    memory_modules.COLLECTOR,
    disks.COLLECTOR,
    filesystems.COLLECTOR,
    raid.COLLECTOR,
    interfaces.COLLECTOR,
    routes.COLLECTOR,
    dns.COLLECTOR,
    ntp.COLLECTOR,
    lldp.COLLECTOR,
    groups.COLLECTOR,
    virtualization.COLLECTOR,
    virtual_machines.COLLECTOR,
    containers.COLLECTOR,
    health.COLLECTOR,
)
