"""What a finding shows is to be put back: asked of somebody, said by them, over when it is seen and not before."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from collector.desk.flow import Deed
from collector.desk.lifecycle import Denied, Why
from collector.model import CiState
from collector.modes import LogOnly, Modes
from collector.pipeline import changed
from collector.pipeline.entering import enter
from collector.record import Word
from collector.services import reverting
from collector.services.changes.desk import Desk
from collector.services.following_up import FollowingUp
from collector.services.incidents.desk import ServiceDesk, Wish, person_of
from collector.services.incidents.watch import Watch
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.store import accounts, cis, schema
from collector.store.engine import Store
from tests.acts import act
from tests.collector.ground import HOUR, SUPERVISING, Ground
from tests.collector.test_pipeline import World
from tests.simulated import SimulatedHost
from tests.store.ground import with_channels

DAY = 24 * HOUR


@pytest.fixture
async def asked(sqlite_store: Store) -> Ground:
    return await unapproved(sqlite_store)


async def unapproved(store: Store) -> Ground:
    """Somebody installed something nobody approved; ann administers servers, cid works on them."""
    world, host = World(store), SimulatedHost(1)
    await world.enrol(1)
    await world.tell(1, host)
    (ci,) = await world.rows(schema.ci, schema.ci.c.ci_class == "server")
    ground = Ground(world, host, ci.id)
    people = {"ann": ("config_admin:server",), "cid": ("engineer",), "val": ("viewer",), "meg": ("incident_manager",)}
    async with ground.world.store.write() as tx:
        for name, roles in people.items():
            await accounts.add(tx, name, roles, ground.world.now)
    await with_channels(ground.world.store, "ops")
    await ground.install()
    return ground


async def undo(ground: Ground, assignee: str = "cid", due_at: int = 0) -> None:
    async with ground.world.store.write() as tx:
        told = act(tx, "sophia", ground.world.now)
        await ground.answering().undo(told, SUPERVISING, 1, assignee, "nobody asked for it", due_at)


async def put_back(ground: Ground, who: str = "cid") -> None:
    async with ground.world.store.write() as tx:
        await reverting.done(act(tx, who, ground.world.now), 1, "apt purge cowsay")


async def follow_up(ground: Ground) -> None:
    world = ground.world
    policies = world.runner.policies
    desk = Desk(moved=partial(changed, policies=policies))
    await FollowingUp(world.store, desk, (policies.governance, policies.desk), lambda: world.now).step()


async def tasks(ground: Ground) -> list[tuple[str, str]]:
    return [(row.assignee, row.state) for row in await ground.world.rows(schema.revert)]


async def incident(ground: Ground, kind: str = "unapproved_change") -> Any:
    (row,) = await ground.world.rows(schema.incident, schema.incident.c.kind == kind)
    return row


async def trail(ground: Ground) -> list[tuple[str, str]]:
    return [(row.who, row.act) for row in await ground.world.rows(schema.finding_mark)]


async def told(ground: Ground) -> list[str]:
    return [row.event for row in await ground.world.rows(schema.outbox)]


async def test_it_is_done_under_the_incident_of_the_finding_which_is_given_away_with_it(asked: Ground) -> None:
    assert (await incident(asked)).assignee == "ann", "until somebody answers it is who administers the class"
    await undo(asked)
    its = await incident(asked)
    assert await tasks(asked) == [("cid", "open")]
    assert (its.assignee, its.state, its.due_at) == ("cid", "assigned", asked.world.now + 3 * DAY)
    (row,) = await asked.world.rows(schema.revert)
    assert row.incident == its.number, "one thing to do, not two"
    assert await told(asked) == ["opened", "updated"]


async def test_where_nobody_is_named_it_is_asked_of_who_has_the_incident(asked: Ground) -> None:
    await undo(asked, assignee="")
    assert await tasks(asked) == [("ann", "open")]


async def test_a_word_alone_ends_nothing_and_a_look_that_still_shows_it_opens_it_again(asked: Ground) -> None:
    await undo(asked)
    await put_back(asked)
    await follow_up(asked)
    assert await tasks(asked) == [("cid", "done")]
    (agent,) = await asked.world.rows(schema.agent)
    assert agent.look_asked_at == asked.world.now, "who shows it is asked to look"
    assert (await asked.one()).closed_at is None
    await asked.tell()
    await follow_up(asked)
    await follow_up(asked)
    assert await tasks(asked) == [("cid", "open")]
    assert await trail(asked) == [("sophia", "undo"), ("cid", "put_back"), ("collector", "again")], "once a look"
    assert (await told(asked))[-2:] == ["commented", "commented"]


async def test_it_is_over_when_it_is_seen_and_so_is_the_incident(store: Store) -> None:
    asked = await unapproved(store)
    await undo(asked)
    await undo(asked, "cid")
    await put_back(asked)
    await asked.remove()
    assert await asked.verdicts() == ["reverted"]
    await follow_up(asked)
    assert await tasks(asked) == [("cid", "cancelled"), ("cid", "reverted")]
    assert (await incident(asked)).state == "resolved"
    assert (await trail(asked))[-1] == ("collector", "undo_over")


async def test_what_is_seen_to_be_put_back_needs_nobodys_word(asked: Ground) -> None:
    await undo(asked)
    await asked.remove()
    await follow_up(asked)
    assert await tasks(asked) == [("cid", "reverted")]


async def test_accepting_it_afterwards_calls_the_task_off(asked: Ground) -> None:
    await undo(asked)
    async with asked.world.store.write() as tx:
        await asked.answering().accept(act(tx, "sophia", asked.world.now), SUPERVISING, 1, "it may stay")
    assert await tasks(asked) == [("cid", "cancelled")]
    with pytest.raises(NotFound):
        await put_back(asked)


async def test_a_change_that_explains_it_afterwards_calls_the_task_off_by_the_clock(asked: Ground) -> None:
    await undo(asked)
    async with asked.world.store.write() as tx:
        await tx.execute(schema.finding.update().values(verdict="accepted", closed_at=asked.world.now))
    await follow_up(asked)
    assert await tasks(asked) == [("cid", "cancelled")]
    (_, mark) = await asked.world.rows(schema.finding_mark)
    assert (mark.who, mark.act, mark.reason) == ("collector", "undo_over", reverting.EXPLAINED)


async def test_called_off_the_incident_goes_by_its_own_time_again(asked: Ground) -> None:
    await undo(asked)
    async with asked.world.store.write() as tx:
        await asked.answering().call_off(act(tx, "sophia", asked.world.now), SUPERVISING, 1, "wait for the vendor")
    its = await incident(asked)
    assert await tasks(asked) == [("cid", "cancelled")]
    assert (its.due_at, its.state) == (None, "assigned")


async def test_asked_of_another_the_first_has_nothing_to_do_any_more(asked: Ground) -> None:
    await undo(asked)
    await undo(asked, "ann", asked.world.now + DAY)
    assert await tasks(asked) == [("cid", "cancelled"), ("ann", "open")]
    assert (await incident(asked)).assignee == "ann"


async def test_only_whom_it_was_given_says_that_it_is_done_once_and_how(asked: Ground) -> None:
    await undo(asked)
    for who in ("ann", "sophia"):
        with pytest.raises(Refused, match="only whom"):
            await put_back(asked, who)
    async with asked.world.store.write() as tx:
        with pytest.raises(Refused, match="what was done is said"):
            await reverting.done(act(tx, "cid", asked.world.now), 1, " ")
    await put_back(asked)
    with pytest.raises(Refused, match="said already"):
        await put_back(asked)


async def test_it_is_asked_of_who_may_work_on_changes_and_within_a_year(asked: Ground) -> None:
    for assignee, due_at, why in (("val", 0, "may work on changes"), ("cid", 1, "within a year"), ("eve", 0, "name")):
        with pytest.raises(Refused, match=why):
            await undo(asked, assignee, due_at)
    assert await tasks(asked) == []


async def test_what_nobody_administers_asks_for_a_name(asked: Ground) -> None:
    async with asked.world.store.write() as tx:
        await tx.execute(schema.incident.update().values(assignee=""))
        await tx.execute(schema.account.update().where(schema.account.c.name == "ann").values(state="closed"))
    with pytest.raises(Refused, match="nobody administers"):
        await undo(asked, "")


async def test_what_is_overdue_is_told_once_by_the_clocks_of_the_incident(asked: Ground) -> None:
    await undo(asked, due_at=asked.world.now + DAY)
    watch = Watch(asked.world.store, asked.world.runner.policies.desk, lambda: asked.world.now)
    for _ in range(2):
        await watch.step()
    asked.world.now += 2 * DAY
    for _ in range(2):  # another collector, or the same after a start: what was told is in the database
        await Watch(asked.world.store, asked.world.runner.policies.desk, lambda: asked.world.now).step()
    events = await told(asked)
    assert (events.count("warned"), events.count("escalated")) == (1, 1)


async def test_whom_the_desk_gives_the_incident_to_has_the_task_and_nobody_ends_it_otherwise(asked: Ground) -> None:
    await undo(asked)
    number, desk = (await incident(asked)).number, ServiceDesk(asked.world.runner.policies.desk)
    async with asked.world.store.write() as tx:
        await accounts.add(tx, "dan", ("engineer",), asked.world.now)
        who = person_of("meg", ("incident_manager", "service_desk"))
        meg = act(tx, "meg", asked.world.now)
        await desk.do(meg, who, number, Deed.ASSIGN, Wish(to="dan"))
        for deed, wish, why in (
            (Deed.CANCEL, Wish("no"), Why.NOT_SEEN), (Deed.RESOLVE, Wish("done", code="fixed"), Why.NOT_SEEN),
            (Deed.HAND_ON, Wish("not mine", line=3), Why.NEEDS_SOMEBODY),
        ):  # fmt: skip
            with pytest.raises(Denied) as caught:
                await desk.do(meg, who, number, deed, wish)
            assert caught.value.reasons == (why,)
    assert await tasks(asked) == [("dan", "open")]


async def test_without_an_incident_of_its_own_the_finding_has_an_errand(asked: Ground) -> None:
    policies = asked.world.runner.policies
    entry = LogOnly(asked.world.now + DAY, "first weeks", ci_class="server")
    asked.world.runner.policies = replace(policies, modes=Modes((entry,)))
    await undo(asked)
    assert (await incident(asked)).state == "resolved"
    errand = await incident(asked, "revert")
    assert (errand.assignee, errand.due_at, errand.cause_key) == ("cid", asked.world.now + 3 * DAY, "revert|1")
    await asked.remove()
    await follow_up(asked)
    assert (await incident(asked, "revert")).state == "resolved"


async def record(ground: Ground, **said: str) -> None:
    """Let somebody write into the record of the host."""
    world = ground.world
    async with world.store.write() as tx:
        await enter(tx, "hand/li", [Word(ground.ci_id, {"record": said})], world.now, world.runner.policies)


async def retire(ground: Ground) -> None:
    async with ground.world.store.write() as tx:
        await cis.set_state(tx, [ground.ci_id], CiState.RETIRED, cis.When.said(ground.world.now))
        await changed(tx, [ground.ci_id], ground.world.now, ground.world.runner.policies)


async def test_the_task_ends_with_what_it_is_done_under_when_the_ci_leaves_production(store: Store) -> None:
    asked = await unapproved(store)
    await undo(asked)
    await follow_up(asked)
    await record(asked, environment="test")
    assert await tasks(asked) == [("cid", "open")]
    for _ in range(2):
        await follow_up(asked)
    assert await tasks(asked) == [("cid", "cancelled")]
    its = await incident(asked)
    assert (its.state, its.resolution_code) == ("resolved", "not_production")
    (_, mark) = await asked.world.rows(schema.finding_mark)
    assert (mark.who, mark.act, mark.reason) == ("collector", "undo_over", reverting.OUT["not_production"])


async def test_an_errand_ends_with_the_reason_when_the_ci_is_retired(asked: Ground) -> None:
    asked.world.runner.policies = replace(
        asked.world.runner.policies, modes=Modes((LogOnly(asked.world.now + DAY, "first weeks", ci_class="server"),))
    )
    await undo(asked)
    await retire(asked)
    await follow_up(asked)
    errand = await incident(asked, "revert")
    assert (await tasks(asked), errand.state) == ([("cid", "cancelled")], "resolved")
    assert errand.resolution_code == "ci_retired"


async def test_who_is_at_work_on_it_when_the_ci_leaves_production_may_resolve_it_then(asked: Ground) -> None:
    await undo(asked)
    number, desk = (await incident(asked)).number, ServiceDesk(asked.world.runner.policies.desk)
    who = person_of("cid", ("engineer",))
    async with asked.world.store.write() as tx:
        await desk.do(act(tx, "cid", asked.world.now), who, number, Deed.TAKE, Wish())
    await record(asked, environment="test")
    await follow_up(asked)
    assert ((await incident(asked)).state, await tasks(asked)) == ("in_progress", [("cid", "cancelled")])
    async with asked.world.store.write() as tx:
        await desk.do(act(tx, "cid", asked.world.now), who, number, Deed.RESOLVE, Wish("a test host", code="fixed"))
    assert (await incident(asked)).state == "resolved"


async def test_nothing_is_to_be_put_back_where_nobody_would_see_that_it_is(asked: Ground) -> None:
    await record(asked, environment="test")
    with pytest.raises(Refused, match="held against nothing"):
        await undo(asked)
    assert await tasks(asked) == []


async def test_what_was_waived_is_not_any_more_once_it_is_to_be_put_back(asked: Ground) -> None:
    now = asked.world.now
    async with asked.world.store.write() as tx:
        await asked.answering().waive(act(tx, "sophia", now), SUPERVISING, 1, now + DAY, "a vendor looks at it")
    assert (await incident(asked)).state == "resolved"
    await undo(asked)
    assert (await asked.one()).waived_until is None
    its = await incident(asked)
    assert (its.assignee, its.state) == ("cid", "assigned")
