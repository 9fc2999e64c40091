"""Three systems wired in a triangle and swept from a fourth: what is found out is how they are wired.

They are made as network systems of Linux are: net-snmp with lldpd and FRR behind it, and a bridge of the kernel.

    probe ─ eth0 ── swp1 ─ sw ─ swp2 ── eth0 ─ ra ─ wan0
                           sw ─ swp3 ── eth0 ─ rb ─ wan0 (to that of ra)
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from discovery.asking import Index, Value
from discovery.authenticate import Access
from discovery.credentials import communities
from discovery.doors import DOORS
from discovery.knowledge import Knowledge
from discovery.outcome import Outcome
from discovery.relate import related, speaking
from discovery.shelf import Shelf
from discovery.snmp import Community, Engine, Session
from tests.peers import bridge_mib
from tests.peers.daemons import lldpd, ospfd, snmpd
from tests.peers.namespaces import Host, Network, until
from tests.peers.sweeping import swept
from wire.topology import Bodies, Topology, topology
from wire.whereabouts import addresses, places

pytestmark = pytest.mark.xdist_group("namespaces")

Wire = frozenset[tuple[str, str]]
WIRING = {
    frozenset({("sw", "swp2"), ("ra", "eth0")}),
    frozenset({("sw", "swp3"), ("rb", "eth0")}),
    frozenset({("ra", "wan0"), ("rb", "wan0")}),
}
SW, RA, RB = "10.77.0.2", "10.77.0.1", "10.77.255.2"
"""Where each is swept; rb at an address behind ra, to which OSPF leads."""

RA_ITSELF = "10.77.255.1"
COMMUNITY = "roster"
LLDP_NAME = "1.0.8802.1.1.2.1.4.1.1.9"  # lldpRemSysName
OSPF_NEIGHBOUR = "1.3.6.1.2.1.14.10.1.3"  # ospfNbrRtrId (RFC 4750)


@dataclass(frozen=True, slots=True)
class Triangle:
    probe: Host
    sw: Host
    ra: Host
    rb: Host


@pytest.fixture(scope="module")
def triangle(net: Network) -> Triangle:
    found = Triangle(*(net.host(name) for name in ("probe", "sw", "ra", "rb")))
    _wired(net, found)
    _addressed(found)
    snmp = f"rocommunity {COMMUNITY}"
    mib = f"pass_persist .1.3.6.1.2.1.17 {sys.executable} -IS {bridge_mib.__file__} br0"
    snmpd(found.sw, snmp, "sysObjectID 1.3.6.1.4.1.40310", "sysDescr Cumulus Linux 5.4.0", mib)
    lldpd(found.sw, "configure lldp portidsubtype ifname", f"configure system ip management pattern {SW}")
    for number, host in ((1, found.ra), (2, found.rb)):
        snmpd(host, snmp, "sysObjectID 1.3.6.1.4.1.44641", "sysDescr VyOS 1.4.0")
        lldpd(host, "configure system ip management pattern 10.77.255.*")
        _routed(host, number)
    until(lambda: found.ra.does("ip", "route", "show", RB), "ra knows the way to rb", found.ra, found.rb)
    for host, address in ((found.sw, SW), (found.ra, RA), (found.rb, RB)):
        hears(found, host, address, 2)
    return found


def _wired(net: Network, at: Triangle) -> None:
    net.cable(at.probe, "eth0", at.sw, "swp1")
    net.cable(at.sw, "swp2", at.ra, "eth0")
    net.cable(at.sw, "swp3", at.rb, "eth0")
    net.cable(at.ra, "wan0", at.rb, "wan0")
    ports = [f"link set swp{number} master br0" for number in (1, 2, 3)]
    at.sw.ip("link add br0 type bridge", *ports, "link set br0 up")


def _addressed(at: Triangle) -> None:
    at.probe.ip("addr add 10.77.0.10/24 dev eth0", f"route add default via {RA}")
    at.sw.ip(f"addr add {SW}/24 dev br0")
    at.ra.ip(f"addr add {RA}/24 dev eth0", "addr add 10.77.12.1/30 dev wan0", f"addr add {RA_ITSELF}/32 dev lo")
    at.rb.ip("addr add 10.77.0.3/24 dev eth0", "addr add 10.77.12.2/30 dev wan0", f"addr add {RB}/32 dev lo")


def _routed(host: Host, number: int) -> None:
    """Speak OSPF over the cable between the routers, which tell each other of the others' networks."""
    host.sets("ipv4/ip_forward", "1")
    ospfd(
        host, "interface wan0", " ip ospf network point-to-point", " ip ospf hello-interval 1",
        " ip ospf retransmit-interval 1",
        " ip ospf dead-interval 4", "router ospf", f" ospf router-id 10.77.255.{number}", " passive-interface eth0",
        " network 10.77.0.0/16 area 0", " timers throttle spf 10 50 500", " timers throttle lsa all 0",
        " timers lsa min-arrival 0",
    )  # fmt: skip


def column(at: Triangle, address: str, oid: str) -> Mapping[Index, Value]:
    """Return a column of a device, as the engine reads it; empty as long as nobody answers."""

    async def work() -> Mapping[Index, Value]:
        engine = Engine()
        try:
            return (await Session(engine, (address, 161), Community(COMMUNITY)).walk(oid)).columns[oid]
        finally:
            engine.close()

    return at.probe.asks(work)


