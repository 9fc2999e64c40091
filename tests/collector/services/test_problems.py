"""Problems: proposed when the same comes three times in thirty days, once a key, and what people do with them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select

from collector.desk import flow
from collector.desk.problem import Deed, State
from collector.security import audit
from collector.security.audit import Actor, acting
from collector.services.missing import NotFound
from collector.services.problems import seen, working
from collector.services.problems.working import Edited, Overtaken
from collector.services.refused import Refused
from collector.store import schema
from collector.store.browse.page import Window
from collector.store.browse.problems import ProblemQuery
from collector.store.engine import Store
from tests.collector.services.servicing import HOUR, Desk, alarm, opened

DAY = 24 * HOUR
ONE = "PRB-000001"


@pytest.fixture
async def desk(store: Store) -> Desk:
    return await opened(store)


async def comes_and_goes(desk: Desk, times: int, every_ms: int = 2 * DAY, key: str = "a") -> None:
    for _ in range(times):
        await desk.settle(alarm(key))
        await desk.watch()
        desk.now += HOUR
        await desk.settle()
        desk.now += every_ms - HOUR


async def rows(desk: Desk, **query: Any) -> list[tuple[str, str, int, int]]:
    async with desk.store.read() as connection:
        page = await seen.listed(connection, ProblemQuery(**query), Window(50))
    return [(each.problem.number, each.problem.state, each.problem.occurrences, each.incidents) for each in page.items]


async def look(desk: Desk, number: str = ONE, manages: bool = True) -> seen.Seen:
    async with desk.store.read() as connection:
        return await seen.one(connection, number, manages)


async def doing(desk: Desk, do: Callable[[audit.Act], Awaitable[Any]], by: str = "meg") -> Any:
    async with acting(desk.store, Actor(by, "page"), lambda: desk.now) as act:
        return await do(act)


async def act(desk: Desk, deed: Deed, text: str = "", version: int | None = None) -> str:
    return str(await doing(desk, lambda a: working.do(a, ONE, deed, text, version)))


async def edit(desk: Desk, **edited: str) -> None:
    await doing(desk, lambda a: working.edit(a, ONE, Edited(**edited)))


# --- proposed


async def test_the_third_time_in_thirty_days_proposes_one_problem_with_the_incidents_there_were(desk: Desk) -> None:
    await comes_and_goes(desk, 2)
    assert await rows(desk) == []
    await comes_and_goes(desk, 1)
    assert await rows(desk) == [(ONE, "proposed", 3, 3)]
    found = await look(desk)
    assert [each.number for each in found.incidents] == ["INC-000003", "INC-000002", "INC-000001"]
    assert (found.problem.title, found.problem.raised_by) == ({"zh": "a", "en": "a"}, "collector")
    assert [each.recurs for each in found.incidents] == ["INC-000002", "INC-000001", ""]
    last = await desk.look("INC-000003")
    assert [each.act for each in last.trail if each.detail.get("reference") == ONE] == ["problem"]
    assert last.problem == found.problem
    assert (await desk.told()).count("INC-000003|commented") == 1


async def test_what_comes_after_that_joins_it_and_nothing_is_proposed_twice(desk: Desk) -> None:
    await comes_and_goes(desk, 6)
    for _ in range(3):
        await desk.watch()
    assert await rows(desk) == [(ONE, "proposed", 3, 6)]


async def test_reopenings_count_as_often_as_they_were(desk: Desk) -> None:
    await comes_and_goes(desk, 3, every_ms=3 * HOUR)
    assert (await desk.look("INC-000001")).row.reopened == 2
    assert await rows(desk) == [(ONE, "proposed", 3, 1)]


async def test_a_person_who_opens_it_again_counts_too(desk: Desk) -> None:
    number = await desk.report("uma")
    for _ in range(2):
        await desk.do("ann", number, flow.Deed.TAKE)
        await desk.do("ann", number, flow.Deed.RESOLVE, code="fixed", text="done")
        desk.now += HOUR
        await desk.do("uma", number, flow.Deed.REOPEN, text="it is back")
    assert await rows(desk) == [(ONE, "proposed", 3, 1)]


async def test_three_times_in_more_than_thirty_days_or_of_different_keys_are_none(desk: Desk) -> None:
    await comes_and_goes(desk, 3, every_ms=16 * DAY)
    await comes_and_goes(desk, 2, key="b")
    assert await rows(desk) == []


async def test_a_false_alarm_is_no_time_at_all(desk: Desk) -> None:
    for _ in range(3):
        await desk.settle(alarm())
        await desk.watch()
        async with desk.store.read() as connection:
            number = (await connection.execute(select(schema.incident.c.number))).scalars().all()[-1]
        await desk.do("ann", number, flow.Deed.CANCEL, text="a test")
        desk.now += HOUR
        await desk.settle()
        desk.now += DAY
    assert await rows(desk) == []


async def test_what_was_declined_is_proposed_again_only_after_three_more(desk: Desk) -> None:
    await comes_and_goes(desk, 3)
    await act(desk, Deed.DECLINE, "the supplier is changed next month")
    desk.now += HOUR
    await comes_and_goes(desk, 2)
    assert await rows(desk) == [(ONE, "declined", 3, 3)]
    await comes_and_goes(desk, 1)
    assert await rows(desk) == [("PRB-000002", "proposed", 3, 3), (ONE, "declined", 3, 3)]
    assert (await look(desk)).problem.reason == "the supplier is changed next month"


# --- worked on


async def test_a_problem_goes_from_a_proposal_to_a_known_error_and_is_solved(desk: Desk) -> None:
    await comes_and_goes(desk, 3)
    assert await act(desk, Deed.ACCEPT) == "open"
    with pytest.raises(Refused) as refused:
        await act(desk, Deed.KNOW)
    assert refused.value.field == "workaround"
    await edit(desk, title="The fan of row A", owner="cleo", cause="dust", workaround="turn it off and on")
    assert await act(desk, Deed.KNOW) == "known_error"
    await edit(desk, cause="dust", owner="cleo")
    with pytest.raises(Refused):
        await edit(desk, cause="", workaround=" ")
    with pytest.raises(Refused) as refused:
        await act(desk, Deed.RESOLVE)
    assert refused.value.field == "solution"
    await edit(desk, solution="filters in front of it")
    assert await act(desk, Deed.RESOLVE) == "resolved"
    with pytest.raises(Refused):
        await act(desk, Deed.REOPEN)
    assert await act(desk, Deed.REOPEN, "it came again") == "open"
    assert await act(desk, Deed.RESOLVE) == "resolved"
    assert await act(desk, Deed.CLOSE) == "closed"
    found = await look(desk)
    assert (found.problem.owner, found.problem.title["zh"], found.problem.closed_at) == (
        "cleo", "The fan of row A", desk.now,
    )  # fmt: skip
    assert [each.act for each in found.trail] == [
        "propose", "accept", "edit", "know", "edit", "resolve", "reopen", "resolve", "close",
    ]  # fmt: skip
    assert found.offers == ()
    async with desk.store.read() as connection:
        told = await connection.execute(select(schema.audit).where(schema.audit.c.object == f"problem/{ONE}"))
        steps = [(row.action, json.loads(row.details)["after"]["step"]) for row in told]
    assert steps == [("problem.step", each.act) for each in found.trail[1:]]


async def test_who_does_not_manage_is_offered_no_decision(desk: Desk) -> None:
    await comes_and_goes(desk, 3)
    assert (await look(desk, manages=False)).offers == ()
    assert (await look(desk)).offers == (Deed.ACCEPT, Deed.DECLINE)


async def test_what_may_not_be_done_is_refused(desk: Desk) -> None:
    await comes_and_goes(desk, 3)
    for deed, text in ((Deed.DECLINE, " "), (Deed.RESOLVE, "x"), (Deed.EDIT, "")):
        with pytest.raises(Refused):
            await act(desk, deed, text)
    with pytest.raises(Refused):
        await edit(desk, cause="x")
    with pytest.raises(Overtaken):
        await act(desk, Deed.ACCEPT, version=99)
    await act(desk, Deed.ACCEPT)
    with pytest.raises(Refused):
        await edit(desk, owner="nobody")
    with pytest.raises(Refused):
        await act(desk, Deed.CLOSE)
    assert await act(desk, Deed.CLOSE, "the gear is gone") == "closed"
    with pytest.raises(NotFound):
        await doing(desk, lambda a: working.do(a, "PRB-999999", Deed.ACCEPT))


async def test_one_raises_a_problem_by_hand_once_and_links_what_belongs_to_it(desk: Desk) -> None:
    await desk.settle(alarm("a"), alarm("b"))
    number = await doing(desk, lambda a: working.raised(a, "INC-000001", "Power of row A"), by="bob")
    assert (number, await rows(desk)) == (ONE, [(ONE, "open", 1, 1)])
    assert (await look(desk)).problem.owner == "bob"
    with pytest.raises(Refused):
        await doing(desk, lambda a: working.raised(a, "INC-000001"))
    await doing(desk, lambda a: working.link(a, ONE, "INC-000002"))
    assert [each.number for each in (await look(desk)).incidents] == ["INC-000002", "INC-000001"]
    await doing(desk, lambda a: working.unlink(a, ONE, "INC-000001"))
    assert [each.number for each in (await look(desk)).incidents] == ["INC-000002"]
    for wrong in (working.link, working.unlink):
        with pytest.raises(Refused):
            await doing(desk, lambda a, do=wrong: do(a, ONE, "INC-000009"))


async def test_what_comes_back_long_after_joins_a_problem_that_still_stands(desk: Desk) -> None:
    await comes_and_goes(desk, 1)
    await doing(desk, lambda a: working.raised(a, "INC-000001"), by="bob")
    desk.now += 90 * DAY
    await comes_and_goes(desk, 1)
    assert [each.number for each in (await look(desk)).incidents] == ["INC-000002", "INC-000001"]


async def test_problems_are_found_by_state_owner_and_words(desk: Desk) -> None:
    await comes_and_goes(desk, 3)
    assert [len(await rows(desk, **each)) for each in (
        {"states": (State.PROPOSED,)}, {"states": (State.OPEN,)}, {"owner": "meg"}, {"q": "prb-000001"}, {"q": "%"},
        {"q": "srv1"},
    )] == [1, 0, 0, 1, 0, 1]  # fmt: skip
