"""What psutil tells, held against what Linux itself tells."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.collectors import portable
from tests.agent.collectors.catalogue import kept

ROOT = Path("/")


def test_memory_is_what_the_kernel_counts() -> None:
    told = dict(line.split()[:2] for line in Path("/proc/meminfo").read_text().splitlines())
    assert kept("memory", portable.memory(ROOT)) == {
        "total_bytes": int(told["MemTotal:"]) * 1024, "swap_bytes": int(told["SwapTotal:"]) * 1024,
    }  # fmt: skip


def test_a_file_system_has_its_size() -> None:
    for row in kept("filesystems", portable.filesystems(ROOT)):
        told = os.statvfs(row["mount"])
        assert row["size_bytes"] == told.f_blocks * told.f_frsize


def test_interfaces_have_the_macs_of_the_kernel() -> None:
    rows = {row["name"]: row for row in kept("interfaces", portable.interfaces(ROOT))}
    assert rows["lo"]["kind"] == "loopback"
    assert "127.0.0.1/8" in rows["lo"]["addresses"]
    for name, row in rows.items():
        if "mac" in row:
            assert row["mac"] == Path(f"/sys/class/net/{name}/address").read_text().strip()


@pytest.mark.parametrize(
    ("address", "netmask", "expected"),
    [
        ("192.0.2.7", "255.255.255.0", "192.0.2.7/24"),
        ("2001:db8::7", "ffff:ffff:ffff:ffff::", "2001:db8::7/64"),
        ("2001:db8::7", None, None),
        ("fe80::1%en0", "ffff:ffff:ffff:ffff::", None),
        ("169.254.3.4", "255.255.0.0", None),
        ("not an address", "255.0.0.0", None),
        ("192.0.2.7", "255.0.255.0", None),
    ],
)
def test_an_address_carries_its_prefix_length(address: str, netmask: str | None, expected: str | None) -> None:
    assert portable.prefixed(address, netmask) == expected


def test_health_measures_in_ratios_bytes_and_seconds() -> None:
    rows = {(row["metric"], row["instance"]): row["value"] for row in kept("health", portable.health(ROOT))}
    assert 0 < rows["memory_used_ratio", ""] < 1
    assert rows["uptime_seconds", ""] > 0
    assert {"load1", "load5", "load15"} <= {metric for metric, _ in rows}
    assert all(0 <= value <= 1 for (metric, _), value in rows.items() if metric.endswith("_ratio"))
