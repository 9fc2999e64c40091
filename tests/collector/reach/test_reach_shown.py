"""Reachability as people and programs see it: the list, one CI, the page of a root and of its victim."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from collector.store.engine import Store
from tests.collector.reach.estate import Estate, below, tree
from tests.collector.web.reading import read
from tests.people import World, make_world

WIRES = tree(20)
GONE = below(WIRES, 5)
WITHOUT_WORDS = re.compile(r"\breach(_why|_method)?\.[a-z_.]+")


@pytest.fixture
async def world(sqlite_store: Store, tmp_path: Path) -> World:
    estate = Estate(sqlite_store, 20, WIRES)
    await estate.build()
    await estate.minutes(1)
    await estate.minutes(3, GONE)
    world = make_world(sqlite_store, tmp_path, None)
    world.clock.at = estate.now
    return world


async def test_what_cannot_be_reached_is_listed_in_parts_with_what_explains_it(world: World) -> None:
    client = await world.program("viewer")
    asked, found = "/api/v1/reachability?state=unreachable&limit=2", []
    while asked:
        part = (await client.get(asked)).json()
        found += part["items"]
        assert part["counts"] == {"up": 19 - len(GONE), "unreachable": len(GONE)}
        after = part["next_cursor"]
        asked = f"/api/v1/reachability?state=unreachable&limit=2&cursor={after}" if after else ""
    behind = {each["ci"]["id"]: each["behind"] and each["behind"]["id"] for each in found}
    assert behind == {f"ci-{number}": None if number == 5 else "ci-5" for number in GONE}


async def test_a_state_there_is_not_is_refused(world: World) -> None:
    assert (await (await world.program("viewer")).get("/api/v1/reachability?state=dead")).status_code in (400, 422)


async def test_one_ci_is_told_with_its_victims_its_moves_and_its_availability(world: World) -> None:
    client = await world.program("viewer")
    told = (await client.get("/api/v1/cis/ci-5/reachability")).json()["reachability"]
    assert (told["row"]["state"], told["victims"], told["row"]["methods"]["icmp"]) == (
        "unreachable",
        len(GONE) - 1,
        False,
    )
    assert [each["state"] for each in told["moves"]] == ["unreachable", "up"]
    assert told["month"]["up"] == 3 * 60_000
    assert (await client.get("/api/v1/cis/ci-1/reachability")).json()["reachability"] is None


@pytest.mark.parametrize(
    ("language", "root", "victim"),
    [
        ("en", "cannot be reached because of it", "because this is down before it"),
        ("zh-CN", "受其影响", "上游设备故障"),
    ],
)
async def test_the_pages_of_a_root_and_of_its_victim_say_which_is_which(
    world: World, language: str, root: str, victim: str
) -> None:
    client = await world.person("viewer", language=language)
    shown = read((await client.get("/cis/ci-5")).text).text
    assert root in shown
    assert victim not in shown
    other = read((await client.get(f"/cis/ci-{max(GONE)}")).text).text
    assert victim in other
    assert "dev-5" in other
    assert not WITHOUT_WORDS.search(shown + other)
