"""The REST API: lists, objects, errors, its own description."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.people import World

API = "/api/v1"


@pytest.fixture
async def client(world: World) -> httpx2.AsyncClient:
    return await world.program("viewer")


async def _json(client: httpx2.AsyncClient, path: str, **query: Any) -> Any:
    answer = await client.get(API + path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_cis_are_listed_with_the_words_of_the_regulation(client: httpx2.AsyncClient, world: World) -> None:
    page = await _json(client, "/cis", **{"class": "server", "sort": "-name"})
    assert (page["count"], [item["name"] for item in page["items"]]) == (2, ["web-01", "db-01"])
    web = page["items"][0]
    assert web["id"] == world.estate.web.uid
    assert (web["class"], web["type"], web["state"]) == ("server", "pc_server", "active")
    assert (web["open_findings"], web["open_incidents"], web["values"]["address"]) == (1, 2, "10.20.0.11")
    assert web["last_seen"] == "2026-11-25T09:46:20.000Z"


async def test_pages_follow_their_cursors(client: httpx2.AsyncClient) -> None:
    names, cursor = [], None
    while True:
        page = await _json(client, "/cis", limit=2, **({"cursor": cursor} if cursor else {}))
        names += [item["name"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert names == sorted(names)
    assert len(names) == page["count"] == 5
    assert (await _json(client, "/cis", limit=2, cursor=page["previous_cursor"]))["items"]


async def test_one_ci_has_its_facts_with_source_and_reason(client: httpx2.AsyncClient, world: World) -> None:
    ci = await _json(client, f"/cis/{world.estate.web.uid}")
    sections = {section["name"]: section for section in ci["sections"]}
    serial = {fact["key"]: fact for fact in sections["hardware"]["facts"]}["serial"]
    assert (serial["value"], serial["why"]) == ("7XK9Q01", "rank")
    assert sections["packages"]["facts"][0]["value"]["name"] == "bash"
    assert sections["os"]["sources"][0]["status"] == "ok"
    assert (ci["agent"], ci["at"]) == (world.estate.web.agent_uid, None)
    assert ci["outcomes"] == {"PROBLEM": 1, "PASS": 1}


async def test_one_ci_as_of_a_moment_has_the_facts_of_then(client: httpx2.AsyncClient, world: World) -> None:
    ci = await _json(client, f"/cis/{world.estate.web.uid}", at="2026-11-24T17:00:00+08:00")
    packages = next(section for section in ci["sections"] if section["name"] == "packages")
    assert len(packages["facts"]) == 5
    assert ci["at"] == "2026-11-24T09:00:00.000Z"


@pytest.mark.parametrize("at", ["yesterday", "2026-11-24", "2026-11-24T09:00:00", "9" * 30, "0000-00-00T00:00:00Z"])
async def test_a_moment_that_is_none_is_refused(client: httpx2.AsyncClient, world: World, at: str) -> None:
    answer = await client.get(f"{API}/cis/{world.estate.web.uid}", params={"at": at})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == ["query", "at"]


async def test_history_tells_before_and_after(client: httpx2.AsyncClient, world: World) -> None:
    page = await _json(client, f"/cis/{world.estate.web.uid}/history", arrival=False)
    told = {item["key"]: item for item in page["items"]}
    assert told["openssl|amd64"]["before"]["version"] == "3.0.15-1~deb12u1"
    assert told["openssl|amd64"]["after"]["version"] == "3.0.16-1~deb12u1"
    assert told["telnetd|amd64"]["before"] is None
    whole = await _json(client, f"/cis/{world.estate.web.uid}/history", section="os")
    assert {item["section"] for item in whole["items"]} == {"os"}


async def test_a_value_is_explained(client: httpx2.AsyncClient, world: World) -> None:
    why = await _json(client, f"/cis/{world.estate.web.uid}/why", section="packages", key="openssl|amd64")
    assert why["authorised"]["basis"] == "arrival"
    assert why["claims"][0]["source"] == f"agent/{world.estate.web.agent_uid}"


async def test_relations_are_listed_for_all_and_for_one(client: httpx2.AsyncClient, world: World) -> None:
    everything = await _json(client, "/relations")
    assert [item["kind"] for item in everything["items"]] == ["installed_on", "runs_on"]
    assert (await _json(client, "/relations", kind="runs_on"))["count"] == 1
    mine = await _json(client, f"/cis/{world.estate.db.uid}/relations")
    assert [(item["a"]["name"], item["b"]["name"]) for item in mine["items"]] == [("PostgreSQL 15", "db-01")]


async def test_agents_findings_incidents_results_rules_and_doubts_are_listed(client: httpx2.AsyncClient) -> None:
    assert {item["state"] for item in (await _json(client, "/agents"))["items"]} == {"active", "silent"}
    assert (await _json(client, "/agents", state="silent"))["count"] == 1
    assert (await _json(client, "/findings", state="open"))["items"][0]["items"][0]["key"] == "openssl|amd64"
    incidents = await _json(client, "/incidents", severity="critical")
    assert [(item["id"], item["number"]) for item in incidents["items"]] == [("INC-000001", "INC-000001")]
    assert [item["outcome"] for item in (await _json(client, "/results"))["items"]] == [
        "PROBLEM", "UNKNOWN", "PASS", "PASS",
    ]  # fmt: skip
    assert {item["id"] for item in await _json(client, "/rules")} >= {"SRV-DISK-001", "AGT-SILENT-001"}
    assert (await _json(client, "/duplicates", state="open"))["items"][0]["kind"] == "clone"
    assert (await _json(client, "/search", q="7XK9Q02"))["cis"][0]["name"] == "db-01"


async def test_single_objects_carry_an_etag_and_are_not_sent_twice(client: httpx2.AsyncClient, world: World) -> None:
    for path in (
        f"/cis/{world.estate.web.uid}",
        f"/agents/{world.estate.web.agent_uid}",
        f"/findings/{world.estate.finding}",
        "/incidents/INC-000001",
        "/rules/SRV-DISK-001",
    ):
        first = await client.get(API + path)
        assert first.status_code == 200, path
        again = await client.get(API + path, headers={"if-none-match": f'"x", W/{first.headers["etag"]}'})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize(
    "path",
    ["/cis/nope", "/cis/nope/history", "/agents/nope", "/findings/999", "/incidents/INC-9", "/rules/NOPE", "/nope",
     "/cis/%00", "/cis/..%2f..%2fetc"],
)  # fmt: skip
async def test_what_is_not_there_is_a_problem_document(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.get(API + path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["status"] == 404
    assert answer.json()["title"] == "Not Found"


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/cis", {"limit": 0}),
        ("/cis", {"limit": 201}),
        ("/cis", {"limit": "many"}),
        ("/cis", {"clas": "server"}),
        ("/cis", {"sort": "id; DROP TABLE ci"}),
        ("/cis", {"q": "x" * 201}),
        ("/cis", {"class": "a b"}),
        ("/agents", {"state": "sleepy"}),
        ("/findings/0", {}),
        ("/findings/x", {}),
        ("/search", {}),
        ("/sd/prometheus", {"port": 0}),
    ],
)
async def test_a_request_out_of_bounds_is_refused_and_says_where(
    world: World, path: str, query: dict[str, Any]
) -> None:
    async with await world.program("ops") as client:
        answer = await client.get(API + path, params=query)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["where"]


@pytest.mark.parametrize("path", ["/cis", "/agents", "/findings", "/incidents", "/results", "/duplicates"])
async def test_a_cursor_of_nowhere_is_a_bad_request(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.get(API + path, params={"cursor": "bm9wZQ"})
    assert answer.status_code == 400


async def test_an_enrolment_token_is_asked_of_the_minter_on_the_terms_given(world: World) -> None:
    async with await world.program("ops") as client:
        answer = await client.post(f"{API}/enrolment-tokens", json={"life_s": 600, "uses": 3, "note": "rack 7"})
        assert answer.status_code == 201
        assert answer.json()["command"] == "muster-agent enroll https://127.0.0.1:8444 --token muster1.AAAA.BBBB.CCCC"
        too_long = await client.post(f"{API}/enrolment-tokens", json={"life_s": 10**9})
        unknown = await client.post(f"{API}/enrolment-tokens", json={"lives": 1})
    ((terms, by),) = world.minted
    assert ((terms.life_s, terms.uses, terms.note), by) == ((600, 3, "rack 7"), "robot-ops")
    assert (too_long.status_code, unknown.status_code) == (422, 422)


async def test_banning_an_agent_is_seen_at_once_and_needs_a_reason(world: World) -> None:
    uid = world.estate.web.agent_uid
    async with await world.program("ops") as client:
        assert (await client.post(f"{API}/agents/{uid}/ban", json={"reason": ""})).status_code == 422
        assert (await client.post(f"{API}/agents/{uid}/ban", json={"reason": "stolen"})).status_code == 204
        assert (await client.post(f"{API}/agents/nope/ban", json={"reason": "stolen"})).status_code == 404
        banned = await _json(client, f"/agents/{uid}")
    assert (banned["state"], banned["state_reason"]) == ("banned", "stolen (robot-ops)")


async def test_the_description_names_every_operation_once_and_only_the_api(world: World) -> None:
    async with world.nobody() as client:
        described = (await client.get(f"{API}/openapi.json")).json()
    operations = [each["operationId"] for path in described["paths"].values() for each in path.values()]
    assert len(operations) == len(set(operations))
    assert set(operations) >= {"listCis", "getCi", "getCiHistory", "listAgents", "banAgent", "createEnrolmentToken"}
    assert all(path.startswith("/api/v1/") for path in described["paths"])
    assert described["components"]["schemas"]["Ci"]["properties"].keys() >= {"id", "class", "type"}


async def test_discovery_for_prometheus_labels_its_targets_and_fails_rather_than_lie(world: World) -> None:
    async with await world.program("ops") as client:
        found = await _json(client, "/sd/prometheus", port=9100)
        assert found[0]["targets"] == ["10.20.0.11:9100"]
        assert found[0]["labels"]["__meta_muster_class"] == "server"
        assert (await client.get(f"{API}/sd/prometheus", params={"class": "rack"})).status_code == 422


async def test_discovery_is_empty_only_when_there_is_truly_nothing(empty_world: World) -> None:
    from tests.estate import Estate

    async with empty_world.nobody("127.0.0.1") as client:
        assert (await client.get(f"{API}/sd/prometheus")).json() == []
        async with empty_world.store.write() as connection:
            await Estate(connection).agent("just-enrolled")
        doubt = await client.get(f"{API}/sd/prometheus")
    assert (doubt.status_code, doubt.headers["content-type"]) == (503, "application/problem+json")
