"""The map, the port finder, and the cables of one CI: whole without script, inert text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from collector.store.engine import Store
from collector.web.catalogue import LANGUAGES, Texts, entries
from tests import wired
from tests.collector.test_pipeline import World as Pipeline
from tests.collector.web.reading import Page, read
from tests.people import World, make_world
from tests.wired import G3, G4

KEY = re.compile(r"\b(map|where|ci|column|link_state|list)\.[a-z_.]+")
HOSTILE = "\x1b[31m<img src=x onerror=alert(1)>\u202e"


@pytest.fixture
async def pipeline(sqlite_store: Store) -> Pipeline:
    pipeline = Pipeline(sqlite_store)
    await pipeline.enrol(1)
    await pipeline.enrol(2)
    switches = wired.switches()
    switches["access-04"]["neighbours"].append(
        {"protocol": "cdp", "interface": "GigabitEthernet1/0/8", "chassis_id": HOSTILE, "port_id": HOSTILE,
         "system_name": HOSTILE, "platform": HOSTILE}
    )  # fmt: skip
    for name, bodies in switches.items():
        await pipeline.say(1, wired.told(pipeline.now, name, bodies))
    await pipeline.tell(2, wired.server())
    return pipeline


@pytest.fixture
def world(pipeline: Pipeline, tmp_path: Path) -> World:
    world = make_world(pipeline.store, tmp_path, None)
    world.clock.at = pipeline.now
    return world


async def _page(world: World, path: str, language: str = "en") -> tuple[Page, str]:
    async with await world.person("viewer", language=language) as client:
        answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    page = read(answer.text)
    assert not KEY.search(page.text), "a text without words"
    assert not page.inline
    return page, answer.text


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_map_is_a_table_of_links_with_their_evidence(world: World, language: str) -> None:
    page, html = await _page(world, "/map", language)
    texts = Texts(language)
    assert html.count("<tr>") == 1 + 8
    for state in ("confirmed", "probable", "contradictory"):
        assert texts.label("link_state", state) in page.text
    assert f"access-01 hears access-01 {wired.mac(2)}" not in page.text
    heard = {"en": f"core-01 hears access-01 {wired.mac(2)}", "zh-CN": f"上经 LLDP 听到 access-01 {wired.mac(2)}"}
    assert heard[language] in page.text
    assert "SEP-02BB" in page.text
    assert "plant-2" in page.text
    assert 'id="map"' in html
    assert "hidden" in next(each.attributes for each in page.all("section") if each.attributes.get("id") == "map")


@pytest.mark.parametrize("q", ["plant-2", "access-02"])
async def test_the_table_of_links_is_filtered(world: World, q: str) -> None:
    _, html = await _page(world, f"/map?q={q}")
    assert html.count("<tr>") == 1 + 3


async def test_the_way_is_told_stop_by_stop(world: World) -> None:
    page, html = await _page(world, "/map?from=db-01&to=access-03")
    way = " ".join(read(html.partition('id="way"')[2].partition("<ol")[2].partition("</ol>")[0]).text.split())
    stops = [way.find(name) for name in ("db-01 eno1", f"access-01 {G3}", "core-01", "access-03")]
    assert -1 not in stops
    assert stops == sorted(stops)
    (drawing,) = [each.attributes["data-graph"] for each in page.elements if "data-graph" in each.attributes]
    assert drawing.startswith("/map/graph?from=")


@pytest.mark.parametrize("asked", ["from=db-01&to=nobody", "from=access&to=db-01", "from=%00&to=%00", "from=db-01"])
async def test_a_way_between_what_is_no_ci_is_refused_in_words(world: World, asked: str) -> None:
    page, html = await _page(world, f"/map?{asked}")
    assert 'id="way"' not in html
    assert (Texts("en")("map.no_ci", name="XX").partition("XX")[0] in page.text) == (
        "to=nobody" in asked or "access" in asked
    )


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_graph_has_every_ci_of_a_link_and_its_look(world: World, language: str) -> None:
    async with await world.person("viewer", language=language) as client:
        graph = (await client.get("/map/graph?from=db-01&to=core-01")).json()
    nodes = {node["name"]: node for node in graph["nodes"]}
    assert {"core-01", "access-01", "access-02", "access-03", "access-04", "db-01", "SEP-02BB"} <= set(nodes)
    assert (nodes["db-01"]["class"], nodes["db-01"]["glyph"], nodes["db-01"]["level"]) == ("server", "✓", "ok")
    assert (nodes["core-01"]["glyph"], nodes["core-01"]["type"]) == ("○", entries(language)["type.switch"])
    assert nodes["access-02"]["zoneName"] == "plant-2"
    ids = {node["id"] for node in graph["nodes"]}
    assert all({link["a"], link["b"]} <= ids and link["evidence"] for link in graph["links"])
    by_id = {link["id"]: link for link in graph["links"]}
    assert [by_id[each]["state"] for each in graph["way"]] == ["confirmed", "confirmed"]
    assert all(graph["words"].values())


async def test_what_a_device_calls_itself_stays_text(world: World) -> None:
    async with await world.person("viewer") as client:
        told = (await client.get("/map/graph")).text
    assert "\x1b" not in told
    assert "\u202e" not in told
    for path in ("/map", f"/where?q={wired.mac(5)}", "/search?q=%3Cimg", f"/where?q={HOSTILE.encode().hex()}"):
        page, html = await _page(world, path)
        assert "<img" not in html
        assert "\x1b" not in html
        assert not page.inline
        assert not [name for element in page.elements for name in element.attributes if name.startswith("on")]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("q", [wired.PC, wired.PC_ADDRESS])
async def test_the_port_finder_shows_port_vlan_and_why(world: World, q: str, language: str) -> None:
    page, _ = await _page(world, f"/where?q={q}", language)
    text, texts = " ".join(page.text.split()), Texts(language)
    assert f"access-01 {G4} VLAN 20" in text
    assert texts("where.leads_on") in text
    assert texts("where.ends_here") in text
    assert wired.PC_ADDRESS in text


@pytest.mark.parametrize("q", ["", "02:ff:ff:ff:ff:ff", "%00", "x" * 300])
async def test_the_port_finder_says_when_it_knows_nothing(world: World, q: str) -> None:
    page, html = await _page(world, f"/where?q={q}")
    assert 'class="sheet where"' not in html
    assert Texts("en")("where.none.text" if q.strip("%0") else "where.empty.text") in page.text


async def test_the_page_of_a_ci_says_what_it_is_connected_to(world: World, pipeline: Pipeline) -> None:
    from collector.store import schema

    (access,) = await pipeline.rows(schema.ci, schema.ci.c.name == "access-01")
    page, html = await _page(world, f"/cis/{access.uid}")
    cables = read(html.partition('id="cables"')[2].partition("</section>")[0]).text
    assert all(name in cables for name in ("core-01", "db-01 hears", "SEP-02BB"))
    assert f"/map?from={access.uid}" in page.links
    _, past = await _page(world, f"/cis/{access.uid}?at=2026-01-01T00:00:00Z")
    assert 'id="cables"' not in past


@pytest.mark.parametrize("q", ["0200-00aa-0001", wired.PC_ADDRESS])
async def test_the_one_search_finds_a_mac_and_an_address(world: World, q: str) -> None:
    page, _ = await _page(world, f"/search?q={q}")
    assert f"/where?q={wired.PC.replace(':', '%3A')}" in page.links
    assert G4 in page.text


@pytest.mark.parametrize("path", ["/map", "/map/graph", "/where?q=x"])
async def test_who_only_administers_accounts_sees_no_cables(world: World, path: str) -> None:
    async with await world.person("system_admin") as client:
        assert (await client.get(path)).status_code == 403
    async with world.nobody() as client:
        assert (await client.get(path)).status_code in (303, 401)