def hears(at: Triangle, host: Host, address: str, count: int) -> None:
    """Wait until a host, asked at an address of its, tells of so many neighbours."""
    until(lambda: len(column(at, address, LLDP_NAME)) == count, f"{host.name} hears {count}", host)


def sweep(at: Triangle, knowledge: Knowledge | None = None) -> dict[str, Outcome]:
    """Return what a sweep finds, by the names the devices have."""
    where = [SW, RA, RB]
    access = Access(communities([COMMUNITY], where), DOORS, knowledge or Knowledge())
    found = swept(at.probe, where, access)
    assert {address: each.row.cause for address, each in found.items()} == dict.fromkeys(where)
    return {str(each.identified and each.identified.name): each for each in found.values()}


@pytest.fixture(scope="module")
def found(triangle: Triangle) -> dict[str, Outcome]:
    return sweep(triangle)


def bodies(found: Mapping[str, Outcome]) -> dict[str, Bodies]:
    return {name: speaking(each.explored.sections) for name, each in found.items() if each.explored}


def wires(told: Topology) -> set[Wire]:
    return {frozenset({(each.a.device, each.a.interface), (each.b.device, each.b.interface)}) for each in told.links}


def test_each_is_known_for_what_it_is(found: Mapping[str, Outcome]) -> None:
    told = {name: each.identified and (each.identified.class_, each.identified.type) for name, each in found.items()}
    assert told == {"sw": ("network", "switch"), "ra": ("network", "router"), "rb": ("network", "router")}


def test_every_section_is_whole(found: Mapping[str, Outcome]) -> None:
    sections = [
        (name, each) for name, outcome in found.items() if outcome.explored for each in outcome.explored.sections
    ]
    assert [(name, each.name, each.reason) for name, each in sections if not each.complete] == []


def test_the_discovered_topology_equals_the_wiring(found: Mapping[str, Outcome]) -> None:
    told = related({name: each.explored.sections for name, each in found.items() if each.explored})
    assert wires(told) == WIRING
    assert {(each.state, each.shared) for each in told.links} == {("confirmed", False)}
    assert told.strangers == ()


def test_both_ends_of_a_wire_say_who_is_there(found: Mapping[str, Outcome]) -> None:
    rows = [
        (name, row["interface"], row["system_name"], row["port_description"], row["management_address"])
        for name, each in bodies(found).items()
        for row in each["neighbours"]
        if isinstance(row, dict)
    ]
    assert sorted(rows) == [
        ("ra", "eth0", "sw", "swp2", SW), ("ra", "wan0", "rb", "wan0", RB),
        ("rb", "eth0", "sw", "swp3", SW), ("rb", "wan0", "ra", "wan0", RA_ITSELF),
        ("sw", "swp2", "ra", "eth0", RA_ITSELF), ("sw", "swp3", "rb", "eth0", RB),
    ]  # fmt: skip


def mac(host: Host, port: str) -> str:
    said: list[dict[str, Any]] = json.loads(host.does("ip", "-json", "link", "show", "dev", port))
    return str(said[0]["address"])


def test_a_mac_is_found_where_it_is_plugged_in(triangle: Triangle, found: Mapping[str, Outcome]) -> None:
    devices = bodies(found)
    told = places(devices, topology(devices))
    for host, port in ((triangle.probe, "swp1"), (triangle.ra, "swp2"), (triangle.rb, "swp3")):
        end = told[mac(host, "eth0")].end
        assert (end.device, end.interface) == ("sw", port)


def test_an_address_leads_to_the_mac_it_answers_at(triangle: Triangle, found: Mapping[str, Outcome]) -> None:
    told = addresses(bodies(found))
    assert told[mac(triangle.probe, "eth0")] == {"10.77.0.10"}
    assert "10.77.12.2" in told[mac(triangle.rb, "wan0")]


def test_what_frr_tells_through_the_agent_is_walked(triangle: Triangle) -> None:
    assert list(column(triangle, RA, OSPF_NEIGHBOUR).values()) == [bytes((10, 77, 255, 2))]


def test_the_command_says_the_same(triangle: Triangle) -> None:
    command = (Path(sys.executable).with_name("muster-discover"), "sweep", SW, RA, RB, "--community", COMMUNITY)
    said = map(json.loads, triangle.probe.does(*command, "--until", "explore", "--json").splitlines())
    told = {each["name"]: {name: section["body"] for name, section in each["sections"].items()} for each in said}
    assert wires(topology(told)) == WIRING


def test_a_cable_that_is_pulled_is_gone_at_the_next_sweep(triangle: Triangle, tmp_path: Path) -> None:
    """Of a later sweep only what moved is walked; the stamps that say so are those of real agents."""
    knowledge = Knowledge(shelf=Shelf(tmp_path))
    for _ in range(2):
        assert wires(topology(bodies(sweep(triangle, knowledge)))) == WIRING
    triangle.rb.ip("link set eth0 down")
    hears(triangle, triangle.sw, SW, 1)
    hears(triangle, triangle.rb, RB, 1)
    assert wires(topology(bodies(sweep(triangle, knowledge)))) == {
        each for each in WIRING if ("rb", "eth0") not in each
    }
