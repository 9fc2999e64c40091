"""A system knows whether it is a container, a guest, a host or iron."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.collectors.linux import virtualization
from agent.collectors.linux.container_kind import container_kind, parse_cgroup
from tests.agent.collectors.catalogue import kept
from tests.agent.collectors.linux.trees import capture, plant

FIRST_NAMESPACE = {"proc/self/ns/pid": {"link": "pid:[4026531836]"}}
OTHER_NAMESPACE = {"proc/self/ns/pid": {"link": "pid:[4026532378]"}}
GUEST = {"proc/cpuinfo": "processor\t: 0\nflags\t\t: fpu vme hypervisor lahf_lm\n"}
IRON = {"proc/cpuinfo": "processor\t: 0\nflags\t\t: fpu vme lahf_lm\n"}


def dmi(**files: str) -> dict[str, str]:
    return {f"sys/class/dmi/id/{name}": f"{text}\n" for name, text in files.items()}


def collected(root: Path, *entries: dict[str, Any]) -> Any:
    for each in entries:
        plant(root, each)
    return kept("virtualization", virtualization.collect(root))


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        (dmi(sys_vendor="QEMU", product_name="Standard PC (Q35 + ICH9, 2009)") | GUEST, "kvm"),
        (dmi(sys_vendor="VMware, Inc.", product_name="VMware7,1") | GUEST, "vmware"),
        (dmi(sys_vendor="Microsoft Corporation", product_name="Virtual Machine") | GUEST, "hyperv"),
        (dmi(sys_vendor="innotek GmbH", product_name="VirtualBox") | GUEST, "virtualbox"),
        (dmi(sys_vendor="Xen", product_name="HVM domU") | GUEST, "xen"),
        (dmi(sys_vendor="Alibaba Cloud", product_name="Alibaba Cloud ECS") | GUEST, "kvm"),
        (dmi(sys_vendor="Amazon EC2", product_name="m5.large") | GUEST, "kvm"),
        (dmi(sys_vendor="Amazon EC2", product_name="m5.metal") | IRON, "none"),
        (dmi(sys_vendor="Nutanix", product_name="NX-3060-G5") | IRON, "none"),
        (dmi(sys_vendor="Microsoft Corporation", product_name="Surface Pro 7") | IRON, "none"),
        (dmi(sys_vendor="Dell Inc.", product_name="PowerEdge R740") | IRON, "none"),
        (GUEST | {"sys/devices/system/clocksource/clocksource0/available_clocksource": "tsc kvm-clock \n"}, "kvm"),
        (GUEST | {"sys/devices/system/clocksource/clocksource0/available_clocksource": "tsc acpi_pm \n"}, "other"),
        ({"sys/hypervisor/type": "xen\n"}, "xen"),
        ({"proc/device-tree/hypervisor/compatible": "linux,kvm\0"}, "kvm"),
        ({}, "none"),
    ],
)
def test_the_hypervisor_is_recognised(tmp_path: Path, files: dict[str, Any], kind: str) -> None:
    body = collected(tmp_path, FIRST_NAMESPACE, files)
    assert (body["hypervisor"], body["role"]) == (kind, "none" if kind == "none" else "guest")


def test_a_guest_tells_the_uuid_it_sees(tmp_path: Path) -> None:
    body = collected(tmp_path, FIRST_NAMESPACE, GUEST, dmi(sys_vendor="QEMU", product_uuid="4C4C4544-0058-4B10"))
    assert body == {"hypervisor": "kvm", "role": "guest", "guest_uuid": "4c4c4544-0058-4b10"}


def test_a_machine_that_manages_virtual_machines_is_a_host(tmp_path: Path) -> None:
    files = {"dev/kvm": "", "run/libvirt/libvirt-sock": ""}
    assert collected(tmp_path, FIRST_NAMESPACE, IRON, files) == {"hypervisor": "none", "role": "host"}


def test_xens_control_domain_is_a_host_and_no_guest(tmp_path: Path) -> None:
    files = {"sys/hypervisor/type": "xen\n", "proc/xen/capabilities": "control_d\n"}
    assert collected(tmp_path, files) == {"hypervisor": "none", "role": "host"}


@pytest.mark.parametrize(
    ("marks", "kind"),
    [
        ({"run/systemd/container": "systemd-nspawn\n"}, "systemd-nspawn"),
        ({"proc/1/environ": {"hex": b"PATH=/bin\0container=lxc\0TERM=linux\0".hex()}}, "lxc"),
        ({".dockerenv": ""}, "docker"),
        ({"run/.containerenv": ""}, "podman"),
        ({"proc/vz": {"folder": True}}, "openvz"),
        ({"proc/1/cgroup": "8:cpuset:/docker/329dd23238023a8913243707c2\n"}, "docker"),
        ({}, None),
    ],
)  # fmt: skip
def test_a_container_is_recognised_by_its_marks(tmp_path: Path, marks: dict[str, Any], kind: str | None) -> None:
    plant(tmp_path, OTHER_NAMESPACE | marks)
    assert container_kind(tmp_path) == kind
    if kind:
        body = kept("virtualization", virtualization.collect(tmp_path))
        assert body == {"hypervisor": kind, "role": "guest", "container": kind}


def test_a_machine_made_from_a_containers_image_is_no_container(tmp_path: Path) -> None:
    assert container_kind(plant(tmp_path, FIRST_NAMESPACE | {".dockerenv": ""})) is None


def test_the_control_group_of_init_names_the_engine() -> None:
    assert parse_cgroup("0::/init.scope\n") is None
    assert parse_cgroup("0::/lxc.payload.web/init.scope\n") == "lxc"
    assert parse_cgroup("0::/kubepods/besteffort/pod1/0a1b\n") == "kubernetes"
    assert parse_cgroup("0::/machine.slice/libpod-0a1b.scope\n") == "podman"
    assert parse_cgroup("") is None


def test_the_captured_guest_is_one(tmp_path: Path) -> None:
    body = collected(tmp_path, capture("server"))
    # its firmware was told to say Dell and its processor is emulated: the bit of CPUID alone gives it away
    assert (body["hypervisor"], body["role"]) == ("other", "guest")
