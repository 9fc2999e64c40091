"""The estate: identified as what it is, wired as it says, and the same for the same seed."""

from __future__ import annotations

import asyncio
from dataclasses import astuple

import pytest

from discovery.device import Device
from discovery.explore import Profile, explore
from discovery.identify import identify
from discovery.lab import Lab
from discovery.lab.estate import MOST, estate
from discovery.lab.estate.plan import NETWORK, SITES, planned, size
from discovery.lab.estate.wiring import port_of
from discovery.lab.running import simulated
from discovery.library import SHIPPED, definitions_in
from discovery.relate import related, speaking
from tests.discovery.lab.asking import session
from wire.observation import Status
from wire.whereabouts import addresses, places

DEVICES = 48


@pytest.fixture(scope="module")
def swept():
    """Identify and explore every device over the network; return the estate and name → (identified, sections)."""
    return asyncio.run(_swept())


async def _swept():
    from discovery.snmp import Engine

    made, known, engine = estate(DEVICES), definitions_in([SHIPPED]), Engine()
    try:
        async with Lab(simulated(made)) as lab:
            found = await asyncio.gather(*(_visit(engine, lab, at, known) for at in lab.devices))
    finally:
        engine.close()
    return made, dict(zip(made.nodes, found, strict=True))


async def _visit(engine, lab, at, known):
    asking, device = session(engine, lab, at), Device()
    identified = await asking.run(identify(known, device))
    explored = await asking.run(explore(identified, device, Profile(address=at)))
    return identified, explored.sections


def test_every_device_is_identified_as_what_it_is(swept):
    made, found = swept
    fields = ("class_", "type", "vendor", "model", "serial", "os", "version", "name")
    told = {name: tuple(getattr(each, field) for field in fields) for name, (each, _) in found.items()}
    assert told == {name: astuple(each) for name, each in made.truth.items()}


def test_the_links_that_are_discovered_are_the_cables(swept):
    made, found = swept
    topology = related({name: sections for name, (_, sections) in found.items()})
    links = {((each.a.device, each.a.interface), (each.b.device, each.b.interface)) for each in topology.links}
    assert {tuple(sorted(ends)) for ends in links} == made.wiring
    assert {each.state for each in topology.links} == {"confirmed"}
    assert not topology.strangers


def test_what_is_plugged_in_is_found_on_its_port_and_by_its_address(swept):
    made, found = swept
    bodies = {name: speaking(sections) for name, (_, sections) in found.items()}
    where = places(bodies, related({name: sections for name, (_, sections) in found.items()}))
    at = addresses(bodies)
    plugged = [(switch, port, what) for switch, ports in made.plan.edge.items() for port, what in ports.items()]
    assert len(plugged) > DEVICES
    for switch, port, what in plugged:
        end = where[what.mac.hex(":")].end
        assert (end.device, end.interface) == (switch, port_of(made.nodes[switch], port)[0])
        assert what.address in at[what.mac.hex(":")]


def test_what_draws_power_gets_it_from_its_port_and_arrays_are_logged_in_to_the_fabric(swept):
    made, found = swept

    def rows(name, section):
        (body,) = [each.body for each in found[name][1] if each.name == section]
        return body

    fed = {(name, row["interface"]) for name, node in made.nodes.items() if node.role == "acc"
           for row in rows(name, "poe") if row["state"] == "delivering"}  # fmt: skip
    plugged = [(name, port_of(made.nodes[name], port)[0], what.role) for name, ports in made.plan.edge.items()
               for port, what in ports.items() if hasattr(what, "role")]  # fmt: skip
    assert fed
    assert fed <= {(name, port) for name, port, role in plugged if role == "env"}
    arrays = {name for name, node in made.nodes.items() if node.role == "stor" and node.site == 0}
    assert {row["node_name"] for row in rows("bj-san-01", "fc_logins")} == arrays
    assert rows("bj-core-01", "sensors")[0]["unit"] == "celsius"


def test_nothing_an_exploration_asks_for_fails(swept):
    _, found = swept
    sections = [each for _, some in found.values() for each in some]
    assert {each.status for each in sections} == {Status.OK, Status.UNSUPPORTED}
    assert all(each.complete for each in sections)


def test_the_same_seed_makes_the_same_estate():
    one, same, other = (estate(30, seed) for seed in (5, 5, 6))
    for name in one.nodes:
        assert list(one.tree(name)) == list(same.tree(name))
    assert one.truth != other.truth


@pytest.mark.parametrize("devices", [1, 2, 5, 31, 200, MOST])
def test_no_port_is_used_twice_and_no_switch_has_more_than_it_has(devices):
    plan = planned(devices)
    assert len(plan.nodes) == len({each.name for each in plan.nodes}) == devices
    used = [(each.a.name, each.a_port) for each in plan.cables] + [(each.b.name, each.b_port) for each in plan.cables]
    used += [(switch, port) for switch, ports in plan.edge.items() for port in ports]
    assert len(used) == len(set(used))
    by_name = {each.name: each for each in plan.nodes}
    assert all(0 <= port < size(by_name[name]) for name, port in used)


def test_no_two_of_an_estate_share_a_mac_an_address_or_a_serial_number():
    plan = planned(1000)
    plugged = [each for ports in plan.edge.values() for each in ports.values()]
    everything = {id(each): each for each in [*plan.nodes, *plugged]}.values()
    for values in ([each.mac for each in everything], [each.address for each in everything],
                   [each.serial for each in plan.nodes if each.serial]):  # fmt: skip
        assert len(values) == len(set(values))


def test_an_estate_has_both_sites_and_every_role():
    plan = planned(200)
    assert {(each.site, each.role) for each in plan.nodes} >= {
        (site, role) for site in range(len(SITES)) for role in NETWORK
    }
    assert {each.role for each in plan.nodes} == NETWORK | {"stor", "san", "bmc", "ups", "pdu", "prn", "env"}


@pytest.mark.parametrize("devices", [0, -1, MOST + 1])
def test_an_estate_has_a_bound(devices):
    with pytest.raises(ValueError, match="1 to"):
        estate(devices)
