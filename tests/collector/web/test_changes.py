"""Changes on their pages, without script: a form with a picker, one change with what is next, templates and freezes."""

from __future__ import annotations

import httpx2
import pytest

from collector.web.catalogue import LANGUAGES
from tests.collector.web.reading import read
from tests.people import World

LINE = "web-01,os,version,,exact,12.6"


async def send(client: httpx2.AsyncClient, path: str, **fields: str | list[str]) -> httpx2.Response:
    return await client.post(path, data={"csrf": client.headers["x-csrf-token"], **fields})


async def raised(client: httpx2.AsyncClient, **more: str) -> httpx2.Response:
    fields = {
        "do": "save", "type": "standard", "title": "Patch <b>", "reason": "a weakness", "implementer": "cid",
        "cis": "web-01", "start": "2026-11-25T20:00", "end": "2026-11-25T21:00", "lines": LINE,
    }  # fmt: skip
    return await send(client, "/changes", **fields | more)


@pytest.fixture
async def ann(world: World) -> httpx2.AsyncClient:
    await world.person("engineer", name="cid")
    return await world.person("change_initiator", name="ann")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_change_is_raised_approved_by_another_and_carried_out(world: World, language: str) -> None:
    cid = await world.person("engineer", name="cid", language=language)
    ann = await world.person("change_initiator", name="ann", language=language)
    bea = await world.person("change_supervisor:server", name="bea", language=language)
    answer = await raised(ann)
    assert answer.status_code == 303, answer.text
    path = answer.headers["location"]
    for client, step in ((ann, "submit"), (bea, "approve"), (cid, "start"), (cid, "finish")):
        html = (await client.get(path)).text
        assert f'name="step" value="{step}"' in html
        assert "<h1>Patch &lt;b&gt;</h1>" in html
        version = next(each for each in read(html).all("input") if each.attributes.get("name") == "version")
        done = await send(client, f"{path}/steps", step=step, version=version.attributes["value"])
        assert done.status_code == 303, done.text
    html = (await ann.get(path)).text
    assert 'name="step" value="close"' not in html  # nothing was seen of it yet
    decided = await send(ann, f"{path}/lines/0", state="manually_verified", reason="seen")
    assert decided.status_code == 303
    assert (await send(ann, f"{path}/steps", step="close")).status_code == 303
    listed = (await ann.get("/changes?change_state=closed&mine=yes")).text
    assert path in read(listed).links
    assert "Patch" in (await ann.get("/changes.csv")).text


async def test_who_may_not_is_told_why_and_what_was_typed_stays(world: World, ann: httpx2.AsyncClient) -> None:
    path = (await raised(ann)).headers["location"]
    await send(ann, f"{path}/steps", step="submit")
    refused = await send(ann, f"{path}/steps", step="approve", reason="my own word")
    assert refused.status_code == 409
    assert "Whoever initiates a change does not approve it." in refused.text
    bea = await world.person("change_supervisor", name="bea")
    silent = await send(bea, f"{path}/steps", step="refuse", reason="")
    assert (silent.status_code, "Say why." in silent.text) == (409, True)
    assert (await send(bea, f"{path}/steps", step="nonsense")).status_code == 409
    stale = await send(bea, f"{path}/steps", step="approve", version="1", reason="looks right")
    assert (stale.status_code, "looks right" in stale.text) == (400, True)


async def test_the_form_finds_cis_and_takes_lines_without_script(world: World, ann: httpx2.AsyncClient) -> None:
    found = await send(ann, "/changes", do="find", find="web", title="Patch")
    assert 'name="add" value="web-01"' in found.text
    added = await send(
        ann, "/changes", do="line", add=["web-01"], title="Patch", line_ci="web-01", line_section="os",
        line_key="version", line_field="", line_how="exact", line_value="12.6",
    )  # fmt: skip
    assert LINE in added.text
    wrong = await raised(ann, cis="nobody-01", lines="web-01,os,version,,pattern,(", implementer="", title="")
    assert wrong.status_code == 400
    for text in ("No CI is called nobody-01.", "Line 1:", "Needed."):
        assert text in wrong.text


async def test_a_change_is_made_from_a_finding_and_edited(world: World, ann: httpx2.AsyncClient) -> None:
    html = (await ann.get(f"/changes/new?finding={world.estate.finding}&type=emergency")).text
    assert f'name="finding" value="{world.estate.finding}"' in html
    assert "web-01,packages," in html
    assert 'value="ann" selected' in html, "an emergency is mostly reported by who dealt with it"
    normal = (await ann.get(f"/changes/new?finding={world.estate.finding}&type=normal")).text
    assert 'value="ann" selected' not in normal, "who initiates a normal change does not carry it out"
    both = (await ann.get(f"/changes/new?finding={world.estate.finding}&type=standard&template=TPL-000001")).text
    assert 'name="template"' not in both, "what was done already is approved by no template"
    path = (await raised(ann)).headers["location"]
    form = read((await ann.get(f"{path}/edit")).text)
    version = next(each for each in form.all("input") if each.attributes.get("name") == "version")
    fields = {
        "do": "save", "title": "Another", "reason": "r", "implementer": "cid", "cis": "web-01", "lines": "",
        "version": version.attributes["value"],
    }  # fmt: skip
    assert (await send(ann, f"{path}/edit", **fields)).status_code == 303
    again = await send(ann, f"{path}/edit", **fields)
    assert (again.status_code, "somebody wrote it since" in again.text) == (400, True)
    assert "Another" in (await ann.get(path)).text


@pytest.mark.parametrize("language", LANGUAGES)
async def test_templates_and_freezes_have_pages(world: World, ann: httpx2.AsyncClient, language: str) -> None:
    bea = await world.person("change_supervisor", name="bea", language=language)
    proposed = await send(
        ann, "/changes/templates", title="Patches", paths="os\nrecord/owner", until="2027-01-01T00:00"
    )
    assert proposed.status_code == 303
    assert (await send(ann, "/changes/templates", title="", paths="nowhere", until="")).status_code == 400
    assert 'value="approved"' in (await bea.get("/changes/templates")).text
    assert (await send(bea, "/changes/templates/TPL-000001/decide", decision="refused")).status_code == 409
    assert (await send(bea, "/changes/templates/TPL-000001/decide", decision="approved")).status_code == 303
    assert "/changes/new?type=standard&template=TPL-000001" in read((await ann.get("/changes/templates")).text).links
    freeze = {"name": "春节", "start": "2027-02-05T00:00", "end": "2027-02-13T00:00"}
    assert (await send(bea, "/changes/freezes", **freeze, **{"class": ["network"]})).status_code == 303
    assert (await send(bea, "/changes/freezes", **freeze | {"end": "2027-02-01T00:00"})).status_code == 400
    assert "春节" in (await ann.get("/changes/freezes")).text


async def test_who_only_reads_is_offered_nothing(world: World, ann: httpx2.AsyncClient) -> None:
    path = (await raised(ann)).headers["location"]
    eve = await world.person("viewer", name="eve")
    assert 'name="step"' not in (await eve.get(path)).text
    assert "/changes/new" not in read((await eve.get("/changes")).text).links
    assert (await eve.get("/changes/new")).status_code == 403
    assert (await send(eve, f"{path}/steps", step="submit")).status_code == 403
