"""Incidents through REST: reported, worked on, refused with every reason, and closed with a score."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.people import World


async def act(client: httpx2.AsyncClient, number: str, what: str, **more: Any) -> httpx2.Response:
    return await client.post(f"/api/v1/incidents/{number}/acts", json={"act": what, **more})


async def test_a_user_reports_and_the_lines_solve_it(world: World) -> None:
    uma = await world.person("viewer", name="uma")
    ann, bob = await world.person("service_desk", name="ann"), await world.person("engineer", name="bob")
    made = await uma.post("/api/v1/my/reports", json={"title": "No mail", "ci": world.estate.web.uid})
    assert made.status_code == 201, made.text
    number, seen = made.json()["number"], made.json()
    assert (seen["state"], seen["source"], seen["reporter"], seen["ci"]["name"]) == ("new", "user", "uma", "web-01")
    assert [each["clock"] for each in seen["clocks"]] == ["response", "resolution"]
    may = {each["act"] for each in seen["offers"] if not each["denied"]}
    assert may == {"cancel", "comment"}
    assert [each["number"] for each in (await uma.get("/api/v1/my/reports")).json()["items"]] == [number]
    for client, what, more, state in (
        (ann, "take", {}, "in_progress"),
        (ann, "hand_on", {"text": "look at the server"}, "assigned"),
        (bob, "take", {}, "in_progress"),
        (bob, "wait", {"code": "vendor", "text": "called"}, "pending"),
        (bob, "resume", {}, "in_progress"),
        (bob, "resolve", {"code": "fixed", "text": "restarted", "vendor": "patch 7"}, "resolved"),
        (uma, "close", {"score": 4, "text": "thanks"}, "closed"),
    ):
        answer = await act(client, number, what, **more)
        assert (answer.status_code, answer.json().get("state")) == (200, state), answer.text
    whole = (await ann.get(f"/api/v1/incidents/{number}")).json()
    assert (whole["score"], whole["resolution_code"], whole["line"]) == (4, "fixed", 2)
    assert [each["act"] for each in whole["trail"]][-1] == "close"


async def test_what_may_not_be_done_names_every_reason(world: World) -> None:
    uma, bob = await world.person("viewer", name="uma"), await world.person("engineer", name="bob")
    number = (await uma.post("/api/v1/my/reports", json={"title": "No mail"})).json()["number"]
    refused = await act(bob, number, "hand_on")
    assert (refused.status_code, refused.json()["reasons"]) == (409, ["not_yours", "no_reason"])
    assert (await act(uma, number, "fly")).status_code == 422
    assert (await act(uma, "INC-999999", "comment", text="x")).status_code == 404
    auditor = await world.person("auditor", name="eve")
    assert (await act(auditor, number, "comment", text="x")).status_code == 403
    assert (await auditor.post("/api/v1/my/reports", json={"title": "x"})).status_code == 403


async def test_what_somebody_wrote_since_is_not_overwritten_and_what_is_known_is_not_sent_again(world: World) -> None:
    ann = await world.person("service_desk", name="ann")
    number = (await ann.post("/api/v1/my/reports", json={"title": "No mail"})).json()["number"]
    first = await ann.get(f"/api/v1/incidents/{number}")
    again = await ann.get(f"/api/v1/incidents/{number}", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    version = first.json()["version"]
    assert (await act(ann, number, "take", version=version)).status_code == 200
    assert (await act(ann, number, "comment", text="late", version=version)).status_code == 409
    assert (await ann.get(f"/api/v1/incidents/{number}")).headers["etag"] != first.headers["etag"]


async def test_links_parents_and_fields_are_written_by_who_works_on_it(world: World) -> None:
    ann = await world.person("service_desk", name="ann")
    meg = await world.person("incident_manager", name="meg")
    first, second = [
        (await ann.post("/api/v1/my/reports", json={"title": title})).json()["number"] for title in ("a", "b")
    ]
    linked = await ann.post(
        f"/api/v1/incidents/{first}/links", json={"kind": "ci", "reference": world.estate.web.uid}
    )  # fmt: skip
    assert linked.json()["links"][0]["reference"] == world.estate.web.uid
    assert (await ann.delete(f"/api/v1/incidents/{first}/links/ci/{world.estate.web.uid}")).status_code == 204
    assert (await ann.delete(f"/api/v1/incidents/{first}/links/ci/{world.estate.web.uid}")).status_code == 404
    assert (await ann.get(f"/api/v1/incidents/{first}")).json()["links"] == []
    article = {"kind": "knowledge", "reference": "KB-999999"}
    assert (await ann.post(f"/api/v1/incidents/{first}/links", json=article)).status_code == 400
    assert (await ann.put(f"/api/v1/incidents/{first}", json={"category": "no such category"})).status_code == 400
    assert (await ann.put(f"/api/v1/incidents/{first}/parent", json={"parent": second})).json()["parent"] == second
    assert (await ann.get(f"/api/v1/incidents/{second}")).json()["children"] == [first]
    assert (await ann.put(f"/api/v1/incidents/{first}", json={"place": "A/1"})).json()["place"] == "A/1"
    assert (await ann.put(f"/api/v1/incidents/{first}", json={"major": True})).status_code == 409
    assert (await meg.put(f"/api/v1/incidents/{first}", json={"major": True})).json()["major"] is True
    merged = await act(meg, first, "merge", to=second, text="the same")
    assert (merged.json()["state"], merged.json()["merged_into"]) == ("merged", second)


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({"source": "user"}, ["b", "a"]), ({"unassigned": "true", "source": "user"}, ["b"]),
        ({"assignee": "ann"}, ["a"]),
        ({"state": "in_progress"}, ["a"]), ({"line": "3"}, []), ({"class": "server", "source": "user"}, ["b"]),
        ({"overdue": "true", "source": "user"}, ["b"]), ({"state": "resolved", "source": "user"}, []),
    ],
)  # fmt: skip
async def test_the_list_is_narrowed(world: World, query: dict[str, str], titles: list[str]) -> None:
    ann = await world.person("service_desk", name="ann")
    first = (await ann.post("/api/v1/my/reports", json={"title": "a"})).json()["number"]
    await ann.post("/api/v1/my/reports", json={"title": "b", "ci": world.estate.web.uid, "urgency": "critical"})
    await act(ann, first, "take")
    world.clock.at += 24 * 3_600_000
    ann = await world.person("service_desk", name="ann-next-day")
    listed = (await ann.get("/api/v1/incidents", params=query)).json()
    assert [each["title"]["en"] for each in listed["items"]] == titles
