"""Both lanes of a probe on one wire: an exploration of a /16 and a watch, each the real process, keep one pace.

probe ─ eth0 ── near ─ gate ── a few hosts of the /16 on its own loopback, all others swallowed
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.peers.namespaces import Host, Network, until

pytestmark = pytest.mark.xdist_group("namespaces")

EXPLORED, WATCHED = "10.81.0.0/16", "10.81.4.0-10.81.4.255"
THERE = tuple(f"10.81.4.{last}" for last in range(1, 9))
RATE, WATCH_RATE = 500, 400
SLACK = 1.1
"""What ARP, answers to answers and a clock that is read in between may add."""


@pytest.fixture(scope="module")
def hosts(net: Network) -> tuple[Host, Host]:
    probe, gate = net.host("probe"), net.host("gate")
    net.cable(probe, "eth0", gate, "near")
    probe.ip("addr add 10.80.0.2/24 dev eth0", "route add default via 10.80.0.1")
    gate.ip("addr add 10.80.0.1/24 dev near", *(f"addr add {each}/32 dev lo" for each in THERE))
    gate.ip("route add blackhole 10.81.0.0/16")
    gate.sets("ipv4/conf/all/forwarding", "1")
    return probe, gate


class Lane:
    """A sweep's process in a host; what it says is in `said`."""

    def __init__(self, host: Host, folder: Path, **task: Any) -> None:
        self.said = folder / f"{task['uid']}.said"
        usual = {"zone": "", "exclusions": [], "until": "alive", "timeout_ms": 500, "snmp_port": 161, "seed": 1,
                 "cursor": "", "leases": [], "board": str(folder / "board")}  # fmt: skip
        with self.said.open("wb") as said:
            self._popen = subprocess.Popen(
                [*host.within, sys.executable, "-P", "-m", "discovery.probe"],
                stdin=subprocess.PIPE, stdout=said, start_new_session=True,
            )  # fmt: skip
        assert self._popen.stdin
        self._popen.stdin.write(json.dumps({**usual, **task}).encode() + b"\n")
        self._popen.stdin.flush()

    def frames(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.said.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]

    @property
    def swept(self) -> int:
        """How many addresses it has told the end of."""
        return sum("row" in each for each in self.frames())

    @property
    def has_ended(self) -> bool:
        return any("ended" in each for each in self.frames())

    def close(self) -> None:
        assert self._popen.stdin
        self._popen.stdin.close()  # nobody is there any more: it ends
        self._popen.wait(60)


@pytest.fixture
def exploring(hosts: tuple[Host, Host], tmp_path: Path) -> Iterator[Lane]:
    lane = Lane(hosts[0], tmp_path, uid="explored", ranges=[EXPLORED], rate_pps=RATE, watch=False)
    yield lane
    lane.close()


def arrived(gate: Host) -> int:
    """Return how many packets have come over the wire."""
    return int(gate.does("cat", "/sys/class/net/near/statistics/rx_packets"))


def test_a_watch_comes_to_its_end_beside_an_exploration_and_both_keep_the_pace_of_one(
    hosts: tuple[Host, Host], exploring: Lane, tmp_path: Path
) -> None:
    probe, gate = hosts
    until(lambda: arrived(gate) > 2 * RATE, "it explores", probe)
    before, began = arrived(gate), time.monotonic()
    watch = Lane(probe, tmp_path, uid="watched", ranges=[WATCHED], rate_pps=WATCH_RATE, watch=True)
    until(lambda: watch.has_ended, "the watch has ended", probe)
    packets, seconds = arrived(gate) - before, time.monotonic() - began
    watch.close()
    alive = {each["row"]["address"] for each in watch.frames() if "row" in each and each["row"]["alive"]}
    assert (watch.swept, alive) == (256, set(THERE))
    assert packets <= RATE * seconds * SLACK, f"{packets} packets in {seconds:.1f} s"
    assert not exploring.has_ended
    until(lambda: arrived(gate) > before + packets + RATE, "it goes on afterwards", probe)
