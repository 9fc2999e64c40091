"""Where a MAC, an address or a host is plugged in, on both engines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.services import whereabouts
from collector.services.macs import address_in, mac_in
from collector.services.whereabouts import Answer
from collector.services.wiring import Wiring
from collector.store.engine import Store
from tests import wired
from tests.collector.test_pipeline import World
from tests.wired import G3, G4, LAG

PROBE, AGENT = 1, 2


@pytest.fixture
async def world(store: Store) -> World:
    world = World(store)
    await world.enrol(PROBE)
    await world.enrol(AGENT)
    for name, bodies in wired.switches().items():
        await world.say(PROBE, wired.told(world.now, name, bodies))
    await world.tell(AGENT, wired.server())
    return world


async def ask(world: World, q: str) -> Answer:
    async with world.store.read() as connection:
        return await whereabouts.find(connection, Wiring(), q)


@pytest.mark.parametrize("q", [wired.PC, "0200-00aa-0001", "0200.00AA.0001", "02-00-00-AA-00-01", wired.PC_ADDRESS])
async def test_a_pc_without_a_ci_is_at_the_port_that_leads_no_further(world: World, q: str) -> None:
    (found,) = (await ask(world, q)).found
    assert found.place
    assert (found.place.ci.name, found.place.interface, found.vlan) == ("access-01", G4, 20)
    assert (found.mac, found.addresses, found.owner) == (wired.PC, (wired.PC_ADDRESS,), None)
    assert found.seen > 0
    told = {(each.kind, each.port.ci.name, each.port.interface, each.leads_on) for each in found.evidence}
    assert told == {
        ("fdb", "access-01", G4, False), ("fdb", "core-01", LAG, True), ("arp", "core-01", "Vlan-interface20", False),
    }  # fmt: skip


@pytest.mark.parametrize("q", ["db-01", "DB-01", wired.SERVER_MAC, wired.SERVER_ADDRESS])
async def test_a_host_is_found_by_name_mac_and_address_with_its_cable(world: World, q: str) -> None:
    (found,) = (await ask(world, q)).found
    assert found.owner
    assert (found.owner.ci.name, found.owner.interface) == ("db-01", "eno1")
    assert found.place
    assert (found.place.ci.name, found.place.interface) == ("access-01", G3)
    assert [link.state for link in found.links] == ["confirmed"]


async def test_a_switch_is_where_its_cables_are(world: World) -> None:
    answer = await ask(world, wired.mac(3, 1))
    (found,) = answer.found
    assert found.owner
    assert (found.owner.ci.name, answer.kind) == ("access-02", "mac")
    assert found.place
    assert found.place.ci.name == "core-01"
    assert found.links[0].state == "probable"


@pytest.mark.parametrize("q", ["02:ff:ff:ff:ff:ff", "192.0.2.254", "nobody-here", "  ", "%_\\", "\x00"])
async def test_what_nobody_heard_of_is_nowhere(world: World, q: str) -> None:
    assert (await ask(world, q)).found == ()


async def test_an_answer_has_an_end(world: World) -> None:
    answer = await ask(world, "core-01")
    assert answer.count <= whereabouts.MAX_FOUND
    assert (await ask(world, "access")).count > len((await ask(world, "access")).found) == whereabouts.MAX_FOUND


@given(st.text(max_size=60))
def test_whatever_is_typed_is_a_mac_an_address_or_neither(text: str) -> None:
    found = mac_in(text)
    assert found is None or mac_in(found) == found
    address = address_in(text)
    assert address is None or address_in(address) == address
