"""Words for what firmware tells in numbers and names: SMBIOS enumerations, and hypervisors by their firmware."""

from __future__ import annotations

import re

# DMTF DSP0134, "System Enclosure or Chassis Types", from 1 on.
CHASSIS_TYPES = (
    "other", "unknown", "desktop", "low_profile_desktop", "pizza_box", "mini_tower", "tower", "portable", "laptop",
    "notebook", "hand_held", "docking_station", "all_in_one", "sub_notebook", "space_saving", "lunch_box",
    "main_server_chassis", "expansion_chassis", "sub_chassis", "bus_expansion_chassis", "peripheral_chassis",
    "raid_chassis", "rack_mount_chassis", "sealed_case_pc", "multi_system_chassis", "compact_pci", "advanced_tca",
    "blade", "blade_enclosure", "tablet", "convertible", "detachable", "iot_gateway", "embedded_pc", "mini_pc",
    "stick_pc",
)  # fmt: skip

# DMTF DSP0134, "Memory Device — Type"; what names no module of today is left out.
MEMORY_TYPES = {
    15: "SDRAM", 18: "DDR", 19: "DDR2", 20: "DDR2 FB-DIMM", 24: "DDR3", 25: "FBD2", 26: "DDR4", 27: "LPDDR",
    28: "LPDDR2", 29: "LPDDR3", 30: "LPDDR4", 31: "Logical non-volatile device", 32: "HBM", 33: "HBM2", 34: "DDR5",
    35: "LPDDR5", 36: "HBM3",
}  # fmt: skip

# What virtual machines' vendor and model say; the first match wins.
_HYPERVISORS = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (r"vmware", "vmware"),
        (r"virtualbox|innotek", "virtualbox"),
        (r"microsoft corporation virtual machine", "hyperv"),
        (r"\bxen\b|\bhvm domu\b", "xen"),
        (r"parallels", "parallels"),
        (r"virtualmac|apple virtual machine", "apple"),
        (r"qemu|\bkvm\b|openstack|amazon ec2|google compute engine|alibaba cloud|tencent|nutanix|rhev|ovirt", "kvm"),
    )
)


def chassis_type(number: int | None) -> str | None:
    """Return the name of an SMBIOS chassis type; its top bit, the chassis lock, does not count."""
    at = (number or 0) & 0x7F
    return CHASSIS_TYPES[at - 1] if 1 <= at <= len(CHASSIS_TYPES) else None


def hypervisor(vendor_and_model: str) -> str | None:
    """Return the hypervisor that firmware of this vendor and model belongs to, or None for real iron."""
    return next((kind for pattern, kind in _HYPERVISORS if pattern.search(vendor_and_model)), None)
