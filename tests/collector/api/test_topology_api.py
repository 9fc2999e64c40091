"""`/api/v1/topology`, `/topology/path` and `/whereabouts`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest

from collector.store.engine import Store
from tests import wired
from tests.collector.test_pipeline import World as Pipeline
from tests.people import World, make_world
from tests.wired import G3, G4

API = "/api/v1"


@pytest.fixture
async def world(sqlite_store: Store, tmp_path: Path) -> World:
    pipeline = Pipeline(sqlite_store)
    await pipeline.enrol(1)
    await pipeline.enrol(2)
    for name, bodies in wired.switches().items():
        await pipeline.say(1, wired.told(pipeline.now, name, bodies))
    await pipeline.tell(2, wired.server())
    world = make_world(sqlite_store, tmp_path, None)
    world.clock.at = pipeline.now
    return world


@pytest.fixture
async def client(world: World) -> httpx2.AsyncClient:
    return await world.program("viewer")


async def _json(client: httpx2.AsyncClient, path: str, **query: Any) -> Any:
    answer = await client.get(API + path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _ids(client: httpx2.AsyncClient) -> dict[str, str]:
    return {each["name"]: each["id"] for each in (await _json(client, "/cis"))["items"]}


async def test_links_come_with_state_and_evidence(client: httpx2.AsyncClient) -> None:
    found = await _json(client, "/topology")
    assert (found["count"], len(found["links"]), len(found["strangers"])) == (8, 8, 1)
    link = next(each for each in found["links"] if "db-01" in (each["a"]["ci"]["name"], each["b"]["ci"]["name"]))
    assert link["state"] == "confirmed"
    assert {each["by"]["ci"]["name"] for each in link["evidence"]} == {"access-01", "db-01"}
    assert all(each["confirmed_at"].endswith("Z") for each in link["evidence"])
    assert link["a"]["ci"]["class"] in ("network", "server")


async def test_links_are_of_one_ci_and_of_some_states(client: httpx2.AsyncClient) -> None:
    ids = await _ids(client)
    assert (await _json(client, "/topology", ci=ids["db-01"]))["count"] == 1
    assert (await _json(client, "/topology", state=["probable", "contradictory"]))["count"] == 2
    assert len((await _json(client, "/topology", limit=3))["links"]) == 3


async def test_a_way_is_found_or_there_is_none(client: httpx2.AsyncClient) -> None:
    ids = await _ids(client)
    way = await _json(client, "/topology/path", **{"from": ids["db-01"], "to": ids["access-03"]})
    assert [each["state"] for each in way["links"]] == ["confirmed"] * 3
    same = await _json(client, "/topology/path", **{"from": ids["db-01"], "to": ids["db-01"]})
    assert same["links"] == []
    os_name = next(name for name in ids if name not in wired.switches() and name != "db-01")
    assert (await _json(client, "/topology/path", **{"from": ids["db-01"], "to": ids[os_name]}))["links"] is None


async def test_whereabouts_name_port_vlan_and_what_shows_it(client: httpx2.AsyncClient) -> None:
    answer = await _json(client, "/whereabouts", q="0200.00aa.0001")
    (found,) = answer["found"]
    assert (answer["kind"], found["mac"], found["vlan"], found["addresses"]) == (
        "mac", wired.PC, 20, [wired.PC_ADDRESS],
    )  # fmt: skip
    assert (found["place"]["ci"]["name"], found["place"]["interface"]) == ("access-01", G4)
    assert {(each["kind"], each["leads_on"]) for each in found["evidence"]} == {
        ("fdb", True), ("fdb", False), ("arp", False),
    }  # fmt: skip
    (server,) = (await _json(client, "/whereabouts", q="db-01"))["found"]
    assert (server["owner"]["interface"], server["place"]["interface"]) == ("eno1", G3)


async def test_the_search_tells_where_an_address_is(client: httpx2.AsyncClient) -> None:
    (place,) = (await _json(client, "/search", q=wired.PC_ADDRESS))["places"]
    assert place["place"]["interface"] == G4
    assert (await _json(client, "/search", q="db-01"))["places"] == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/topology?ci=nobody", 404), ("/topology?state=maybe", 422), ("/topology?limit=0", 422),
        ("/topology/path?from=a", 422), ("/topology/path?from=a&to=b", 404), ("/whereabouts", 422),
        ("/whereabouts?q=", 422),
    ],
)  # fmt: skip
async def test_what_cannot_be_answered_is_refused(client: httpx2.AsyncClient, path: str, status: int) -> None:
    answer = await client.get(API + path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/topology", "/topology/path?from=a&to=b", "/whereabouts?q=x"])
async def test_cables_are_for_who_may_read_cis(world: World, path: str) -> None:
    async with world.nobody() as nobody:
        assert (await nobody.get(API + path)).status_code == 401
    async with await world.program("system_admin") as other:
        assert (await other.get(API + path)).status_code == 403
