"""`up` on this machine: within a minute it stands there whole, as its own tools show it."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.flow import this_machine
from tests.flow.running import LINES, Up
from tests.flow.this_machine import Facts, plain

pytestmark = pytest.mark.xdist_group("this machine")
WITHIN_S = 60.0


def sections(up: Up) -> dict[str, list[Any]]:
    """Return section → its values as REST shows them, of the CI this machine is."""
    host = up.until(up.host, WITHIN_S, "CI of this machine")
    return {each["name"]: [fact["value"] for fact in each["facts"]] for each in up.get(f"cis/{host['id']}")["sections"]}


def equal(shown: Callable[[], Facts], kept: Callable[[dict[str, list[Any]]], Facts], up: Up) -> None:
    """Compare until both agree or the minute is over: other programs may change the machine between two looks."""
    while (found := kept(sections(up))) != (expected := shown()):
        assert time.monotonic() < up.ready_at + WITHIN_S, f"missing {expected - found}, too much {found - expected}"
        time.sleep(0.5)
    print(f"{len(found)} alike {time.monotonic() - up.ready_at:.1f} s after ready")


def needs(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")


def test_five_lines_say_where_it_is_and_how_to_go_on(up: Up) -> None:
    assert [line.partition(":")[0] for line in up.lines] == [
        "Muster is up", "log in once", "enrol a machine", "data", "stop"
    ]  # fmt: skip
    assert len(up.lines) == LINES
    assert f"http://127.0.0.1:{up.ports[0]}/login/" in up.lines[1]
    assert f"muster-agent enroll https://127.0.0.1:{up.ports[2]} --token muster1." in up.lines[2]
    print(f"ready in {up.ready_s:.1f} s")


def test_this_machine_is_a_ci_within_a_minute(up: Up) -> None:
    host = up.until(up.host, WITHIN_S, "CI of this machine")
    print(f"a CI {time.monotonic() - up.ready_at:.1f} s after ready")
    assert host["name"] == os.uname().nodename.partition(".")[0]
    assert host["class"] in ("server", "pc")


def test_its_operating_system_is_a_ci_installed_on_it(up: Up) -> None:
    host = up.until(up.host, WITHIN_S, "CI of this machine")
    related = up.items(f"cis/{host['id']}/relations")
    assert [each["a"]["type"] for each in related if each["kind"] == "installed_on"] == ["os"]


def test_every_package_that_dpkg_lists_is_there(up: Up) -> None:
    needs("dpkg")
    equal(
        this_machine.packages,
        lambda said: {
            (row["name"], row["arch"], row["version"]) for row in said["packages"] if row["manager"] == "dpkg"
        },
        up,
    )


def test_every_interface_and_address_that_ip_shows_is_there(up: Up) -> None:
    needs("ip")
    equal(
        this_machine.interfaces,
        lambda said: {(row["name"], row["mtu"], tuple(row.get("addresses", ()))) for row in said["interfaces"]},
        up,
    )


def test_every_disk_and_mount_that_lsblk_shows_is_there(up: Up) -> None:
    needs("lsblk")
    equal(this_machine.disks, lambda said: {(row["device"], row["size_bytes"]) for row in said["disks"]}, up)
    assert this_machine.mounts() <= {(row["mount"],) for row in sections(up)["filesystems"]}


def test_every_port_that_ss_shows_for_good_is_there(up: Up) -> None:
    """Those that listened before it began and still do, and its own: others come and go with the tests beside it."""
    needs("ss")
    its_own = {("127.0.0.1", port) for port in up.ports}
    for_good = (up.listening_before | its_own) & this_machine.listening()
    seen = up.listening_before | up.listening_when_ready

    def kept() -> bool:
        rows = [row for row in sections(up)["listening_ports"] if row["protocol"] == "tcp"]
        found = {(plain(row["address"]), row["port"]) for row in rows}
        chosen = {(plain(row["address"]), row["port"]) for row in rows if not row.get("transient")}
        missing, extra = for_good - found, chosen - seen - this_machine.listening()
        print(f"{len(found)} ports, missing {missing}, too many {extra}")
        return not missing and not extra

    up.until(kept, max(1.0, up.ready_at + WITHIN_S + 15.0 - time.monotonic()), "agreement with ss")


def test_health_and_metrics_answer(up: Up) -> None:
    assert b"alive" in up.fetch("/healthz")
    assert b"ready" in up.fetch("/readyz")
    up.until(up.host, WITHIN_S, "CI of this machine")
    metrics = up.fetch("/metrics").decode()
    assert 'muster_agents{state="active"} 1.0' in metrics
    assert "\nprocess_resident_memory_bytes " in metrics
