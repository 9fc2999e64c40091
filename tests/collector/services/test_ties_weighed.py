"""Relations of a registered CI that begin or end without a change are findings; a line of a change covers one."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from collector.change.expected import Expected, How
from collector.change.flow import Step
from collector.change.record import ChangeType, Window
from collector.change.verification import LineState
from collector.model import FOREVER
from collector.pipeline import changed
from collector.relations import HA_PEER, POWERED_BY
from collector.security.audit import Act
from collector.services import relations
from collector.services.changes import seen, sights
from collector.services.changes.asked import Asked, AskedLine
from collector.services.changes.desk import Desk, actor_of
from collector.services.refused import Refused
from collector.store import accounts, schema
from collector.store.engine import Store
from tests.acts import act
from tests.collector.services.test_registration import register
from tests.collector.services.test_relations_said import said, uid
from tests.collector.test_pipeline import World
from tests.collector.test_relations import SERVER, UPS, relating
from tests.collector.test_targets import found

PDU = UPS | {"type": "pdu", "serial": "AP0001", "name": "pdu-a", "definition": ""}
MINUTE = 60_000
PEOPLE = {"ann": ("change_initiator",), "cid": ("engineer",), "bea": ("change_supervisor",)}


@pytest.fixture
async def world(store: Store) -> World:
    """Servers db1 and db2, registered, and a PDU whose outlet 1 is labelled db2."""
    world = World(store)
    await world.enrol(1)
    for at in (1, 2):
        await world.say(1, found(f"192.0.2.{at}", SERVER | {"name": f"db{at}", "serial": f"SRV000{at}"}, world.now))
    await labelled(world, "db2")
    await register(world, ("config_admin:*",), *[row.uid for row in await world.rows(schema.ci)])
    return world


async def labelled(world: World, *names: str) -> None:
    """Let the PDU be seen with these on its outlets, and the estate be looked at."""
    told = [{"outlet": str(at), "name": name, "attached": name} for at, name in enumerate(names)]
    await world.say(1, found("192.0.2.9", PDU, world.now, outlets=told))
    world.now += MINUTE
    await relating(world).step()


async def tied(world: World, name: str) -> list[Any]:
    """Return (key, verdict, old, new) of every item about a relation of that CI."""
    (ci,) = await world.rows(schema.ci, schema.ci.c.name == name)
    findings = {row.id for row in await world.rows(schema.finding, schema.finding.c.ci_id == ci.id)}
    paths = {row.id: row for row in await world.rows(schema.path)}
    texts = {row.id: json.loads(row.text) for row in await world.rows(schema.val)}
    rows = await world.rows(schema.finding_item, schema.finding_item.c.finding_id.in_(findings))
    return [
        (paths[row.path_id].key.partition("|")[0], row.verdict, texts.get(row.old_val_id), texts.get(row.new_val_id))
        for row in rows
        if paths[row.path_id].section == "relations"
    ]


async def test_a_relation_people_say_of_a_registered_ci_is_a_finding_and_is_reverted_when_it_is_taken_back(
    world: World,
) -> None:
    to = {"kind": POWERED_BY, "to": "pdu-a"}
    await said(world, relations.tie, "db1", "pdu-a")
    assert await tied(world, "db1") == [(POWERED_BY, "pending", None, to)]
    await said(world, relations.untie, "db1", "pdu-a")
    assert [verdict for _, verdict, *_ in await tied(world, "db1")] == ["reverted"]


async def test_a_relation_that_came_with_the_arrival_is_a_finding_when_it_ends_with_what_it_was(world: World) -> None:
    await labelled(world, "db1")
    (gone,) = await tied(world, "db2")
    assert gone == (POWERED_BY, "pending", {"kind": POWERED_BY, "to": "pdu-a"}, None)
    (made,) = await tied(world, "db1")
    assert made[:2] == (POWERED_BY, "pending")


async def test_its_bracket_is_that_of_what_the_device_said_otherwise(world: World) -> None:
    told_at = world.now - 2 * MINUTE
    await labelled(world, "db1")
    (ci,) = await world.rows(schema.ci, schema.ci.c.name == "db2")
    (finding,) = await world.rows(schema.finding, schema.finding.c.ci_id == ci.id)
    assert (finding.lo, finding.hi) == (told_at, world.now - 2 * MINUTE)


async def test_what_another_source_says_already_moves_nothing(world: World) -> None:
    await said(world, relations.tie, "db2", "pdu-a")
    assert await tied(world, "db2") == []
    await labelled(world, "db1")
    assert await tied(world, "db2") == [], "people still say so"
    await said(world, relations.untie, "db2", "pdu-a")
    assert [verdict for _, verdict, *_ in await tied(world, "db2")] == ["pending"]


async def test_that_a_name_leads_elsewhere_is_our_view_and_no_finding(world: World) -> None:
    world.now += 3_600_000
    third = SERVER | {"name": "db2.lab.example", "serial": "SRV0003"}
    await world.say(1, found("192.0.2.3", third, world.now))
    await relating(world).step()
    assert await tied(world, "db2") == []


async def test_who_stands_in_for_whom_and_what_is_not_registered_is_no_finding(world: World) -> None:
    await said(world, relations.tie, "db1", "db2", HA_PEER)
    await world.say(1, found("192.0.2.7", SERVER | {"name": "db7", "serial": "SRV0007"}, world.now))
    await said(world, relations.tie, "db7", "pdu-a")
    assert await tied(world, "db1") == await tied(world, "db7") == []


# --- a change


@dataclass
class Work:
    """A change that lets a server be fed by another PDU, among people."""

    world: World
    desk: Desk
    number: str = ""

    async def doing(self, by: str, do: Callable[[Act], Awaitable[Any]]) -> Any:
        self.world.now += MINUTE
        async with self.world.store.write() as tx:
            return await do(act(tx, by, self.world.now))

    async def step(self, by: str, step: Step) -> None:
        await self.doing(by, lambda a: self.desk.step(a, actor_of(by, PEOPLE[by]), self.number, step))

    async def begin(self, uid: str, key: str, value: object) -> None:
        line = AskedLine(uid, "relations", key, "", Expected(How.EXACT, value))
        window = Window(self.world.now, self.world.now + 2 * 3_600_000)
        asked = Asked("another feed", "the old one is full", "cid", (uid,), (line,), window)
        self.number = await self.doing("ann", lambda a: self.desk.raise_(a, ChangeType.STANDARD, asked))
        for by, step in (("ann", Step.SUBMIT), ("bea", Step.APPROVE), ("cid", Step.START)):
            await self.step(by, step)

    async def states(self) -> list[LineState]:
        self.world.now += MINUTE
        async with self.world.store.read() as reader:
            who = actor_of("ann", PEOPLE["ann"])
            found = await seen.one(reader, self.desk, self.number, who, self.world.now)
        return [check.state for check in found.checks]


@pytest.fixture
async def work(world: World) -> Work:
    async with world.store.write() as tx:
        for name, roles in PEOPLE.items():
            await accounts.add(tx, name, roles, world.now)
    return Work(world, Desk(sights.evidence, partial(changed, policies=world.runner.policies)))


async def test_a_planned_relation_is_covered_and_verified_once_it_is_there_and_authorised_from_then_on(
    work: Work,
) -> None:
    world = work.world
    pdu = await uid(world, "pdu-a")
    await work.begin(await uid(world, "db1"), f"{POWERED_BY}|{pdu}", True)
    await said(world, relations.tie, "db1", "pdu-a")
    await work.step("cid", Step.FINISH)
    assert await work.states() == [LineState.VERIFIED]
    await work.step("ann", Step.CLOSE)
    assert [verdict for _, verdict, *_ in await tied(world, "db1")] == ["verified"]
    (path,) = await world.rows(schema.path, schema.path.c.key == f"{POWERED_BY}|{pdu}")
    (row,) = await world.rows(schema.auth, schema.auth.c.path_id == path.id, schema.auth.c.vt == FOREVER)
    assert (row.basis, row.ref) == ("change", work.number)


async def test_a_relation_that_was_to_end_and_holds_keeps_the_change_open_and_another_one_is_not_covered(
    work: Work,
) -> None:
    world = work.world
    await work.begin(await uid(world, "db2"), f"{POWERED_BY}|{await uid(world, 'pdu-a')}", None)
    await labelled(world, "db2")
    await said(world, relations.tie, "db2", "db1", "depends_on")
    await work.step("cid", Step.FINISH)
    assert await work.states() == [LineState.FAILED]
    assert [each[:2] for each in await tied(world, "db2")] == [("depends_on", "pending")]
    await labelled(world)
    assert await work.states() == [LineState.VERIFIED]
    assert sorted(each[:2] for each in await tied(world, "db2")) == [
        ("depends_on", "pending"), (POWERED_BY, "verified"),
    ]  # fmt: skip


async def test_a_relation_is_named_by_its_kind_and_the_other_one(work: Work) -> None:
    db1 = await uid(work.world, "db1")
    for key in ("likes|x", "powered_by", "|x"):
        with pytest.raises(Refused, match="its kind"):
            await work.begin(db1, key, True)
