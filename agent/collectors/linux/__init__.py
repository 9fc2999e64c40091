"""The collectors of Linux: section → the module of this folder that reads it."""

from __future__ import annotations

from collections.abc import Mapping

TABLE: Mapping[str, str] = {
    "hardware": "hardware",
    "os": "os_release",
    "cpu": "cpu",
    "memory": "memory",
    "memory_modules": "memory_modules",
    "disks": "disks",
    "raid": "raid",
    "filesystems": "filesystems",
    "interfaces": "interfaces",
    "routes": "routes",
    "dns": "dns",
    "ntp": "ntp",
    "lldp": "lldp",
    "packages": "packages",
    "package_log": "package_log",
    "logins": "logins",
    "services": "services",
    "listening_ports": "listening_ports",
    "users": "users",
    "groups": "groups",
    "ssh_host_keys": "ssh_host_keys",
    "certificates": "certificates",
    "databases_and_middleware": "databases_and_middleware",
    "virtualization": "virtualization",
    "virtual_machines": "virtual_machines",
    "containers": "containers",
    "health": "health",
}
