"""Processors are named and counted on every architecture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agent.collectors.linux import cpu
from tests.agent.collectors.catalogue import kept
from tests.agent.collectors.linux.trees import capture, plant

XEON = "".join(
    f"processor\t: {number}\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Xeon(R) Gold 6248R CPU @ 3.00GHz\n"
    f"physical id\t: {number // 4 % 2}\nsiblings\t: 4\ncore id\t\t: {number % 2}\ncpu cores\t: 2\nflags\t\t: fpu\n\n"
    for number in range(8)
)
KUNPENG = "".join(
    f"processor\t: {number}\nBogoMIPS\t: 200.00\nFeatures\t: fp asimd\nCPU implementer\t: 0x48\n"
    "CPU architecture: 8\nCPU variant\t: 0x1\nCPU part\t: 0xd01\nCPU revision\t: 0\n\n"
    for number in range(4)
)
LOONGSON = "system type\t\t: generic-loongson-machine\n\nprocessor\t\t: 0\nCPU Family\t\t: Loongson-64bit\nModel Name\t\t: Loongson-3A5000\n\n"  # noqa: E501  as the kernel prints it
POWER = "processor\t: 0\ncpu\t\t: POWER9 (architected), altivec supported\nclock\t\t: 2800MHz\n\ntimebase\t: 512000000\nplatform\t: pSeries\n"  # noqa: E501  as the kernel prints it


def test_processors_are_counted_from_sysfs(tmp_path: Path) -> None:
    body = kept("cpu", cpu.collect(plant(tmp_path, capture("server"))))
    expected = {"model": "QEMU Virtual CPU version 2.5+", "vendor": "AuthenticAMD", "sockets": 2, "cores": 2}
    assert body == expected | {"threads": 2}


def test_an_off_line_processor_does_not_count_and_the_fastest_one_gives_the_speed(tmp_path: Path) -> None:
    folder = "sys/devices/system/cpu"
    files: dict[str, Any] = {"proc/cpuinfo": XEON, f"{folder}/cpu3/online": "0", f"{folder}/cpuidle": {"folder": True}}
    for number, siblings in enumerate(("0,2", "1", "0,2")):
        files[f"{folder}/cpu{number}/topology/thread_siblings_list"] = siblings
        files[f"{folder}/cpu{number}/topology/physical_package_id"] = "-1"
    files |= {f"{folder}/cpufreq/policy{at}/cpuinfo_max_freq": khz for at, khz in (("0", "4000000"), ("2", "2800000"))}
    body = kept("cpu", cpu.collect(plant(tmp_path, files)))
    assert (body["threads"], body["cores"], body["max_mhz"]) == (3, 2, 4000)
    assert body["sockets"] == 2, "cpuinfo knows packages where the firmware's table does not"


def test_x86_is_counted_from_cpuinfo_alone() -> None:
    assert cpu.parse_cpuinfo(XEON) == {
        "model": "Intel(R) Xeon(R) Gold 6248R CPU @ 3.00GHz", "vendor": "GenuineIntel",
        "sockets": 2, "cores": 4, "threads": 8,
    }  # fmt: skip


def test_arm_loongarch_and_power_have_a_model_too() -> None:
    arm = cpu.parse_cpuinfo(KUNPENG)
    assert (arm["vendor"], arm["model"], arm["threads"]) == ("HiSilicon", "Kunpeng-920", 4)
    assert cpu.parse_cpuinfo(KUNPENG.replace("0xd01", "0xd02"))["model"] == "HiSilicon 0xd02"
    assert cpu.parse_cpuinfo(LOONGSON)["model"] == "Loongson-3A5000"
    power = cpu.parse_cpuinfo(POWER)
    assert (power["model"], power["threads"]) == ("POWER9 (architected), altivec supported", 1)


@given(st.text(alphabet="processor:mdlna e\n\t0x4fid", max_size=300))
def test_any_text_gives_a_body(text: str) -> None:
    kept("cpu", cpu.parse_cpuinfo(text))
