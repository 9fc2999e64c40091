"""`/api/v1/presence` and its pages: how a CI was missed, which runs are not believed, and a person who believes one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from collector.store.engine import Store
from tests.collector.test_aging import Ground, furnished
from tests.collector.web.reading import read
from tests.people import World, make_world


@pytest.fixture
async def ground(sqlite_store: Store) -> Ground:
    return await furnished(sqlite_store)


def world_of(ground: Ground, folder: Path) -> World:
    world = make_world(ground.world.store, folder, None)
    world.clock.at = ground.world.now
    return world


async def absence(world: World, uid: str) -> Any:
    client = await world.program("viewer")
    answer = await client.get(f"/api/v1/cis/{uid}/presence")
    assert answer.status_code == 200
    return answer.json()


async def test_how_a_ci_was_missed_is_told_with_what_it_takes_until_it_is_missing(
    ground: Ground, tmp_path: Path
) -> None:
    await ground.sweep(1)
    await ground.sweep(1)
    missed, there = (await ground.ci(1)).uid, (await ground.ci(2)).uid
    world = world_of(ground, tmp_path)
    told = await absence(world, missed)
    assert (told["state"], told["absence"]["phase"], told["absence"]["misses"]) == ("unreachable", "missed", 2)
    assert told["absence"]["terms"] == {"misses": 7, "span_ms": 10 * 86_400_000}
    assert told["absence"]["retired_at"] is None
    assert (await absence(world, there))["absence"] is None
    shown = read((await (await world.person("viewer")).get(f"/cis/{missed}")).text)
    assert "It counts as missing after 7 misses and 10 days" in shown.text


async def test_a_run_in_quarantine_is_shown_where_it_ran_and_believed_by_who_may_sweep(
    ground: Ground, tmp_path: Path
) -> None:
    uid = await ground.sweep(1, 2, 3)
    world = world_of(ground, tmp_path)
    reader, keeper = await world.person("viewer"), await world.person("network_admin")
    assert "3 of 3 CIs stopped answering at once in this sweep" in read((await reader.get(f"/sweeps/{uid}")).text).text
    assert "Confirm" not in read((await reader.get("/presence")).text).text
    assert (await reader.post(f"/presence/{uid}/believe", data={"reason": "moved"})).status_code == 403
    assert "Confirm" in read((await keeper.get("/presence")).text).text
    refused = await keeper.post(f"/presence/{uid}/believe", data={"reason": " "})
    assert refused.headers["location"] == "/presence?done=refused"
    done = await keeper.post(f"/presence/{uid}/believe", data={"reason": "the room was cleared"})
    assert done.headers["location"] == "/presence?done=believed"
    assert "the room was cleared" in read((await reader.get("/presence?done=believed")).text).text
    await ground.world.runner.tick()
    (run,) = (await (await world.program("viewer")).get("/api/v1/presence/runs")).json()["items"]
    assert (run["verdict"], run["missed"], run["gone"], run["looked"]) == ("believed", 3, 3, 3)


async def test_the_incident_of_a_mass_disappearance_leads_to_its_run(ground: Ground, tmp_path: Path) -> None:
    await ground.sweep(1, 2, 3)
    world = world_of(ground, tmp_path)
    client = await world.person("viewer")
    (incident,) = (await (await world.program("viewer")).get("/api/v1/incidents")).json()["items"]
    assert (incident["kind"], incident["ci"]) == ("disappearance", None)
    shown = read((await client.get(f"/incidents/{incident['number']}")).text)
    assert "3 of 3 CIs stopped answering" in shown.text
    assert "/presence" in shown.links


async def test_what_is_in_no_quarantine_is_not_believed(ground: Ground, tmp_path: Path) -> None:
    uid = await ground.sweep(1)
    client = await world_of(ground, tmp_path).program("network_admin")
    asked = {"reason": "because"}
    assert (await client.post(f"/api/v1/presence/runs/{uid}/believe", json=asked)).status_code == 400
    assert (await client.post("/api/v1/presence/runs/nobody/believe", json=asked)).status_code == 404
    assert (await client.post(f"/api/v1/presence/runs/{uid}/believe", json={"reason": ""})).status_code == 422


async def test_a_missing_and_a_retired_ci_say_so_and_when_they_were_seen_last(ground: Ground, tmp_path: Path) -> None:
    await ground.lose(1)
    uid = (await ground.ci(1)).uid
    world = world_of(ground, tmp_path)
    client = await world.person("viewer")
    shown = read((await client.get(f"/cis/{uid}")).text)
    assert "Only an approved change or request retires it" in shown.text
    (ci,) = (await (await world.program("viewer")).get("/api/v1/cis?q=access-01")).json()["items"]
    assert ci["last_seen"] < (await absence(world, uid))["absence"]["first_at"], "that it is gone is no sight of it"
