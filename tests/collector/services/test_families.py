"""Incidents under incidents: what is resolved with its parent, and what stays open and says why."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from collector.desk.flow import Deed
from collector.store import families, incidents, schema
from collector.store.engine import Store
from tests.collector.services.servicing import Desk, alarm, opened, put_under


@pytest.fixture
async def desk(store: Store) -> Desk:
    return await opened(store)


async def stand(desk: Desk, *numbers: str) -> list[tuple[str, str]]:
    found = [(await desk.look(number)).row for number in numbers]
    return [(each.state, each.resolution_code) for each in found]


async def why(desk: Desk, number: str) -> list[str]:
    return [each.detail["why"] for each in (await desk.look(number)).trail if each.act == "stays_open"]


async def resolve(desk: Desk, number: str) -> None:
    await desk.do("ann", number, Deed.TAKE)
    await desk.do("ann", number, Deed.RESOLVE, code="fixed", text="the switch was replaced")


async def test_children_are_resolved_with_their_parent_down_to_the_last_and_each_is_told_once(desk: Desk) -> None:
    parent, child, grandchild, at_work = [await desk.report("uma") for _ in range(4)]
    await put_under(desk, parent, child, at_work)
    await put_under(desk, child, grandchild)
    await desk.do("ann", at_work, Deed.TAKE)
    await resolve(desk, parent)
    assert await stand(desk, child, grandchild, at_work) == [("resolved", "with_parent")] * 3
    seen = await desk.look(grandchild)
    assert (seen.row.resolution, seen.row.resolved_at) == ("the switch was replaced", desk.now)
    assert [(each.state, each.until) for each in seen.intervals] == [("new", desk.now), ("resolved", None)]
    assert seen.trail[-1].act == "with_parent"
    assert seen.trail[-1].detail["parent"] == child
    told = await desk.told()
    assert [told.count(f"{each}|resolved") for each in (parent, child, grandchild, at_work)] == [1, 1, 1, 1]
    async with desk.store.read() as connection:
        steps = (await connection.execute(select(schema.audit.c.object, schema.audit.c.details))).all()
    assert {each.object for each in steps if "with_parent" in each.details} == {
        f"incident/{each}" for each in (child, grandchild, at_work)
    }


async def test_a_parent_that_opens_again_opens_no_child(desk: Desk) -> None:
    parent, child = await desk.report("uma"), await desk.report("uma")
    await put_under(desk, parent, child)
    await resolve(desk, parent)
    await desk.do("ann", parent, Deed.REOPEN, text="it is back")
    assert await stand(desk, parent, child) == [("assigned", ""), ("resolved", "with_parent")]
    await desk.do("ann", child, Deed.REOPEN, text="here as well")
    await desk.do("ann", parent, Deed.RESOLVE, code="fixed", text="now it is")
    assert (await desk.look(child)).row.resolution == "the switch was replaced"


async def test_a_child_whose_own_cause_is_live_stays_open_and_says_why(desk: Desk) -> None:
    await desk.settle(alarm("a"))
    parent = await desk.report("uma")
    await put_under(desk, parent, "INC-000001")
    await resolve(desk, parent)
    assert await stand(desk, "INC-000001") == [("new", "")]
    assert await why(desk, "INC-000001") == ["cause_live"]
    await desk.settle()
    assert await stand(desk, "INC-000001") == [("resolved", "self_recovered")]


async def test_a_parent_that_recovers_by_itself_takes_only_what_nobody_works_on_and_no_user_waits_for(
    desk: Desk,
) -> None:
    await desk.settle(alarm("a"), alarm("b"), alarm("c"))
    reported = await desk.report("uma")
    await desk.do("ann", "INC-000003", Deed.TAKE)
    await desk.settle(alarm("a"), alarm("b"))
    await put_under(desk, "INC-000001", "INC-000002", "INC-000003", reported)
    await desk.settle()
    assert await stand(desk, "INC-000001", "INC-000002") == [("resolved", "self_recovered")] * 2
    assert await stand(desk, "INC-000003", reported) == [("in_progress", ""), ("new", "")]
    assert (await why(desk, "INC-000003"), await why(desk, reported)) == (["at_work"], ["user_reported"])


async def test_what_went_on_in_the_incident_of_its_cause_ends_no_child(desk: Desk) -> None:
    await desk.settle(alarm("a"), alarm("b", ci_id=2))
    child = await desk.report("uma")
    await put_under(desk, "INC-000002", child)
    await desk.settle(alarm("a"), alarm("b", ci_id=2, group="a"))
    assert await stand(desk, "INC-000002", child) == [("resolved", "grouped"), ("new", "")]


async def test_maintenance_is_ended_by_its_signature_alone(desk: Desk) -> None:
    cause = alarm("maintenance|1", "notice", ci_id=None, kind="maintenance")
    async with desk.store.write() as tx:
        number = await incidents.open_maintenance(tx, cause, "bob", 0, desk.now)
    parent = await desk.report("uma")
    await put_under(desk, parent, number)
    await resolve(desk, parent)
    assert await stand(desk, number) == [("assigned", "")]
    assert await why(desk, number) == ["not_signed"]


async def test_what_stands_under_a_merged_incident_goes_with_it_and_makes_no_ring(desk: Desk) -> None:
    merged, child, into, below = [await desk.report("uma") for _ in range(4)]
    await put_under(desk, merged, child, into)
    await put_under(desk, into, below)
    await desk.do("meg", merged, Deed.MERGE, to=into, text="the same")
    assert [(await desk.look(each)).row.parent for each in (child, below, into)] == [into, into, merged]
    async with desk.store.write() as tx:
        assert await families.follow(tx, [], desk.now) == []
    await resolve(desk, into)
    assert await stand(desk, child, below) == [("resolved", "with_parent")] * 2
