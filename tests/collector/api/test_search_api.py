"""One search, by REST and on the page: the same of each kind, and of each kind only for those who may read it."""

from __future__ import annotations

import re
from typing import Any

import httpx2
import pytest

from tests.people import World

API = "/api/v1"
WORD = "Zentrifuge"
"""A word nothing else of the estate has."""
KINDS = ("cis", "incidents", "problems", "changes", "articles", "agents")
LISTS = {"problems": "problems", "changes": "changes", "articles": "knowledge"}


@pytest.fixture
async def known(world: World) -> dict[str, str]:
    """Something of each kind that has the word; kind → its number."""
    eve, ann = await world.program("engineer"), await world.program("change_initiator")
    problem = await eve.post(f"{API}/problems", json={"incident": "INC-000001", "title": f"{WORD} stands still"})
    asked = {
        "type": "standard", "title": f"Oil the {WORD}", "reason": "dry", "implementer": "robot-engineer",
        "cis": [world.estate.db.uid], "window": {"start": "2026-11-25T20:00:00Z", "end": "2026-11-25T21:00:00Z"},
    }  # fmt: skip
    change = await ann.post(f"{API}/changes", json=asked)
    article = {"title": f"Noises of the {WORD}", "problem": "It squeaks.", "solution": "Oil.", "language": "en"}
    written = (await eve.post(f"{API}/knowledge", json=article)).json()["number"]
    await eve.post(f"{API}/knowledge/{written}/submissions", json={})
    decided = await (await world.program("knowledge_manager")).post(
        f"{API}/knowledge/{written}/decisions", json={"decision": "publish"}
    )
    assert decided.status_code == 200, decided.text
    return {"problems": problem.json()["number"], "changes": change.json()["number"], "articles": written}


async def found(client: httpx2.AsyncClient, q: str) -> dict[str, Any]:
    answer = await client.get(f"{API}/search", params={"q": q})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def numbers(answer: dict[str, Any]) -> dict[str, list[str]]:
    return {kind: [each["number"] for each in answer[kind]] for kind in LISTS if answer[kind]}


async def test_rest_finds_what_the_page_finds(world: World, known: dict[str, str]) -> None:
    answer = await found(await world.program("viewer"), WORD.lower())
    assert numbers(answer) == {kind: [number] for kind, number in known.items()}
    assert [answer[f"{kind}_count"] for kind in KINDS] == [0, 0, 1, 1, 1, 0]
    problem, change, article = (answer[kind][0] for kind in LISTS)
    assert (problem["state"], problem["incidents"], problem["ci"]["name"]) == ("open", 1, "web-01")
    assert (change["title"], change["ci_count"]) == (f"Oil the {WORD}", 1)
    assert (article["title"], article["state"]) == (f"Noises of the {WORD}", "published")
    async with await world.person("viewer") as reader:
        page = (await reader.get("/search", params={"q": WORD})).text
    assert re.findall(r'class="what" href="/(\w+)/([\w-]+)"', page) == [
        (LISTS[kind], number) for kind, number in known.items()
    ]


@pytest.mark.parametrize("kind", LISTS)
async def test_each_is_found_by_its_own_number_too(world: World, known: dict[str, str], kind: str) -> None:
    answer = await found(await world.program("viewer"), known[kind].lower())
    assert numbers(answer) == {kind: [known[kind]]}


async def test_who_may_read_none_of_it_finds_nothing(world: World, known: dict[str, str]) -> None:
    client = await world.program("system_admin")
    for q in (WORD, "web-01", "#1", *known.values()):
        answer = await found(client, q)
        assert [answer[kind] for kind in (*KINDS, "places")] == [[]] * 7
        assert [answer[f"{kind}_count"] for kind in KINDS] == [0] * 6
        assert answer["finding"] is None
