"""The configurations of a device as people and programs read them: versions, one text, what differs, no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.store import schema
from collector.store.engine import Store
from tests.collector.test_configurations import NEW, OLD, row, tell
from tests.collector.test_pipeline import World as Pipeline
from tests.collector.test_targets import PROBE, SWITCH, found
from tests.collector.web.reading import read
from tests.people import World, make_world
from wire.configuration import address

API = "/api/v1"
THEIRS = "sysname other\n"


@pytest.fixture
async def pipeline(sqlite_store: Store) -> Pipeline:
    pipeline = Pipeline(sqlite_store)
    await pipeline.enrol(PROBE)
    await tell(pipeline, OLD)
    await tell(pipeline, NEW)
    return pipeline


@pytest.fixture
def world(pipeline: Pipeline, tmp_path: Path) -> World:
    world = make_world(pipeline.store, tmp_path, None)
    world.clock.at = pipeline.now
    return world


async def uid(pipeline: Pipeline) -> str:
    (ci,) = [each for each in await pipeline.rows(schema.ci) if each.ci_class == "network"]
    return str(ci.uid)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
async def test_the_page_shows_what_runs_every_version_and_that_it_is_not_saved(
    pipeline: Pipeline, world: World, language: str
) -> None:
    async with await world.person("viewer", language=language) as client:
        answer = await client.get(f"/cis/{await uid(pipeline)}/configuration")
    assert answer.status_code == 200
    text = read(answer.text).text
    assert "ntp server 10.0.0.9" in text
    assert {"en": "a restart would bring back", "zh-CN": "运行配置与启动配置不一致"}[language] in text
    for sha256 in (address(OLD), address(NEW)):
        assert sha256[:12] in text


async def test_two_versions_are_shown_as_before_and_after_with_secrets_hidden(pipeline: Pipeline, world: World) -> None:
    path = f"/cis/{await uid(pipeline)}/configuration?old={address(OLD)}&new={address(NEW)}"
    async with await world.person("viewer") as client:
        text = read((await client.get(path)).text).text
    assert "•••• changed" in text
    assert "ntp server 10.0.0.9" in text
    assert "2222222222222222" not in text


async def test_the_pages_of_the_device_lead_there(pipeline: Pipeline, world: World) -> None:
    own = await uid(pipeline)
    async with await world.person("viewer") as client:
        device = (await client.get(f"/cis/{own}")).text
        history = (await client.get(f"/cis/{own}/history")).text
    between = f"/cis/{own}/configuration?old={address(OLD)}&amp;new={address(NEW)}"
    assert f'href="/cis/{own}/configuration"' in device
    assert between in device
    assert between in history


async def test_a_text_can_be_downloaded_and_not_that_of_another_device(pipeline: Pipeline, world: World) -> None:
    own = await uid(pipeline)
    other = {**SWITCH, "serial": "2102353TESR0777", "engine_id": "800007db0300e0fc998877",
             "base_mac": "00:e0:fc:99:88:77", "name": "other"}  # fmt: skip
    await pipeline.say(PROBE, found("192.0.2.2", other, pipeline.now, protocol="ssh", interfaces=[],
                                    configuration=[row("running", THEIRS)]))  # fmt: skip
    async with await world.person("viewer") as client:
        mine = await client.get(f"/cis/{own}/configuration/{address(NEW)}.txt")
        theirs = await client.get(f"/cis/{own}/configuration/{address(THEIRS)}.txt")
    assert (mine.status_code, mine.text, theirs.status_code) == (200, NEW, 404)
    assert "attachment" in mine.headers["content-disposition"]


async def test_a_device_without_any_says_what_to_do(pipeline: Pipeline, world: World) -> None:
    bare = {"class": "network", "type": "switch", "vendor": "Huawei", "serial": "2102353TESR0555", "name": "bare"}
    await pipeline.say(PROBE, found("192.0.2.5", bare, pipeline.now, interfaces=[]))
    (ci,) = [each for each in await pipeline.rows(schema.ci) if each.name == "bare"]
    async with await world.person("viewer") as client:
        assert "SSH credential" in read((await client.get(f"/cis/{ci.uid}/configuration")).text).text


async def test_programs_list_read_and_compare_them(pipeline: Pipeline, world: World) -> None:
    path = f"{API}/cis/{await uid(pipeline)}/configurations"
    async with await world.program("viewer") as client:
        versions = (await client.get(path)).json()
        text = await client.get(f"{path}/{address(NEW)}")
        between = (await client.get(f"{path}/difference", params={"old": address(OLD), "new": address(NEW)})).json()
        missing = await client.get(f"{path}/{'0' * 64}")
    assert [(each["kind"], each["sha256"], each["is_current"]) for each in versions[:1]] == [
        ("running", address(NEW), True)
    ]
    assert (text.text, text.headers["content-type"]) == (NEW, "text/plain; charset=utf-8")
    assert (between["came"], between["went"]) == (2, 1)
    assert missing.status_code == 404


async def test_who_may_not_see_cis_sees_no_configuration(pipeline: Pipeline, world: World) -> None:
    own = await uid(pipeline)
    async with await world.program("system_admin") as client:
        for path in (f"{API}/cis/{own}/configurations", f"{API}/cis/{own}/configurations/{address(NEW)}"):
            assert (await client.get(path)).status_code == 403
