"""Every page, in every language: whole without script, strict, and without a missing word."""

from __future__ import annotations

import csv
import io

import httpx2
import pytest

from collector.web.catalogue import LANGUAGES
from collector.web.pages import agents, findings, incidents, relation_list, results
from collector.web.pages.cis import SPEC
from tests.collector.web.reading import Page, read
from tests.people import World


def addresses(world: World) -> dict[str, str]:
    """Return every page there is, by name."""
    web, agent = f"/cis/{world.estate.web.uid}", f"/agents/{world.estate.web.agent_uid}"
    return {
        "overview": "/", "cis": "/cis", "ci": web, "ci of the past": f"{web}?at=2026-11-24T09:00:00Z",
        "ci before it was": f"{web}?at=2020-01-01T00:00:00Z", "laptop": f"/cis/{world.estate.laptop.uid}",
        "software": f"/cis/{world.estate.postgres.uid}", "section": f"{web}/sections/packages?q=open",
        "record": f"{web}/sections/os", "no section": f"{web}/sections/nope",
        "why": f"{web}/why?section=packages&key=openssl%7Camd64", "history": f"{web}/history",
        "whole history": f"{web}/history?arrival=yes&section=os", "compare": f"{web}/compare?from=2026-11-24T09:00:00Z",
        "relations": "/relations", "relations of the past": "/relations?known_at=2026-11-24T09:00:00Z",
        "findings": "/findings", "finding": f"/findings/{world.estate.finding}", "campaigns": "/findings/campaigns",
        "noise": "/findings/noise", "noise of a month": "/findings/noise?month=2026-10",
        "incidents": "/incidents", "events": "/events",
        "incident": "/incidents/INC-000001", "unapproved": "/incidents/INC-000002", "resolved": "/incidents/INC-000003",
        "results": "/results", "inspections": "/inspections", "plans": "/inspections/plans", "rules": "/rules",
        "rule": "/rules/SRV-DISK-001", "duplicates": "/duplicates",
        "case": "/duplicates/1", "identity": f"{web}/identity", "quarantine": "/quarantine",
        "agents": "/agents", "agent": agent, "silent agent": f"/agents/{world.estate.laptop.agent_uid}",
        "ban": f"{agent}/ban", "settings": "/settings", "accounts": "/settings/accounts", "search": "/search?q=web",
        "search without words": "/search", "search in vain": "/search?q=zzzz",
        "filtered": "/cis?class=pc&state=active&q=z", "map": "/map", "port finder": "/where?q=web-01",
        "sweeps": "/sweeps", "plan": "/sweeps/plans/new", "credentials": "/credentials",
        "credential": "/credentials/new?kind=snmp_user",
        "waivers": "/waivers", "windows": "/windows", "alert": f"/results/SRV-DISK-001/{world.estate.web.uid}",
    }  # fmt: skip


NAMES = [
    "overview", "cis", "ci", "ci of the past", "ci before it was", "laptop", "software", "section", "record",
    "no section", "why", "history", "whole history", "compare", "relations", "relations of the past",
    "findings", "finding", "campaigns", "noise",
    "noise of a month", "incidents", "events", "incident",
    "unapproved", "resolved", "results", "inspections", "plans", "rules", "rule", "duplicates", "case", "identity",
    "quarantine", "agents",
    "agent", "silent agent", "ban", "settings", "accounts", "search", "search without words", "search in vain",
    "filtered", "map", "port finder", "sweeps", "plan", "credentials", "credential", "waivers", "windows",
    "alert",
]  # fmt: skip
EMPTY = ["/", "/cis", "/relations", "/findings", "/findings/campaigns", "/findings/noise", "/incidents", "/events",
         "/results",
         "/inspections", "/inspections/plans", "/duplicates", "/quarantine", "/agents", "/settings",
         "/search?q=x", "/map", "/where", "/where?q=x", "/sweeps", "/sweeps/plans/new", "/credentials",
         "/waivers", "/windows"]  # fmt: skip
COLUMNS = {
    "agents": agents.SPEC.columns, "cis": SPEC.columns, "findings": findings.SPEC.columns,
    "incidents": incidents.SPEC.columns, "relations": relation_list.SPEC.columns, "results": results.COLUMNS,
}  # fmt: skip
"""Every list of which the estate has rows, and what it can show."""


