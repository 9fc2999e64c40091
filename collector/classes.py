"""The classes and types of the regulation, in its order: what a CI may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

UNKNOWN: Final = "unknown"
"""Class and type of what no source could name yet."""

TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "server": ("minicomputer", "pc_server", "virtual_machine", "hypervisor"),
    "security": ("firewall", "ids", "antivirus", "vulnerability_scanner"),
    "storage": ("disk_array", "tape_library", "fc_switch", "tape_drive"),
    "environment": (
        "access_control", "power_environment_monitor", "kvm", "video_surveillance", "ups", "pdu", "air_conditioner",
        "rack",
    ),
    "network": (
        "switch", "router", "hub", "optical_terminal", "access_device", "fiber_transceiver", "network_module",
        "wireless_ap", "wireless_controller", "load_balancer",
    ),
    "pc": ("desktop", "laptop", "workstation", "graphics_workstation"),
    "auxiliary": (
        "usb_drive", "printer", "scanner", "plotter", "external_disk", "pda", "monitor", "projector", "instrument",
        "external_burner", "presenter", "tablet", "card_reader", "wireless_nic", "phone",
    ),
    "application": (
        "finance", "hr", "production", "marketing", "materials", "data_warehouse", "office", "integrated",
    ),
    "system_software": (
        "os", "database", "gis", "data_warehouse_platform", "presentation_platform", "middleware",
    ),
    UNKNOWN: (UNKNOWN,),
}  # fmt: skip
CLASSES: Final = tuple(TYPES)
ALL_TYPES: Final = tuple(ci_type for types in TYPES.values() for ci_type in types)
