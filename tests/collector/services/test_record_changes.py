"""A change of what people say of a CI: its record is written before the work is over, and that is what verifies it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from collector.change.expected import Expected, How
from collector.change.flow import Step
from collector.change.lifecycle import Denied, Why
from collector.change.record import ChangeType, State, Window
from collector.change.verification import LineState
from collector.pipeline import changed, entering
from collector.record import SECTION
from collector.security.audit import Act
from collector.services.changes import seen, sights
from collector.services.changes.asked import Asked, AskedLine
from collector.services.changes.desk import Desk, actor_of
from collector.services.records import Recorder
from collector.store import accounts, schema
from collector.store.engine import Store
from tests.acts import act
from tests.collector.test_pipeline import World
from tests.collector.test_targets import PROBE
from tests.simulated import SimulatedHost

HOUR = 3_600_000
ROLES = {
    "ann": ("change_initiator",), "cid": ("engineer",), "bea": ("change_supervisor",), "ada": ("config_admin:*",),
    "bob": ("config_admin:*",),
}  # fmt: skip


class Shop:
    """A host with its agent, people around it, and the desk as the collector has it."""

    def __init__(self, world: World, uid: str) -> None:
        self.world, self.uid, self.number = world, uid, ""
        self.desk = Desk(sights.evidence, partial(changed, policies=world.runner.policies))
        self.recorder = Recorder(partial(entering.enter, policies=world.runner.policies))

    async def doing(self, by: str, do: Callable[[Act], Awaitable[Any]]) -> Any:
        self.world.now += 60_000
        async with self.world.store.write() as tx:
            return await do(act(tx, by, self.world.now))

    async def step(self, by: str, step: Step) -> State:
        state: State = await self.doing(by, lambda a: self.desk.step(a, actor_of(by, ROLES[by]), self.number, step))
        return state

    async def say(self, by: str, **said: object) -> None:
        await self.doing(by, lambda a: self.recorder.write(a, ROLES[by], self.uid, said))

    async def begin(self, key: str, value: str | None) -> None:
        """Let a change of a value of the record be approved, and its record be somebody's task."""
        line = AskedLine(self.uid, SECTION, key, "", Expected(How.EXACT, value))
        window = Window(self.world.now, self.world.now + 2 * HOUR)
        asked = Asked("another owner", "he left", "cid", (self.uid,), (line,), window)
        self.number = await self.doing("ann", lambda a: self.desk.raise_(a, ChangeType.STANDARD, asked))
        for by, step in (("ann", Step.SUBMIT), ("bea", Step.APPROVE), ("cid", Step.START)):
            await self.step(by, step)
        cid = actor_of("cid", ROLES["cid"])
        await self.doing("cid", lambda a: self.desk.entrust(a, cid, self.number, "write the record", "ada"))

    async def done(self) -> None:
        await self.doing("ada", lambda a: self.desk.done(a, actor_of("ada", ROLES["ada"]), self.number, 0))

    async def states(self) -> list[LineState]:
        self.world.now += 60_000
        async with self.world.store.read() as reader:
            who = actor_of("ann", ROLES["ann"])
            found = await seen.one(reader, self.desk, self.number, who, self.world.now)
        return [check.state for check in found.checks]


@pytest.fixture
async def shop(sqlite_store: Store) -> Shop:
    world = World(sqlite_store)
    await world.enrol(PROBE)
    await world.tell(PROBE, SimulatedHost(1))
    async with sqlite_store.write() as tx:
        for name, roles in ROLES.items():
            await accounts.add(tx, name, roles, world.now)
    (host,) = await world.rows(schema.ci, schema.ci.c.ci_class == "server")
    shop = Shop(world, host.uid)
    await shop.say("bob", owner="alice", purpose="billing")
    return shop


async def test_a_change_of_the_record_is_finished_verified_and_closed_in_the_order_it_must_go(shop: Shop) -> None:
    await shop.begin("owner", "bob")
    with pytest.raises(Denied) as early:
        await shop.step("cid", Step.FINISH)
    assert early.value.reasons == (Why.TASKS_OPEN,)
    await shop.say("ada", owner="bob")
    await shop.done()
    assert await shop.step("cid", Step.FINISH) is State.IMPLEMENTED
    assert await shop.states() == [LineState.VERIFIED]
    assert await shop.step("ann", Step.CLOSE) is State.CLOSED
    (finding,) = await shop.world.rows(schema.finding)
    assert finding.verdict == "verified"


async def test_what_is_to_be_taken_out_of_the_record_is_verified_once_nobody_says_it(shop: Shop) -> None:
    await shop.begin("purpose", None)
    await shop.say("ada", purpose=None)
    await shop.done()
    await shop.step("cid", Step.FINISH)
    assert await shop.states() == [LineState.VERIFIED]


async def test_a_record_that_does_not_say_what_was_planned_keeps_the_change_open_until_it_does(shop: Shop) -> None:
    await shop.begin("owner", "bob")
    await shop.say("ada", owner="trudy")
    await shop.done()
    await shop.step("cid", Step.FINISH)
    assert await shop.states() == [LineState.FAILED]
    with pytest.raises(Denied) as denied:
        await shop.step("ann", Step.CLOSE)
    assert denied.value.reasons == (Why.NOT_VERIFIED,)
    await shop.say("bob", owner="bob")
    assert await shop.states() == [LineState.VERIFIED]