async def _page(client: httpx2.AsyncClient, address: str) -> Page:
    answer = await client.get(address)
    assert answer.status_code == 200, address
    return read(answer.text)


def _is_strict(page: Page) -> None:
    """Nothing inline, nothing from elsewhere."""
    assert not page.inline
    assert not [element for element in page.elements if "style" in element.attributes or element.name == "style"]
    assert not [name for element in page.elements for name in element.attributes if name.startswith("on")]
    for script in page.all("script"):
        assert script.attributes["src"].startswith("/static/")
    for link in page.all("link"):
        assert link.attributes["href"].startswith("/static/")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
async def test_a_page_is_whole(world: World, complete: None, name: str, language: str) -> None:
    async with await world.person("network_admin", "ops", "system_admin", language=language) as client:
        page = await _page(client, addresses(world)[name])
    _is_strict(page)
    assert page.all("html")[0].attributes["lang"] == language
    assert len(page.all("h1")) >= 1
    assert page.all("main")
    for form in page.all("form"):
        assert form.attributes.get("method", "get") == "get" or form.attributes["action"].startswith("/")


def test_every_page_is_in_the_list(world: World) -> None:
    assert list(addresses(world)) == NAMES


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("address", EMPTY)
async def test_an_empty_collector_teaches_what_will_be_here(
    empty_world: World, complete: None, address: str, language: str
) -> None:
    async with await empty_world.person("network_admin", "ops", "system_admin", language=language) as client:
        _is_strict(await _page(client, address))


@pytest.mark.parametrize(
    "name", ["overview", "cis", "ci", "relations", "findings", "incidents", "inspections", "agents", "search"]
)
async def test_every_link_of_a_page_leads_somewhere(world: World, name: str) -> None:
    async with await world.person("network_admin", "ops", "system_admin") as client:
        page = await _page(client, addresses(world)[name])
        ids = {element.attributes.get("id") for element in page.elements}
        for link in sorted(set(page.links)):
            path, _, place = link.partition("#")
            if not path:
                assert place in ids, link
            elif not path.endswith(".csv") and ".csv?" not in path:
                assert (await client.get(path)).status_code in (200, 303), link


async def test_every_form_that_changes_something_carries_the_text_of_its_session(world: World) -> None:
    async with await world.person("network_admin", "ops", "system_admin") as client:
        for name in NAMES:
            html = (await client.get(addresses(world)[name])).text
            for form in html.split("<form")[1:]:
                head, _, rest = form.partition(">")
                assert ('name="csrf"' in rest.partition("</form>")[0]) == ('method="post"' in head), (name, head)


async def test_the_navigation_shows_what_one_may_see_and_what_waits(world: World) -> None:
    async with await world.person("viewer") as client:
        page = await _page(client, "/")
        assert "/agents" in page.links
        assert not [link for link in page.links if link.startswith("/settings/accounts")]
        assert 'name="life"' not in (await client.get("/agents")).text, "only operations enrol"
    async with await world.person("system_admin") as client:
        answer = await client.get("/")
        assert (answer.status_code, answer.headers["location"]) == (303, "/settings")
        page = await _page(client, "/settings")
        assert not {"/cis", "/findings"} & set(page.links)


async def test_the_page_of_a_ci_answers_in_order(world: World) -> None:
    async with await world.person("viewer") as client:
        html = (await client.get(addresses(world)["ci"])).text
    marks = ("<h1>web-01", "figures", 'id="s-hardware"', 'id="relations"', 'id="timeline"', 'id="history"')
    places = [html.index(mark) for mark in marks]
    assert places == sorted(places)
    for told in ("PowerEdge R640", "7XK9Q01", "256 GiB", "3.0.16-1~deb12u1", "Debian GNU/Linux 12", "INC-000001"):
        assert told in html


async def test_the_page_of_the_past_shows_the_past(world: World) -> None:
    async with await world.person("viewer") as client:
        then = (await client.get(addresses(world)["ci of the past"])).text
        now = (await client.get(addresses(world)["ci"])).text
    assert "telnetd" not in then.partition('id="timeline"')[0].partition('id="s-packages"')[2]
    assert "telnetd" in now.partition('id="timeline"')[0].partition('id="s-packages"')[2]


async def test_a_section_that_failed_is_told_at_the_top(world: World) -> None:
    async with await world.person("viewer") as client:
        page = await _page(client, addresses(world)["laptop"])
    assert "Memory modules could not be read: denied (needs root)" in page.text


