"""`/api/v1/unknown-models` and its page: what stands there, and the sample to download."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.store.engine import Store
from tests import wired
from tests.collector.services.test_unknown_models import LINES, MODEL, sample, strange, told
from tests.collector.web.reading import read
from tests.people import World, make_world


@pytest.fixture
async def world(sqlite_store: Store, tmp_path: Path) -> World:
    pipeline = await told(sqlite_store, {**strange(1), **sample()}, strange(2), wired.switches()["core-01"])
    world = make_world(sqlite_store, tmp_path, None)
    world.clock.at = pipeline.now
    return world


async def test_the_list_names_model_devices_and_what_was_sampled(world: World) -> None:
    client = await world.program("viewer")
    (model,) = (await client.get("/api/v1/unknown-models")).json()
    assert (model["object_id"], model["vendor"], model["count"]) == (MODEL, "Acme", 2)
    assert [each["name"] for each in model["examples"]] == ["strange-01", "strange-02"]
    assert model["sample_of"]["name"] == "strange-01"


async def test_a_sample_is_a_download_of_plain_text(world: World) -> None:
    client = await world.program("viewer")
    (model,) = (await client.get("/api/v1/unknown-models")).json()
    told = await client.get(f"/api/v1/unknown-models/samples/{model['sample_of']['id']}")
    assert (told.status_code, told.text) == (200, LINES)
    assert told.headers["content-type"].startswith("text/plain")
    assert told.headers["content-disposition"] == f'attachment; filename="sample-{MODEL}.snmprec"'
    assert (await client.get("/api/v1/unknown-models/samples/nobody")).status_code == 404


async def test_the_page_leads_to_the_download_and_says_what_to_do(world: World) -> None:
    client = await world.person("viewer")
    answer = await client.get("/unknown-models")
    assert answer.status_code == 200
    page = read(answer.text)
    assert [link for link in page.links if "/unknown-models/samples/" in link]
    assert "muster-discover walk ADDRESS --sample" in page.text
    assert "/unknown-models" in read((await client.get("/sweeps")).text).links
