"""Links between CIs out of what probes and agents told, on both engines."""

from __future__ import annotations

from typing import Any

import pytest

from collector.services import topology
from collector.services.topology import LinkRow, Map
from collector.services.wiring import Wiring
from collector.store import schema
from collector.store.engine import Store
from tests import wired
from tests.collector.test_pipeline import World
from tests.wired import G1, G2, G3, G5, G6, LAG

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


@pytest.fixture
def wiring() -> Wiring:
    return Wiring()


async def drawn(world: World, wiring: Wiring) -> Map:
    async with world.store.read() as connection:
        return await topology.current(connection, wiring)


def ends(link: LinkRow) -> frozenset[tuple[str, str]]:
    return frozenset((end.ci.name, end.interface) for end in (link.a, link.b))


def by_ends(found: Map) -> dict[frozenset[tuple[str, str]], LinkRow]:
    return {ends(link): link for link in found.links}


def cable(a: str, a_port: str, b: str, b_port: str) -> frozenset[tuple[str, str]]:
    return frozenset({(a, a_port), (b, b_port)})


async def test_every_link_is_there_with_how_sure_it_is(world: World, wiring: Wiring) -> None:
    found = by_ends(await drawn(world, wiring))
    assert {each: (link.state, link.shared) for each, link in found.items()} == {
        cable("core-01", G1, "access-01", G1): ("confirmed", False),
        cable("core-01", G2, "access-01", G2): ("confirmed", False),
        cable("access-01", G3, "db-01", "eno1"): ("confirmed", False),
        cable("core-01", G6, "access-02", G1): ("probable", False),
        cable("core-01", G5, "access-03", G1): ("confirmed", True),
        cable("core-01", G5, "access-04", G1): ("confirmed", True),
        cable("access-02", G2, "access-04", G2): ("confirmed", False),
        cable("access-03", G2, "access-02", G2): ("contradictory", False),
    }
    assert found[cable("core-01", G1, "access-01", G1)].bundle == (LAG, LAG)


async def test_evidence_says_who_heard_what_and_when(world: World, wiring: Wiring) -> None:
    link = by_ends(await drawn(world, wiring))[cable("access-01", G3, "db-01", "eno1")]
    said = {each.by.ci.name: each for each in link.evidence}
    assert (said["db-01"].protocol, said["db-01"].chassis, said["db-01"].port) == ("lldp", wired.mac(2), G3)
    assert said["access-01"].name == "db-01.example.com"
    assert 0 < said["access-01"].at < said["db-01"].at == link.seen
    assert link.far(link.a.ci.uid) == link.b


async def test_a_link_leads_over_the_border_of_a_zone(world: World, wiring: Wiring) -> None:
    link = by_ends(await drawn(world, wiring))[cable("core-01", G6, "access-02", G1)]
    assert {(end.ci.name, end.zone) for end in (link.a, link.b)} == {("core-01", ""), ("access-02", "plant-2")}


async def test_who_is_heard_and_is_no_ci_is_told(world: World, wiring: Wiring) -> None:
    (phone,) = (await drawn(world, wiring)).strangers
    assert (phone.by.ci.name, phone.by.interface, phone.name, phone.platform) == (
        "access-01", G5, "SEP-02BB", "CP-8845",
    )  # fmt: skip


async def test_one_ci_has_its_own_links(world: World, wiring: Wiring) -> None:
    (access,) = await world.rows(schema.ci, schema.ci.c.name == "access-01")
    async with world.store.read() as connection:
        found = await topology.of_ci(connection, wiring, access.id)
    assert {link.far(access.uid).ci.name for link in found.links} == {"core-01", "db-01"}
    assert {link.near(access.uid).interface for link in found.links} == {G1, G2, G3}
    assert len(found.strangers) == 1


async def test_cables_are_worked_out_again_only_when_a_section_they_are_made_of_moved(
    world: World, wiring: Wiring
) -> None:
    async with world.store.read() as connection:
        first = await wiring.links(connection)
    switches = wired.switches()
    switches["core-01"]["fdb"] = []
    await world.say(PROBE, wired.told(world.now, "core-01", switches["core-01"]))
    async with world.store.read() as connection:
        second = await wiring.links(connection)
        whole = await wiring.whole(connection)
    assert second.cables is first.cables
    assert sum(second.at.values()) > sum(first.at.values())
    assert whole.cables.topology is first.cables.topology
    switches["core-01"]["neighbours"] = []
    await world.say(PROBE, wired.told(world.now, "core-01", switches["core-01"]))
    found = by_ends(await drawn(world, wiring))
    assert found[cable("core-01", G1, "access-01", G1)].state == "probable"


async def test_a_retired_ci_has_no_cables(world: World, wiring: Wiring) -> None:
    await drawn(world, wiring)
    async with world.store.write() as tx:
        await tx.execute(schema.ci.update().where(schema.ci.c.name == "core-01").values(state="retired"))
    names = {end.ci.name for link in (await drawn(world, wiring)).links for end in (link.a, link.b)}
    assert "core-01" not in names


async def test_a_management_controller_adds_its_port_and_renames_none(world: World, wiring: Wiring) -> None:
    host = wired.server()
    bodies: dict[str, Any] = {
        "device": {"class": "server", "type": "pc_server", "vendor": host.bodies["hardware"]["vendor"],
                   "name": "bmc-41", "host_serial": host.bodies["hardware"]["serial"],
                   "host_uuid": host.bodies["hardware"]["uuid"], "address": "10.20.9.50"},
        "interfaces": [{"name": "NIC.1", "mac": wired.SERVER_MAC, "kind": "ethernet"},
                       {"name": "iDRAC.1", "mac": "02:00:00:cc:00:99", "kind": "ethernet"}],
    }  # fmt: skip
    await world.say(PROBE, wired.told(world.now, "bmc-41", bodies))
    (server,) = await world.rows(schema.ci, schema.ci.c.ci_class == "server")
    async with world.store.read() as connection:
        device = (await wiring.links(connection)).cables.devices[str(server.id)]
    assert [row["name"] for row in device["interfaces"] if isinstance(row, dict)] == ["eno1", "iDRAC.1"]
    found = by_ends(await drawn(world, wiring))
    assert found[cable("access-01", G3, server.name, "eno1")].state == "confirmed"


async def test_the_way_goes_over_what_is_best_evidenced_and_never_over_a_contradiction(
    world: World, wiring: Wiring
) -> None:
    found = await drawn(world, wiring)
    uids = {end.ci.name: end.ci.uid for link in found.links for end in (link.a, link.b)}

    def way(start: str, goal: str) -> list[str] | None:
        links = topology.path(found.links, uids[start], uids[goal])
        if links is None:
            return None
        here, names = uids[start], [start]
        for link in links:
            end = link.far(here)
            here = end.ci.uid
            names.append(end.ci.name)
        return names

    assert way("db-01", "access-03") == ["db-01", "access-01", "core-01", "access-03"]
    assert way("access-02", "access-03") == ["access-02", "core-01", "access-03"]
    assert way("db-01", "db-01") == ["db-01"]
    assert topology.path(found.links, uids["db-01"], "nowhere") is None
    assert topology.path([], uids["db-01"], uids["core-01"]) is None
