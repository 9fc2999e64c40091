"""Pairs of firewalls and load balancers: whoever is active, each unit is the CI it is, and nothing moved unapproved."""

from __future__ import annotations

from typing import Any

import pytest

from collector.store import schema
from collector.store.engine import Store
from tests.collector.services.test_registration import register
from tests.collector.test_pipeline import World
from tests.collector.test_targets import found

PROBE = 1
ADMIN = ("config_admin:security",)
ACTIVE, STANDBY = "10.1.0.1", "10.1.0.2"


@pytest.fixture
async def world(sqlite_store: Store) -> World:
    world = World(sqlite_store)
    await world.enrol(PROBE)
    return world


async def firewalls(world: World) -> list[Any]:
    return await world.rows(schema.ci, schema.ci.c.ci_type == "firewall")


async def doubts(world: World) -> tuple[int, int, int]:
    """Return how many cases there are, how many findings, and how many firewalls."""
    cases, findings = await world.rows(schema.duplicate_case), await world.rows(schema.finding)
    return len(cases), len(findings), len(await firewalls(world))


# --- an address each, which passes on with the role


def unit(number: int, state: str, peer_state: str = "", **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return `device` and `redundancy` of one of two ASAs; name and engine are the same, addresses go with the role."""
    device = {"class": "security", "type": "firewall", "vendor": "Cisco", "model": "ASA5525", "name": "edge-fw",
              "serial": f"FCH000{number}", "object_id": "1.3.6.1.4.1.9.1.2313",
              "engine_id": "80000009fe0102030405"} | more  # fmt: skip
    other = peer_state or {"active": "standby", "standby": "active"}[state]
    return device, {"protocol": "ha", "group": "", "interface": "", "mode": "active_passive", "state": state,
                    "peer_state": other}  # fmt: skip


async def answer(world: World, address: str, told: tuple[dict[str, Any], dict[str, Any]]) -> None:
    device, pair = told
    ports = [{"name": "outside", "kind": "ethernet", "state": "up", "addresses": [f"{address}/24"]}]
    await world.say(PROBE, found(address, device, world.now, redundancy=[pair], interfaces=ports))


async def both(world: World, active: int) -> None:
    """Let a sweep find both units, `active` of them at the address of who is active."""
    await answer(world, ACTIVE, unit(active, "active"))
    await answer(world, STANDBY, unit(3 - active, "standby"))


async def spoken_of(world: World) -> dict[str, str]:
    """Return address → serial number of the CI that is spoken of there."""
    sources = {row.id: row.code.rpartition("/")[2] for row in await world.rows(schema.source)}
    serials = {
        row.ci_id: row.value.rpartition("|")[2].upper()
        for row in await world.rows(schema.identifier, schema.identifier.c.kind == "serial")
    }
    bound = await world.rows(schema.subject_ci, schema.subject_ci.c.role == "host")
    return {sources[row.source_id]: serials[row.ci_id] for row in bound}


async def test_two_units_are_two_cis_though_they_share_name_and_engine(world: World) -> None:
    await both(world, 1)
    assert await doubts(world) == (0, 0, 2)
    assert await spoken_of(world) == {ACTIVE: "FCH0001", STANDBY: "FCH0002"}


async def test_after_a_fail_over_each_unit_is_found_at_the_other_address_and_nothing_is_in_doubt(world: World) -> None:
    await both(world, 1)
    await register(world, ADMIN, *(each.uid for each in await firewalls(world)))
    for active in (2, 1, 2):
        await both(world, active)
        assert await doubts(world) == (0, 0, 2)
        assert await spoken_of(world) == {ACTIVE: f"FCH000{active}", STANDBY: f"FCH000{3 - active}"}


async def test_what_really_moves_on_a_unit_of_a_pair_is_a_finding(world: World) -> None:
    await both(world, 1)
    await register(world, ADMIN, *(each.uid for each in await firewalls(world)))
    await answer(world, ACTIVE, unit(1, "active", version="9.16"))
    await answer(world, ACTIVE, unit(1, "active", version="9.18"))
    assert [row.verdict for row in await world.rows(schema.finding)] != []


async def test_a_unit_in_the_place_of_one_that_fell_silent_is_a_replacement_to_be_decided(world: World) -> None:
    await both(world, 1)
    lost = next(each.ci_id for each in await world.rows(schema.identifier) if each.value.endswith("FCH0002"))
    async with world.store.write() as tx:
        await tx.execute(schema.ci.update().where(schema.ci.c.id == lost).values(state="missing"))
    await answer(world, STANDBY, unit(3, "standby"))
    cases = await world.rows(schema.duplicate_case)
    assert [(case.kind, case.state) for case in cases] == [("replacement", "open")]


async def test_of_two_that_are_no_pair_one_engine_on_two_serials_is_a_case_still(world: World) -> None:
    for number, address in ((1, ACTIVE), (2, STANDBY)):
        device, _ = unit(number, "active")
        await world.say(PROBE, found(address, device, world.now))
    assert [case.kind for case in await world.rows(schema.duplicate_case)] == ["clone"]


def router(number: int, *virtual: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    device = {"class": "network", "type": "router", "vendor": "Huawei", "name": f"gw-{number}", "model": "NE40E",
              "serial": f"2102000{number}", "engine_id": f"800007db0300e0fc00000{number}"}  # fmt: skip
    return device, [
        {"protocol": "vrrp", "group": "7", "interface": "v10", "state": "active", "addresses": list(virtual)}
    ]


@pytest.mark.parametrize(("virtual", "cases"), [((ACTIVE,), 0), (("10.9.9.9",), 1)])
async def test_behind_an_address_routers_hold_together_each_is_itself(
    world: World, virtual: tuple[str, ...], cases: int
) -> None:
    for number in (1, 2, 1):
        device, groups = router(number, *virtual)
        await world.say(PROBE, found(ACTIVE, device, world.now, redundancy=groups))
    assert len(await world.rows(schema.ci)) == 2
    assert len(await world.rows(schema.duplicate_case)) == cases


# --- one address for both, behind which either answers


def cluster(leader: int, units: tuple[int, ...] = (1, 2), **more: Any) -> dict[str, Any]:
    """Return what a cluster of FortiGates says when `leader` answers for it."""
    other = [number for number in units if number != leader]
    pair = {"protocol": "ha", "group": "pair", "interface": "", "mode": "active_passive", "state": "active"} | (
        {"peer": f"fw-{other[0]}", "peer_serial": f"FG00{other[0]}"} if other else {"peer_state": "lost"}
    )
    device = {"class": "security", "type": "firewall", "vendor": "Fortinet", "model": "FG-100F", "name": f"fw-{leader}",
              "serial": f"FG00{leader}", "version": "7.2.5", "engine_id": f"8000304404fg{leader}".encode().hex(),
              "object_id": "1.3.6.1.4.1.12356.101.1.1"} | more  # fmt: skip
    members = [{"number": f"FG00{at}", "serial": f"FG00{at}", "role": "master" if at == leader else "standby"}
               for at in units]  # fmt: skip
    return {"device": device, "redundancy": [pair], "members": members}


async def says(world: World, told: dict[str, Any], address: str = ACTIVE) -> None:
    device, *_ = told.pop("device"), None
    await world.say(PROBE, found(address, device, world.now, **told))


async def test_a_cluster_is_one_ci_with_both_units_inside_and_survives_a_fail_over(world: World) -> None:
    await says(world, cluster(1))
    (one,) = await firewalls(world)
    await register(world, ADMIN, *(each.uid for each in await world.rows(schema.ci)))
    for leader in (2, 1, 2):
        await says(world, cluster(leader))
    assert await doubts(world) == (0, 0, 1)
    inside = {row.b for row in await world.rows(schema.relation, schema.relation.c.a == one.id)}
    assert len(inside) == 2
    assert (await firewalls(world))[0].name == "fw-1"


async def test_a_fail_over_is_kept_as_what_it_is(world: World) -> None:
    await says(world, cluster(1))
    (one,) = await firewalls(world)
    await register(world, ADMIN, one.uid)
    await says(world, cluster(2))
    paths = {row.id: (row.section, row.key) for row in await world.rows(schema.path)}
    moved = {paths[row.path_id] for row in await world.rows(schema.claim, schema.claim.c.ci_id == one.id)
             if row.cause == "world"}  # fmt: skip
    assert {section for section, _ in moved} == {"members", "redundancy"}


async def test_an_upgrade_is_seen_whoever_answers(world: World) -> None:
    await says(world, cluster(1))
    (one,) = await firewalls(world)
    await register(world, ADMIN, one.uid)
    await says(world, cluster(2, version="7.4.1"))
    items = await world.rows(schema.finding_item)
    paths = {row.id: (row.section, row.key) for row in await world.rows(schema.path)}
    assert [paths[row.path_id] for row in items] == [("device", "version")]


async def test_a_unit_that_is_lost_is_missed_and_the_cluster_is_the_one_it_was(world: World) -> None:
    await says(world, cluster(1))
    (one,) = await firewalls(world)
    await register(world, ADMIN, one.uid)
    await says(world, cluster(2, units=(2,)))
    await says(world, cluster(2, units=(2,)))
    assert [each.id for each in await firewalls(world)] == [one.id]
    assert await world.rows(schema.duplicate_case) == []
    paths = {row.id: (row.section, row.key) for row in await world.rows(schema.path)}
    items = {paths[row.path_id] for row in await world.rows(schema.finding_item)}
    assert items == {("members", "FG001")}


async def test_a_unit_that_was_replaced_is_a_change_of_the_cluster(world: World) -> None:
    await says(world, cluster(1))
    (one,) = await firewalls(world)
    await register(world, ADMIN, one.uid)
    await says(world, cluster(2, units=(2, 3)))
    assert [each.id for each in await firewalls(world)] == [one.id]
    paths = {row.id: (row.section, row.key) for row in await world.rows(schema.path)}
    items = {paths[row.path_id] for row in await world.rows(schema.finding_item)}
    assert {("members", "FG001"), ("members", "FG003"), ("device", "serial")} <= items
