"""The collectors of Windows: section → the module of this folder that reads it."""

from __future__ import annotations

from collections.abc import Mapping

TABLE: Mapping[str, str] = {
    "hardware": "hardware",
    "os": "operating_system",
    "cpu": "cpu",
    "memory": "memory",
    "memory_modules": "memory_modules",
    "disks": "disks",
    "filesystems": "filesystems",
    "interfaces": "interfaces",
    "routes": "routes",
    "dns": "dns",
    "ntp": "ntp",
    "packages": "packages",
    "services": "services",
    "listening_ports": "listening_ports",
    "users": "users",
    "groups": "groups",
    "virtualization": "virtualization",
    "health": "health",
}
