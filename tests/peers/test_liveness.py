"""Who is alive behind a router that lets some through, refuses others and swallows the rest: ICMP, TCP, IPv6.

probe ─ eth0 ── near ─ gate ─ far ── eth0 ─ hosts, one for many addresses
"""

from __future__ import annotations

import sys

import pytest

from discovery.authenticate import Access
from discovery.doors import DOORS
from discovery.limits import Limits, Profile
from tests.peers.namespaces import Host, Network, until
from tests.peers.sweeping import swept

pytestmark = pytest.mark.xdist_group("namespaces")

OPEN, ONLY_TCP, CLOSED, REFUSED, SWALLOWED, NOBODY = (f"10.78.1.{last}" for last in range(1, 7))
OPEN6, ONLY_TCP6, CLOSED6, REFUSED6, SWALLOWED6, NOBODY6 = (f"fd78:1::{last}" for last in range(1, 7))
NO_WAY, NO_WAY6, NOBODY_NEAR, NOBODY_NEAR6 = "10.78.2.1", "fd78:2::1", "10.78.0.7", "fd78::7"
PORT = 22
"""The port that is knocked at. It is closed at `CLOSED`, whose filter lets TCP through."""

OPENED = "import socket, sys, time; kept = [socket.create_server((each, 22), family=socket.AF_INET6 if ':' in each \
else socket.AF_INET) for each in sys.argv[1:]]; open('/run/opened', 'w').close(); time.sleep(1e6)"


def filtering(only_tcp: str, closed: str, refused: str, swallowed: str, no_way: str) -> list[str]:
    """Return what a router is told: `prohibit` says by ICMP that it does not let through, `blackhole` says nothing."""
    through = [
        f"rule add priority {priority} to {address} {what}"
        for address in (only_tcp, closed)
        for priority, what in ((10, "ipproto tcp lookup main"), (20, "blackhole"))
    ]
    rules = (f"rule add to {refused} prohibit", f"rule add to {swallowed} blackhole")
    return [*through, *rules, f"route add unreachable {no_way}"]


@pytest.fixture(scope="module")
def probe(net: Network) -> Host:
    probe, gate, hosts = net.host("probe"), net.host("gate"), net.host("hosts")
    net.cable(probe, "eth0", gate, "near")
    net.cable(gate, "far", hosts, "eth0")
    there = (OPEN, ONLY_TCP, CLOSED, REFUSED, SWALLOWED)
    there6 = (OPEN6, ONLY_TCP6, CLOSED6, REFUSED6, SWALLOWED6)
    _addressed(probe, "eth0", "10.78.0.10/24", "fd78::10/64")
    _addressed(gate, "near", "10.78.0.1/24", "fd78::1/64")
    _addressed(gate, "far", "10.78.1.254/24", "fd78:1::254/64")
    _addressed(hosts, "eth0", *(f"{each}/24" for each in there), *(f"{each}/64" for each in there6))
    probe.ip("route add default via 10.78.0.1", "route add default via fd78::1")
    hosts.ip("route add default via 10.78.1.254", "route add default via fd78:1::254")
    for family in ("ipv4", "ipv6"):
        gate.sets(f"{family}/conf/all/forwarding", "1")
    gate.ip(*filtering(*there[1:], NO_WAY))
    gate.ip(*filtering(*there6[1:], NO_WAY6), family=["-6"])
    hosts.starts(sys.executable, "-c", OPENED, *(each for each in (*there, *there6) if each not in (CLOSED, CLOSED6)))
    until(lambda: (hosts.run / "opened").exists(), "the ports are open", hosts)
    return probe


def _addressed(host: Host, port: str, *addresses: str) -> None:
    host.ip(*(f"addr add {each} dev {port}{' nodad' if ':' in each else ''}" for each in addresses))


SIGNS = {
    OPEN: ("icmp",), ONLY_TCP: (f"tcp/{PORT}",), CLOSED: (f"tcp/{PORT}",), REFUSED: (), SWALLOWED: (), NOBODY: (),
    OPEN6: ("icmp",), ONLY_TCP6: (f"tcp/{PORT}",), CLOSED6: (f"tcp/{PORT}",), REFUSED6: (), SWALLOWED6: (),
    NOBODY6: (), NO_WAY: (), NO_WAY6: (), NOBODY_NEAR: (), NOBODY_NEAR6: (), "198.51.100.1": (), "2001:db8::1": (),
}  # fmt: skip
"""Address → what it shows itself by. A closed port is a sign of life; what a router says of somebody is none."""


@pytest.mark.parametrize("groups", ["1 0", "0 0"], ids=["by raw sockets", "by datagram sockets"])
def test_who_is_there_shows_by_what_gets_through(probe: Host, groups: str) -> None:
    """Linux gives sockets for echoes alone to the groups in ping_group_range; who is in none needs a raw one."""
    probe.sets("ipv4/ping_group_range", groups)
    profile, limits = Profile(until="alive", knock=(PORT,)), Limits(timeout=1.0)
    found = swept(probe, list(SIGNS), Access([], DOORS), profile, limits)
    assert {address: each.signs for address, each in found.items()} == SIGNS
    assert {each.row.cause for each in found.values() if not each.signs} == {"no_answer"}
