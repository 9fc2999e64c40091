"""Incidents on their pages, without script: a report, the lines at work, a score; what is refused says why."""

from __future__ import annotations

import httpx2
import pytest

from collector.desk.flow import Deed, State
from collector.desk.lifecycle import Why
from collector.desk.table import IMPACTS, PRIORITIES, URGENCIES
from collector.services.incidents.linkable import LINKS
from collector.web.catalogue import LANGUAGES, Texts
from collector.web.words import INCIDENT_SOURCES
from tests.collector.web.reading import read
from tests.people import World

HOUR = 3_600_000


async def send(client: httpx2.AsyncClient, path: str, **fields: str) -> httpx2.Response:
    return await client.post(path, data={"csrf": client.headers["x-csrf-token"], **fields})


async def reported(client: httpx2.AsyncClient, **more: str) -> str:
    answer = await send(client, "/help", **{"title": "No mail <b>", "urgency": "high"} | more)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].rsplit("/", 1)[1]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_fault_is_reported_solved_and_scored(world: World, language: str) -> None:
    uma = await world.person("viewer", name="uma", language=language)
    ann = await world.person("service_desk", name="ann", language=language)
    await world.person("engineer", name="bob")
    number = await reported(uma, device="web-01", text="since this morning", category="account")
    page = f"/incidents/{number}"
    html = (await ann.get(page)).text
    assert "<h1>No mail &lt;b&gt;</h1>" in html
    assert "web-01" in html
    assert "since this morning" in html
    for what, more in (
        ("take", {}), ("assign", {"to": "bob"}), ("resolve", {"code": "fixed", "text": "restarted", "vendor": ""}),
    ):  # fmt: skip
        html = (await ann.get(page)).text
        assert f'value="{what}"' in html
        done = await send(ann, f"{page}/acts", act=what, **more)
        assert done.status_code == 303, done.text
    assert "restarted" in (await uma.get(f"/help/{number}")).text
    assert (await send(uma, f"/help/{number}/acts", act="close", score="5", text="fine")).status_code == 303
    html = (await ann.get(page)).text
    assert Texts(language).label("incident_score", 5) in html
    assert page in read((await ann.get("/incidents?state=closed&source=user")).text).links
    assert number in (await ann.get("/incidents.csv?state=closed")).text
    word = {"zh-CN": "账号与权限", "en": "account and rights"}[language]
    assert f"{number},{word}" in (await ann.get("/incidents.csv?state=closed&column=number&column=category")).text
    assert f"/help/{number}" in read((await uma.get("/help")).text).links


async def test_what_is_refused_comes_back_with_every_reason_and_what_was_typed(world: World) -> None:
    uma, bob = await world.person("viewer", name="uma"), await world.person("engineer", name="bob")
    number = await reported(uma)
    refused = await send(bob, f"/incidents/{number}/acts", act="hand_on", text="", line="1")
    assert refused.status_code == 409
    for why in (Why.NOT_YOURS, Why.NO_REASON, Why.SAME_LINE):
        assert Texts("en").label("incident_denied", why) in refused.text
    ann = await world.person("service_desk", name="ann")
    await send(ann, f"/incidents/{number}/acts", act="take")
    overtaken = await send(ann, f"/incidents/{number}/acts", act="comment", text="I typed this", version="1")
    assert overtaken.status_code == 400
    assert "I typed this" in overtaken.text
    assert (await send(ann, f"/incidents/{number}/acts", act="fly")).status_code == 409


async def test_nobody_follows_the_report_of_another(world: World) -> None:
    uma, vic = await world.person("viewer", name="uma"), await world.person("viewer", name="vic")
    number = await reported(uma)
    assert (await vic.get(f"/help/{number}")).status_code == 404
    assert (await send(vic, f"/help/{number}/acts", act="comment", text="x")).status_code == 404
    assert number not in (await vic.get("/help")).text
    auditor = await world.person("auditor", name="eve")
    assert (await auditor.get("/help")).status_code == 403
    assert 'name="act"' not in (await auditor.get(f"/incidents/{number}")).text


async def test_whose_report_was_merged_follows_what_it_was_merged_into(world: World) -> None:
    uma, vic = await world.person("viewer", name="uma"), await world.person("viewer", name="vic")
    meg = await world.person("incident_manager", name="meg")
    into, number = await reported(vic, title="Mail is down", text="vic's own words"), await reported(uma)
    await send(meg, f"/incidents/{number}/acts", act="merge", to=into, text="the same")
    assert f"/help/{into}" in read((await uma.get(f"/help/{number}")).text).links
    assert f"/help/{into}" in read((await uma.get("/help")).text).links
    html = (await uma.get(f"/help/{into}")).text
    assert "Mail is down" in html
    assert "vic&#39;s own words" not in html
    assert 'value="comment"' in html
    assert 'value="cancel"' not in html
    assert "vic&#39;s own words" in (await vic.get(f"/help/{into}")).text
    assert "uma" in (await meg.get(f"/incidents/{into}")).text


