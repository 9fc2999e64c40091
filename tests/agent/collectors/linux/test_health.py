"""Present measurements have base units, and the ratios stay between none and all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.collectors.base import Unsupported
from agent.collectors.bounded import Malformed
from agent.collectors.linux import health
from agent.collectors.linux.temperatures import temperatures
from tests.agent.collectors.catalogue import kept
from tests.agent.collectors.linux.trees import CAPTURED, capture, plant


def measured(root: Path) -> dict[tuple[str, str], float]:
    return {(row["metric"], row["instance"]): row["value"] for row in kept("health", health.collect(root))}


def test_a_machine_is_measured(tmp_path: Path) -> None:
    values = measured(plant(tmp_path, capture("server")))
    assert values["load1", ""] == 0.73
    assert values["load5", ""] == 0.20
    assert values["load15", ""] == 0.07
    assert values["uptime_seconds", ""] == 51.52
    assert values["memory_available_bytes", ""] == 734584 * 1024
    assert values["memory_used_ratio", ""] == pytest.approx(1 - 734584 / 917140, abs=1e-4)
    assert values["temperature_celsius", "nvme nvme0 Composite"] == 49.85
    assert ("swap_used_ratio", "") not in values, "there is no swap"
    assert 0 < values["filesystem_used_ratio", "/"] < 1
    assert values["filesystem_free_bytes", "/"] < values["filesystem_size_bytes", "/"]
    assert {instance for metric, instance in values if metric.startswith("filesystem")} == {"/"}


def test_what_is_always_full_or_on_another_machine_is_not_measured(tmp_path: Path) -> None:
    for point in ("boot", "media/cdrom", "mnt/share", "tank"):
        (tmp_path / point).mkdir(parents=True)
    table = (CAPTURED / "mountinfo.txt").read_text()
    known = capture("server")["proc/filesystems"] + "nodev\tautofs\nnodev\toverlay\n"
    plant(tmp_path, capture("server") | {"proc/1/mountinfo": table, "proc/filesystems": known})
    points = {instance for metric, instance in measured(tmp_path) if metric == "filesystem_used_ratio"}
    assert points == {"/", "/boot", "/tank"}


def test_swap_is_measured_where_there_is_some() -> None:
    told = {"MemTotal": 100, "MemAvailable": 25, "SwapTotal": 200, "SwapFree": 150}
    values = {row["metric"]: row["value"] for row in health.parse_memory(told)}
    assert values == {"memory_used_ratio": 0.75, "memory_available_bytes": 25, "swap_used_ratio": 0.25}


def test_a_kernel_that_does_not_tell_what_is_available_is_not_guessed_at() -> None:
    assert list(health.parse_memory({"MemTotal": 100, "MemFree": 10})) == []


def test_without_proc_there_is_no_such_thing(tmp_path: Path) -> None:
    with pytest.raises(Unsupported):
        health.collect(tmp_path)


@given(st.text(alphabet="0123456789. -en/", max_size=20), st.integers(1, 3))
def test_any_line_gives_numbers_or_malformed(text: str, count: int) -> None:
    try:
        numbers = health.parse_numbers(text, count)
    except Malformed:
        return
    assert len(numbers) == count


@given(st.dictionaries(st.sampled_from(["MemTotal", "MemAvailable", "SwapTotal", "SwapFree"]), st.integers(0, 2**60)))
def test_ratios_stay_between_none_and_all(told: dict[str, int]) -> None:
    rows = [row for row in health.parse_memory(told) if row["metric"].endswith("_ratio")]
    assert all(0 <= row["value"] <= 1 for row in rows)


def sensor(chip: str, device: str, **files: str) -> dict[str, Any]:
    folder = f"sys/class/hwmon/{chip}"
    return {f"{folder}/{name}": text for name, text in files.items()} | {
        f"{folder}/device": {"link": f"../../../{device}"}
    }


def test_sensors_are_told_apart_by_the_device_behind_them(tmp_path: Path) -> None:
    files = sensor("hwmon0", "coretemp.0", name="coretemp\n", temp1_input="45000\n", temp1_label="Package id 0\n")
    files |= sensor("hwmon1", "coretemp.1", name="coretemp\n", temp1_input="47500\n", temp1_label="Package id 0\n")
    assert temperatures(plant(tmp_path, files)) == {
        "coretemp coretemp.0 Package id 0": 45.0,
        "coretemp coretemp.1 Package id 0": 47.5,
    }


def test_a_sensor_that_is_not_connected_or_faulty_is_left_out(tmp_path: Path) -> None:
    files = sensor("hwmon0", "nct6775.656", name="nct6775\n", temp1_input="-128000\n", temp2_input="30000\n",
                   temp2_fault="1\n", temp3_input="255000\n", temp4_input="31500\n", fan1_input="900\n")  # fmt: skip
    assert temperatures(plant(tmp_path, files)) == {"nct6775 nct6775.656 temp4": 31.5}


def test_thermal_zones_stand_in_for_sensors(tmp_path: Path) -> None:
    zone = "sys/class/thermal/thermal_zone0"
    files = {
        f"{zone}/type": "cpu-thermal\n",
        f"{zone}/temp": "51120\n",
        "sys/class/thermal/cooling_device0/type": "Fan",
    }
    assert temperatures(plant(tmp_path, files)) == {"cpu-thermal thermal_zone0": 51.12}
