"""What users report and what monitoring sees are one incident: whoever reported it follows it, and ends it."""

from __future__ import annotations

import pytest

from collector.desk.flow import Deed
from collector.desk.lifecycle import Denied, Why
from collector.store.browse import incidents as browsing
from collector.store.browse.incident_query import IncidentQuery
from collector.store.browse.page import Window
from collector.store.engine import Store
from tests.collector.services.servicing import Desk, alarm, at, opened, put_under

ALARM = "INC-000001"


@pytest.fixture
async def desk(store: Store) -> Desk:
    """A desk with an alarm, and the report of a user that was merged into it."""
    its = await opened(store)
    await its.settle(alarm())
    await its.do("meg", await its.report("uma"), Deed.MERGE, to=ALARM, text="that is it")
    return its


async def test_an_alarm_that_a_user_reported_too_does_not_end_by_itself(desk: Desk) -> None:
    await desk.settle()
    its = await desk.look(ALARM)
    assert (its.row.state, its.row.resolved_at, its.row.recovered_at) == ("new", None, desk.now)
    assert its.trail[-1].act == "recovered"
    desk.now = at("2026-03-20 09:00")
    await desk.watch()
    assert (await desk.look(ALARM)).row.state == "new", "it waits for somebody who asks the user"
    await desk.settle(alarm())
    assert (await desk.look(ALARM)).row.recovered_at is None


async def test_a_report_that_took_in_an_alarm_says_that_it_recovered(desk: Desk) -> None:
    second = await desk.report("vic")
    await desk.do("meg", ALARM, Deed.MERGE, to=second, text="the other way round")
    await desk.settle()
    row = (await desk.look(second)).row
    assert (row.state, row.recovered_at, row.reporters) == ("new", desk.now, ("vic", "uma"))


async def test_who_reported_what_was_merged_scores_and_reopens_it(desk: Desk) -> None:
    await desk.do("ann", ALARM, Deed.TAKE)
    await desk.do("ann", ALARM, Deed.RESOLVE, code="fixed", text="done")
    with pytest.raises(Denied):
        await desk.do("vic", ALARM, Deed.CLOSE, score=1)
    await desk.do("uma", ALARM, Deed.REOPEN, text="still no paper")
    await desk.do("ann", ALARM, Deed.RESOLVE, code="fixed", text="done now")
    await desk.do("uma", ALARM, Deed.CLOSE, score=4)
    assert (await desk.look(ALARM)).row.score == 4


async def test_nobody_takes_back_what_others_reported_or_monitoring_sees(desk: Desk) -> None:
    for number in (ALARM, await desk.report("uma")):
        if number != ALARM:
            await desk.do("meg", await desk.report("vic"), Deed.MERGE, to=number, text="the same")
        with pytest.raises(Denied) as denied:
            await desk.do("uma", number, Deed.CANCEL, text="never mind")
        assert denied.value.reasons == (Why.NOT_YOURS_ALONE,)


async def test_reporters_go_along_when_their_incident_is_merged_once_more(desk: Desk) -> None:
    third = await desk.report("vic")
    await desk.do("meg", third, Deed.MERGE, to=ALARM, text="as well")
    last = await desk.report("uma")
    await desk.do("meg", ALARM, Deed.MERGE, to=last, text="all one")
    assert (await desk.look(last)).row.reporters == ("uma", "vic")
    async with desk.store.read() as connection:
        mine = await browsing.list_incidents(connection, IncidentQuery(reporter="vic"), Window(10))
    assert [each.number for each in mine.items] == [last, third]


async def test_under_one_that_ends_by_itself_it_stays_open_as_a_report_does(desk: Desk) -> None:
    await desk.settle(alarm("root", ci_id=2), alarm())
    await put_under(desk, "INC-000003", ALARM)
    await desk.settle(alarm("root", ci_id=2))
    await desk.settle()
    its = await desk.look(ALARM)
    assert (its.row.state, its.stays) == ("new", "user_reported")
