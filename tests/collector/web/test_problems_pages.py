"""The pages of problems and of alerts somebody has seen."""

from __future__ import annotations

import csv
import io

import pytest

from collector.desk.problem import Deed
from collector.services.problems import working
from collector.services.problems.working import Edited
from collector.web.catalogue import LANGUAGES
from tests.acts import act
from tests.people import World

ONE = "PRB-000001"
pytestmark = pytest.mark.usefixtures("complete")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_incident_is_made_a_problem_and_led_to_its_end(world: World, language: str) -> None:
    async with await world.person("incident_manager", name="meg", language=language) as meg:
        assert (await meg.get("/problems")).status_code == 200
        assert 'action="/problems"' in (await meg.get("/incidents/INC-000001")).text
        made = await meg.post("/problems", data={"incident": "INC-000001"})
        assert (made.status_code, made.headers["location"]) == (303, f"/problems/{ONE}")
        early = await meg.post(f"/problems/{ONE}/acts", data={"act": "know"})
        assert early.status_code == 400
        typed = {
            "title": "磁盘 <b>x</b>",
            "owner": "meg",
            "cause": "logs",
            "workaround": "<i>truncate</i>",
            "version": "2",
        }
        stale = await meg.post(f"/problems/{ONE}", data=typed | {"version": "1"})
        assert (stale.status_code, "&lt;i&gt;truncate&lt;/i&gt;" in stale.text) == (400, True)
        assert (await meg.post(f"/problems/{ONE}", data=typed)).status_code == 303
        assert (await meg.post(f"/problems/{ONE}/acts", data={"act": "know"})).status_code == 303
        page = (await meg.get("/incidents/INC-000001")).text
        assert "&lt;i&gt;truncate&lt;/i&gt;" in page
        assert f"/problems/{ONE}" in page
        assert (await meg.post(f"/problems/{ONE}/incidents", data={"incident": "INC-000002"})).status_code == 303
        unknown = await meg.post(f"/problems/{ONE}/incidents", data={"incident": "INC-009999"})
        assert unknown.status_code == 400
        assert (await meg.post(f"/problems/{ONE}", data={"solution": "rotate"})).status_code == 303
        assert (await meg.post(f"/problems/{ONE}/acts", data={"act": "resolve"})).status_code == 303
        assert (await meg.post(f"/problems/{ONE}/acts", data={"act": "close"})).status_code == 400, "that is a decision"
        assert (await meg.post(f"/problems/{ONE}/decisions", data={"act": "close"})).status_code == 303
        page = (await meg.get(f"/problems/{ONE}")).text
        assert "磁盘 &lt;b&gt;x&lt;/b&gt;" in page
        assert "INC-000002" in page
        assert f"/problems/{ONE}" in (await meg.get("/search?q=prb-0000")).text
        rows = list(csv.reader(io.StringIO((await meg.get("/problems.csv")).text.lstrip("\ufeff"))))
        assert [(row[0], row[4], row[5]) for row in rows[1:]] == [(ONE, "2", "meg")]


async def test_who_does_not_manage_sees_the_proposal_and_decides_nothing(world: World) -> None:
    async with world.store.write() as tx:
        doing = act(tx, "meg", world.clock())
        await working.raised(doing, "INC-000001")
        await working.edit(doing, ONE, Edited(workaround="wait"))
        await working.do(doing, ONE, Deed.KNOW)
    async with await world.person("engineer", name="bob") as bob:
        page = (await bob.get(f"/problems/{ONE}")).text
        assert "/decisions" not in page
        assert (await bob.post(f"/problems/{ONE}/decisions", data={"act": "close", "text": "x"})).status_code == 403
    async with await world.person("viewer", name="vic") as vic:
        page = (await vic.get(f"/problems/{ONE}")).text
        assert f'action="/problems/{ONE}' not in page
        assert (await vic.post("/problems", data={"incident": "INC-000001"})).status_code == 403
        assert (await vic.get("/problems/PRB-000099")).status_code == 404


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_alert_is_seen_on_its_page_and_shown_in_the_list(world: World, language: str) -> None:
    path = f"/results/SRV-DISK-001/{world.estate.web.uid}"
    async with await world.person("engineer", name="bob", language=language) as bob:
        assert "ack=nobody" in (await bob.get("/results")).text
        empty = await bob.post(f"{path}/seen", data={"act": "acknowledge", "instance": "/var", "reason": ""})
        assert (empty.status_code, '<details class="act" open>' in empty.text) == (400, True)
        form = {"act": "acknowledge", "instance": "/var", "reason": "<b>cleaning</b>"}
        assert (await bob.post(f"{path}/seen", data=form)).status_code == 303
        assert "&lt;b&gt;cleaning&lt;/b&gt;" in (await bob.get(path)).text
        assert "/var" in (await bob.get("/results?ack=somebody")).text
        assert "/var" not in (await bob.get("/results?ack=nobody")).text.partition("<tbody>")[2]
        assert "bob: &lt;b&gt;" not in (await bob.get("/results.csv?columns=ack")).text
        assert (await bob.get("/incidents/INC-000001")).status_code == 200
        twice = await bob.post(f"{path}/seen", data=form)
        assert twice.status_code == 400
        back = form | {"act": "withdraw", "reason": "another one"}
        assert (await bob.post(f"{path}/seen", data=back)).status_code == 303
        page = (await bob.get(path)).text
        assert "another one" in page
        assert 'value="acknowledge"' in page
    async with await world.person("viewer") as viewer:
        assert 'value="acknowledge"' not in (await viewer.get(path)).text
        assert (await viewer.post(f"{path}/seen", data=form)).status_code == 403
