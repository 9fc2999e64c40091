"""The networks of tests: hosts that hear each other over their cables only, and nothing of them is left."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.peers.namespaces import Host, Network, network, until

pytestmark = [pytest.mark.usefixtures("namespaces"), pytest.mark.xdist_group("namespaces")]

ROOT = Path(__file__).parents[2]


def space(process: int | str) -> str:
    """Return which net namespace a process is in."""
    return os.readlink(f"/proc/{process}/ns/net")


def inhabitants(spaces: set[str]) -> list[str]:
    """Return the processes that are in one of some net namespaces."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            found += [each.name] if space(each.name) in spaces else []
        except OSError:
            continue  # it has ended meanwhile
    return found


def pair(net: Network) -> tuple[Host, Host]:
    a, b = net.host("a"), net.host("b")
    net.cable(a, "one", b, "other")
    a.ip("addr add 192.0.2.1/24 dev one")
    b.ip("addr add 192.0.2.2/24 dev other")
    return a, b


def serve(host: Host) -> None:
    host.starts(sys.executable, "-m", "http.server", "8080", "--directory", "/run")
    until(lambda: host.listens("tcp", 8080), "it listens", host)


async def connected(address: str) -> str:
    _, writer = await asyncio.open_connection(address, 8080)
    writer.close()
    return str(writer.get_extra_info("sockname")[0])


def test_two_hosts_hear_each_other_over_their_cable_and_nobody_else_does() -> None:
    with network() as net:
        a, b = pair(net)
        serve(b)
        assert a.asks(lambda: connected("192.0.2.2")) == "192.0.2.1"
        assert a.does("hostname").strip() == "a"
        assert len(a.does("ip", "-o", "link").splitlines()) == 2
        with pytest.raises(OSError, match="unreachable"):
            net.host("c").asks(lambda: connected("192.0.2.2"))


def test_two_networks_may_bear_the_same_names_and_addresses_at_once() -> None:
    with network() as one, network() as other:
        a, b = pair(one)
        c, _ = pair(other)
        serve(b)
        assert a.asks(lambda: connected("192.0.2.2")) == "192.0.2.1"
        with pytest.raises(ConnectionRefusedError):
            c.asks(lambda: connected("192.0.2.2"))


def fail(spaces: set[str]) -> None:
    """Fail in the middle of a network whose namespaces are told."""
    with network() as net:
        a, b = pair(net)
        serve(b)
        spaces |= {space(a.pid), space(b.pid)}
        assert len(inhabitants(spaces)) >= 5, "two first processes, two that made them, and a server"
        raise ZeroDivisionError


def test_nothing_is_left_when_a_test_fails() -> None:
    before = (sorted(os.listdir("/sys/class/net")), Path("/proc/self/mounts").read_text())
    spaces: set[str] = set()
    with pytest.raises(ZeroDivisionError):
        fail(spaces)
    assert len(spaces) == 2
    assert inhabitants(spaces) == []
    assert (sorted(os.listdir("/sys/class/net")), Path("/proc/self/mounts").read_text()) == before


KILLED = """
import sys, time
from tests.peers.namespaces import network
from tests.peers.test_namespaces import pair, serve, space
with network() as net:
    a, b = pair(net)
    serve(b)
    print(space(a.pid), space(b.pid), flush=True)
    time.sleep(600)
"""


def test_nothing_is_left_when_the_test_run_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", KILLED], cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout
        spaces = set(run.stdout.readline().split())
        assert len(spaces) == 2
        assert inhabitants(spaces)
        run.send_signal(signal.SIGKILL)
    until(lambda: not inhabitants(spaces), "all have ended")


def test_what_fails_in_a_host_says_where_and_why() -> None:
    with network() as net, pytest.raises(AssertionError, match=r"(?s)a: cat /nowhere.*No such file"):
        net.host("a").does("cat", "/nowhere")


@pytest.mark.parametrize("capability", ["sys_admin", "net_admin"])
def test_who_may_make_none_is_told_why(capability: str) -> None:
    """A container may run as root and yet have no such right."""
    asked = [sys.executable, "-c", "from tests.peers.namespaces import refused; print(refused())"]
    without = ["setpriv", "--bounding-set", f"-{capability}", *asked]
    said = subprocess.run(without, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
    assert "not permitted" in said
