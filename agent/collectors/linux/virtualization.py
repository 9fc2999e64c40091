"""What this system runs on (container, hypervisor or iron) and whether it hosts virtual machines itself."""

from __future__ import annotations

import re
from pathlib import Path

from agent.collectors.base import Collector
from agent.collectors.firmware import hypervisor
from agent.collectors.linux import sysfs
from agent.collectors.linux.container_kind import container_kind
from wire.sections import Body

DMI = "sys/class/dmi/id"

MAX_CPUINFO = 16 * 1024 * 1024

_BARE_METAL = re.compile(r"\.metal\b|\bebm|bare ?metal", re.IGNORECASE)  # a cloud's name on a machine of its own

# Clocks a kernel offers only as the guest of such a hypervisor; they show it where there is no firmware.
_CLOCKS = (("kvm-clock", "kvm"), ("hyperv_clocksource", "hyperv"), ("xen", "xen"))

_LIBVIRT_SOCKETS = ("run/libvirt/libvirt-sock", "run/libvirt/virtqemud-sock", "run/libvirt/virtxend-sock")
_PROXMOX = "etc/pve"


def collect(root: Path) -> Body:
    """Return the record `virtualization`; what cannot be read counts as not there."""
    container = container_kind(root)
    if container:
        return {"hypervisor": container, "role": "guest", "container": container}
    below = hypervisor_kind(root)
    return {
        "hypervisor": below or "none",
        "role": "host" if _hosts(root) else "guest" if below else "none",
        "guest_uuid": _guest_uuid(root) if below else None,
    }


def hypervisor_kind(root: Path) -> str | None:
    """Return kvm, vmware, hyperv, xen, virtualbox …, "other" for one without a name, or None on iron."""
    if (sysfs.text(root / "sys/hypervisor/type") or "") == "xen":
        return None if _is_xen_control_domain(root) else "xen"
    files = ("sys_vendor", "product_name", "product_version", "board_vendor", "bios_vendor")
    named = parse_firmware(" ".join(sysfs.text(root / DMI / file) or "" for file in files))
    guest = cpu_says_guest(sysfs.text(root / "proc/cpuinfo", MAX_CPUINFO) or "")
    if named and not (named == "kvm" and guest is False):  # vendors of hypervisors sell machines too
        return named
    clocks = sysfs.text(root / "sys/devices/system/clocksource/clocksource0/available_clocksource") or ""
    by_clock = next((kind for clock, kind in _CLOCKS if clock in clocks.split()), None)
    return by_clock or _by_device_tree(root) or ("other" if guest else None)


def parse_firmware(names: str) -> str | None:
    """Return the hypervisor that the firmware's names (vendor, product, version, board, BIOS) tell of, or None."""
    return None if _BARE_METAL.search(names) else hypervisor(names)


def _by_device_tree(root: Path) -> str | None:
    compatible = sysfs.text(root / "proc/device-tree/hypervisor/compatible") or ""
    return next((kind for kind in ("kvm", "xen", "vmware") if kind in compatible), None)


def cpu_says_guest(cpuinfo: str) -> bool | None:
    """Return whether CPUID leaf 1 has the bit that only hypervisors set, from x86's flags; None elsewhere."""
    flags = re.search(r"^flags\s*:(.*)", cpuinfo, re.MULTILINE)
    return "hypervisor" in flags[1].split() if flags else None


def _is_xen_control_domain(root: Path) -> bool:
    return "control_d" in (sysfs.text(root / "proc/xen/capabilities") or "")


def _hosts(root: Path) -> bool:
    if _is_xen_control_domain(root):
        return True
    managed = any(sysfs.exists(root / path) for path in (*_LIBVIRT_SOCKETS, _PROXMOX))
    return managed and sysfs.exists(root / "dev/kvm")


def _guest_uuid(root: Path) -> str | None:
    uuid = sysfs.text(root / DMI / "product_uuid") or sysfs.text(root / "sys/hypervisor/uuid")
    return uuid.lower() if uuid else None


COLLECTOR = Collector("virtualization", collect, timeout_s=5.0)
