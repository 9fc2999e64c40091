"""Every collector answers on the machine the tests run on, and agrees with the tools that are there."""

from __future__ import annotations

import json
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from agent.collectors import table
from agent.collectors.base import Collector, Denied, Unsupported
from agent.collectors.linux import disks, interfaces, routes
from agent.collectors.linux.container_kind import container_kind
from agent.command import CommandFailed
from tests.agent.collectors.catalogue import kept
from wire.device_sections import DEVICE_SECTIONS
from wire.sections import SECTIONS

ROOT = Path("/")
TABLE = tuple(table("linux").values())


def test_the_table_has_every_section() -> None:
    assert set(table("linux")) == set(SECTIONS) - {name for name, *_ in DEVICE_SECTIONS}


@pytest.mark.parametrize("collector", TABLE, ids=lambda collector: collector.section)
def test_a_collector_answers_on_this_machine(collector: Collector) -> None:
    with suppress(Denied, Unsupported, CommandFailed):  # the last: an engine that is installed but does not work
        kept(collector.section, collector.collect(ROOT))


def test_stamps_are_paths_below_the_root() -> None:
    assert not [path for collector in TABLE for path in collector.stamps if path.startswith("/")]


def tool(*argv: str) -> Any:
    if shutil.which(argv[0]) is None:
        pytest.skip(f"{argv[0]} is not installed")
    return json.loads(subprocess.run(argv, check=True, capture_output=True, timeout=20).stdout)


def test_interfaces_are_those_that_ip_shows() -> None:
    shown = {interface["ifname"].partition("@")[0]: interface for interface in tool("ip", "-j", "-d", "addr")}
    rows = {row["name"]: row for row in interfaces.collect(ROOT) if isinstance(row, dict)}
    assert rows.keys() == shown.keys()
    for name, row in rows.items():
        assert row["mtu"] == shown[name]["mtu"]
        assert row["mac"] in (shown[name].get("address"), None)
        assert row["master"] == shown[name].get("master")
        assert row["addresses"] == sorted(
            f"{each['local']}/{each['prefixlen']}"
            for each in shown[name]["addr_info"]
            if not each["local"].startswith(("fe80:", "169.254."))
            and not (each["family"] == "inet6" and (each.get("temporary") or each.get("tentative")))
        )


def test_ipv4_routes_are_those_that_ip_shows() -> None:
    shown = {
        ("0.0.0.0/0" if route["dst"] == "default" else route["dst"], route.get("gateway", ""), route["dev"])
        for route in tool("ip", "-j", "-4", "route")
        if "dev" in route and route.get("type", "unicast") == "unicast"
    }
    rows = [row for row in routes.collect(ROOT) if isinstance(row, dict) and ":" not in row["destination"]]
    found = {(row["destination"].removesuffix("/32"), row["gateway"], row["interface"]) for row in rows}
    assert shown <= found


def test_disks_are_those_that_lsblk_shows() -> None:
    if kind := container_kind(ROOT):
        pytest.skip(f"in a {kind} container the disks are the host's")
    columns = "NAME,SIZE,TYPE,WWN,ROTA"
    listed = tool("lsblk", "-J", "-b", "-d", "-o", columns)["blockdevices"]
    real = [each for each in listed if each["type"] == "disk" and each["size"] and not each["name"].startswith("zram")]
    shown = {each["name"]: (int(each["size"]), each["rota"]) for each in real}
    rows = [row for row in disks.collect(ROOT) if isinstance(row, dict)]
    found = {row["device"]: (row["size_bytes"], row["rotational"]) for row in rows}
    assert found.items() <= shown.items()
    assert len(found) == len({each["wwn"] or each["name"] for each in real}), "several paths to one disk are one row"