async def test_why_comes_as_a_part_when_htmx_asks(world: World) -> None:
    async with await world.person("viewer") as client:
        part = await client.get(addresses(world)["why"], headers={"hx-request": "true"})
    assert part.text.strip().startswith('<tr class="because">')
    assert "HX-Request" in part.headers["vary"]


async def test_a_finding_says_what_moved_within_which_bracket(world: World) -> None:
    async with await world.person("viewer") as client:
        page = await _page(client, addresses(world)["finding"])
    assert "2 controlled values of web-01 moved" in page.text
    assert "moved within 15 min" in page.text
    assert "/incidents/INC-000002" in page.links


async def test_a_list_remembers_columns_filters_and_order_in_its_address(world: World) -> None:
    async with await world.person("viewer") as client:
        html = (await client.get("/cis?class=server&column=name&column=serial&sort=-name&q=0")).text
    page = read(html)
    heads = html.partition("<thead>")[2].partition("</thead>")[0]
    assert "Serial" in heads
    assert "Last seen" not in heads
    assert 'aria-sort="descending"' in heads
    assert "/cis?q=0&sort=-name&column=name&column=serial" in page.links, "the class chip taken away"
    assert html.index("web-01") < html.index("db-01")


async def test_a_form_that_sends_its_defaults_leads_to_the_short_address(world: World) -> None:
    defaults = "&".join(f"column={column.name}" for column in SPEC.columns if column.shown)
    async with await world.person("viewer") as client:
        answer = await client.get(f"/cis?q=&class=pc&sort=name&what=ever&{defaults}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/cis?class=pc")
        assert (await client.get("/cis?class=pc")).status_code == 200


async def test_a_csv_holds_what_its_list_shows(world: World) -> None:
    async with await world.person("viewer", language="zh-CN") as client:
        answer = await client.get("/cis.csv?class=server&column=name&column=type&column=address&sort=-name")
        agents = await client.get("/agents.csv")
        empty = await client.get("/incidents.csv?q=zzzz")
    assert answer.headers["content-disposition"] == 'attachment; filename="cis.csv"'
    assert answer.text.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows == [
        ["名称", "类型", "地址", "id"],
        ["web-01", "微机服务器", "10.20.0.11", world.estate.web.uid],
        ["db-01", "虚拟机", "10.20.0.12", world.estate.db.uid],
    ]
    assert len(agents.text.splitlines()) == 4
    assert len(empty.text.splitlines()) == 1


@pytest.mark.parametrize("name", sorted(COLUMNS))
async def test_every_list_has_its_csv_of_the_columns_one_chooses(world: World, name: str) -> None:
    columns = [column.name for column in COLUMNS[name]]
    async with await world.person("viewer") as client:
        answer = await client.get(f"/{name}.csv")
        whole = await client.get(f"/{name}.csv", params={"column": columns})
        narrow = await client.get(f"/{name}.csv", params={"column": columns[-1:]})
    also = {"cis": 1, "relations": 2}.get(name, 0)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert len(list(csv.reader(io.StringIO(answer.text)))) > 1
    for text, width in ((whole.text, len(columns)), (narrow.text, 1)):
        assert {len(row) for row in csv.reader(io.StringIO(text))} == {width + also}


async def test_a_page_that_moved_on_starts_its_list_again(world: World) -> None:
    async with await world.person("viewer") as client:
        answer = await client.get("/cis?cursor=nonsense")
    assert (answer.status_code, answer.headers["location"]) == (303, "/cis")


@pytest.mark.parametrize("address", ["/nope", "/cis/nope", "/findings/x", "/findings/99999999999999999", "/rules/NOPE"])
async def test_what_is_not_there_is_a_page_that_says_so(world: World, address: str) -> None:
    async with await world.person("viewer") as client:
        answer = await client.get(address)
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.text


async def test_pages_are_read_in_few_milliseconds_of_the_database(world: World) -> None:
    """A page asks the database a bounded number of questions, however much it shows."""
    from sqlalchemy import event

    asked: list[str] = []
    engine = world.store._reader.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(str(args[2])))
    async with await world.person("viewer") as client:
        for name in ("overview", "cis", "ci"):
            asked.clear()
            await client.get(addresses(world)[name])
            assert len([each for each in asked if each.startswith("SELECT")]) < 50, name
