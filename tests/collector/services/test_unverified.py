"""What nobody saw in time after a change is written down, told to its owner, and over when it is seen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from collector.change import record
from collector.change.expected import Expected, How
from collector.change.flow import Step
from collector.change.lifecycle import Denied, Why
from collector.change.record import ChangeType
from collector.change.verification import LineState
from collector.pipeline import changed
from collector.services.changes import seen, sights, unverified
from collector.services.changes.asked import Asked, AskedLine
from collector.services.changes.desk import Desk, actor_of
from collector.services.following_up import FollowingUp
from collector.store import accounts, schema
from collector.store.browse.changes import ChangeQuery
from collector.store.browse.page import Window
from collector.store.engine import Store
from tests.acts import act
from tests.collector.ground import HOUR, PACKAGE
from tests.collector.test_pipeline import World
from tests.simulated import SimulatedHost
from tests.store.ground import with_channels

DAY = 24 * HOUR
ROLES = {"ann": ("engineer",), "bea": ("change_supervisor",), "cid": ("engineer",)}
COWSAY = {"name": "cowsay", "arch": "all", "version": "3.03", "manager": "dpkg"}


@dataclass
class Work:
    """A change on one host, done and waiting to be seen."""

    world: World
    host: SimulatedHost
    desk: Desk
    number: str = ""

    async def step(self, by: str, step: Step) -> None:
        self.world.now += 1000
        async with self.world.store.write() as tx:
            who = actor_of(by, ROLES[by])
            await self.desk.step(act(tx, by, self.world.now), who, self.number, step)

    async def follow_up(self, ms: int = 0) -> None:
        self.world.now += ms
        policies = self.world.runner.policies
        await FollowingUp(
            self.world.store, self.desk, (policies.governance, policies.desk), lambda: self.world.now
        ).step()

    async def missed(self) -> list[tuple[str, str, str]]:
        async with self.world.store.read() as reader:
            return [(each.change, each.ci.name, each.key) for each in await unverified.listed(reader)]

    async def owed(self, at: int | None = None) -> dict[str, tuple[int, int, list[str]]]:
        """Return what a list of the changes with such lines says of each: how many, since when, the first of them."""
        async with self.world.store.read() as reader:
            found = await seen.listed(reader, ChangeQuery(unverified=True, at=at), Window(50))
        its = {row.number: row.unverified for row in found.items}
        return {key: (owed.count, owed.over_at, [each.key for each in owed.first]) for key, owed in its.items() if owed}

    async def rows(self) -> list[tuple[bool, str]]:
        rows = await self.world.rows(schema.unverified)
        return [(row.closed_at is None, row.ended) for row in rows]

    async def errand(self) -> Any:
        (row,) = await self.world.rows(schema.incident, schema.incident.c.kind == "unverified")
        return row

    async def trail(self) -> list[str]:
        return [row.act for row in await self.world.rows(schema.change_trail)]


@pytest.fixture
async def work(sqlite_store: Store) -> Work:
    return await done(sqlite_store)


async def done(store: Store) -> Work:
    """Return work that was said to be finished, before anything could be seen of it."""
    world, host = World(store), SimulatedHost(1)
    await world.enrol(1)
    await world.tell(1, host)
    async with world.store.write() as tx:
        for name, roles in ROLES.items():
            await accounts.add(tx, name, roles, world.now)
    await with_channels(world.store, "ops")
    (ci,) = await world.rows(schema.ci, schema.ci.c.ci_class == "server")
    work = Work(world, host, Desk(sights.evidence, partial(changed, policies=world.runner.policies)))
    line = AskedLine(ci.uid, PACKAGE.section, PACKAGE.key, "version", Expected(How.EXACT, "3.03"))
    asked = Asked("cowsay", "it is missed", "cid", (ci.uid,), (line,), record.Window(world.now, world.now + HOUR))
    async with world.store.write() as tx:
        work.number = await work.desk.raise_(act(tx, "ann", world.now), ChangeType.STANDARD, asked)
    for by, step in (("ann", Step.SUBMIT), ("bea", Step.APPROVE), ("cid", Step.START), ("cid", Step.FINISH)):
        await work.step(by, step)
    return work


async def test_who_says_that_the_work_is_done_has_it_looked_at(work: Work) -> None:
    (agent,) = await work.world.rows(schema.agent)
    assert agent.look_asked_at == work.world.now
    assert (await work.trail())[-2:] == ["finish", "look"]


async def test_what_nobody_saw_within_a_day_is_told_to_whose_change_it_is_and_over_when_it_is_seen(
    store: Store,
) -> None:
    work = await done(store)
    await work.follow_up(DAY)
    assert await work.missed() == []
    await work.follow_up(1)
    await work.follow_up()
    assert await work.missed() == [(work.number, "host00001", "cowsay|all")]
    errand = await work.errand()
    assert (errand.assignee, errand.state) == ("ann", "assigned")
    assert work.number in errand.detail
    assert "cowsay|all" in errand.detail
    assert "3.03" in errand.detail
    with pytest.raises(Denied) as caught:
        await work.step("ann", Step.CLOSE)
    assert caught.value.reasons == (Why.NOT_VERIFIED,)
    work.host.bodies["packages"].append(COWSAY)
    await work.world.tell(1, work.host)
    await work.follow_up()
    assert (await work.rows(), await work.missed()) == ([(False, "verified")], [])
    assert (await work.errand()).state == "resolved"
    assert [each for each in await work.trail() if each in ("unverified", "seen")] == ["unverified", "seen"]
    await work.step("ann", Step.CLOSE)


async def test_seen_as_something_else_it_is_no_longer_unverified_and_still_no_end(work: Work) -> None:
    await work.follow_up(DAY + 1)
    await work.world.tell(1, work.host)
    await work.follow_up()
    assert await work.rows() == [(False, "failed")]
    with pytest.raises(Denied):
        await work.step("ann", Step.CLOSE)


async def test_a_person_decides_what_nothing_sees(work: Work) -> None:
    await work.follow_up(DAY + 1)
    async with work.world.store.write() as tx:
        who = actor_of("bea", ROLES["bea"])
        await work.desk.decide(
            act(tx, "bea", work.world.now), who, work.number, 0, LineState.MANUALLY_VERIFIED, "I was there"
        )
    await work.follow_up()
    assert await work.rows() == [(False, "manually_verified")]
    assert (await work.errand()).state == "resolved"


async def test_what_is_no_production_is_missed_by_nobody(work: Work) -> None:
    async with work.world.store.write() as tx:
        await tx.execute(schema.ci.update().values(environment="test"))
    await work.follow_up(DAY + 1)
    assert await work.rows() == []


async def test_the_list_says_how_much_nobody_has_seen_of_a_change_since_when_and_did_at_the_time(store: Store) -> None:
    work = await done(store)
    await work.follow_up(DAY + 1)
    missed_at = work.world.now
    assert await work.owed() == {work.number: (1, missed_at - DAY - 1, ["cowsay|all"])}
    assert await work.owed(at=missed_at - 1) == {}, "then it was not late yet"
    work.host.bodies["packages"].append(COWSAY)
    await work.world.tell(1, work.host)
    await work.follow_up(HOUR)
    assert await work.owed() == {}
    assert list(await work.owed(at=missed_at)) == [work.number]


async def test_of_many_lines_the_first_are_named_and_all_are_counted(store: Store) -> None:
    work = await done(store)
    (line,) = await work.world.rows(schema.change_line)
    own = {"change_id": line.change_id, "ci_id": line.ci_id, "section": "packages", "field": "version", "how": "exact"}
    async with store.write() as tx:
        for place in range(1, 9):
            await tx.execute(
                schema.change_line.insert().values(own | {"place": place, "key": f"p{place}", "value": "1"})
            )
            row = {
                "change_id": line.change_id,
                "place": place,
                "ci_id": line.ci_id,
                "opened_at": 9,
                "over_at": 20 - place,
            }
            await tx.execute(schema.unverified.insert().values(row))
    assert await work.owed() == {work.number: (8, 12, [f"p{place}" for place in range(1, 6)])}