async def test_who_reports_is_shown_published_articles_that_may_help(world: World) -> None:
    uma, ann = await world.person("viewer", name="uma"), await world.person("engineer", name="ann")
    bea = await world.person("knowledge_manager", name="bea")
    for title in ("Printer jams on tray two", "Printer jams, not yet reviewed"):
        await send(ann, "/knowledge", title=title, problem="paper jam", solution="use tray one", language="en")
    await send(ann, "/knowledge/KB-000001/submit")
    assert (await send(bea, "/knowledge/KB-000001/decide", act="publish")).status_code == 303
    for looked in (await send(uma, "/help", title="My printer jams", look="yes"), await uma.get("/help?title=jams")):
        assert looked.status_code == 200, "nothing is reported by that"
        assert "/knowledge/KB-000001" in read(looked.text).links
        assert "/knowledge/KB-000002" not in read(looked.text).links
    assert 'value="My printer jams"' in (await send(uma, "/help", title="My printer jams", look="yes")).text
    assert "/knowledge/KB-000001" not in read((await uma.get("/help")).text).links
    number = await reported(uma, title="My printer jams")
    assert "/knowledge/KB-000001" in read((await uma.get(f"/help/{number}")).text).links


async def test_what_closed_without_a_score_is_scored_on_the_users_page(world: World) -> None:
    uma, ann = await world.person("viewer", name="uma"), await world.person("service_desk", name="ann")
    number = await reported(uma)
    for what in ({"act": "take"}, {"act": "resolve", "code": "fixed", "text": "x"}, {"act": "close"}):
        assert (await send(ann, f"/incidents/{number}/acts", **what)).status_code == 303
    assert 'value="score"' in (await uma.get(f"/help/{number}")).text
    assert (await send(uma, f"/help/{number}/acts", act="score")).status_code == 409, "without a number"
    assert (await send(uma, f"/help/{number}/acts", act="score", score="5")).status_code == 303
    html = (await uma.get(f"/help/{number}")).text
    assert 'value="score"' not in html
    assert Texts("en").label("incident_mark", "score") in html


async def test_a_word_that_names_several_devices_comes_back_with_them(world: World) -> None:
    uma = await world.person("viewer", name="uma")
    several = await send(uma, "/help", title="Broken", device="0")
    assert several.status_code == 400
    assert 'type="radio" name="ci"' in several.text
    assert 'value="Broken"' in several.text
    nothing = await send(uma, "/help", title="Broken", device="no such thing at all")
    assert nothing.status_code == 400
    assert (await send(uma, "/help", title=" ")).status_code == 400
    uid = world.estate.web.uid
    assert (await send(uma, "/help", title="Broken", device="0", ci=uid)).status_code == 303
    assert uid in (await uma.get(f"/help?ci={uid}")).text


async def test_clocks_are_told_in_working_time_and_the_list_says_what_is_overdue(world: World) -> None:
    ann = await world.person("service_desk", name="ann")
    number = await reported(ann, urgency="critical")
    assert "left (working time)" in (await ann.get(f"/incidents/{number}")).text
    world.clock.at += 7 * 24 * HOUR
    ann = await world.person("service_desk", name="ann-next-week")
    assert "over (working time)" in (await ann.get(f"/incidents/{number}")).text
    listed = (await ann.get("/incidents?desk=overdue")).text
    assert number in listed
    assert Texts("en")("incident.overdue") in listed
    assert number not in (await ann.get("/incidents?desk=mine")).text
    assert number in (await ann.get("/incidents?desk=my_line")).text


async def test_the_desk_corrects_links_and_puts_under_another(world: World) -> None:
    ann, meg = await world.person("service_desk", name="ann"), await world.person("incident_manager", name="meg")
    first, second = await reported(ann), await reported(ann, title="Another")
    page = f"/incidents/{first}"
    assert (await send(ann, f"{page}/edit", place="A/1", contact="", category="network")).status_code == 303
    assert (await send(ann, f"{page}/links", kind="ci", reference=world.estate.web.uid)).status_code == 303
    assert (await send(ann, f"{page}/links", kind="change", reference="CHG-999")).status_code == 400
    assert (await send(ann, f"{page}/parent", parent=second)).status_code == 303
    assert (await send(meg, f"{page}/acts", act="prioritise", code="P1", text="the board")).status_code == 303
    html = (await ann.get(page)).text
    assert f"/cis/{world.estate.web.uid}" in read(html).links
    assert f"/incidents/{second}" in read(html).links
    assert "the board" in html
    removed = await send(ann, f"{page}/links", kind="ci", reference=world.estate.web.uid, act="unlink")
    assert removed.status_code == 303
    assert f"/cis/{world.estate.web.uid}" not in read((await ann.get(page)).text).links
    assert first in (await ann.get(f"/incidents/{second}")).text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("family", "words"),
    [
        ("incident_state", tuple(State)), ("incident_act", tuple(Deed)), ("incident_denied", tuple(Why)),
        ("incident_link", LINKS), ("incident_source", INCIDENT_SOURCES), ("priority", PRIORITIES),
        ("incident_impact", IMPACTS), ("incident_urgency", URGENCIES), ("incident_mark", (*Deed, "open", "warn",
         "escalate", "recovered", "self_recovered", "ci_retired", "not_production", "grouped", "waived", "explained",
         "over_waived", "over_explained", "over_ci_retired",
         "over_not_production", "over_grouped", "reckon", "still_there", "merged_from", "parent", "unlink")),
    ],
)  # fmt: skip
def test_everything_the_desk_says_has_a_word(language: str, family: str, words: tuple[str, ...]) -> None:
    assert [word for word in words if Texts(language).label(family, word) == str(word)] == []
