"""Changes through REST: raised, refused with every reason, approved as what was read, and closed."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.estate import Estate
from tests.people import World

WINDOW = {"start": "2026-11-25T20:00:00+00:00", "end": "2026-11-25T21:00:00+00:00"}


@pytest.fixture
async def ann(world: World) -> httpx2.AsyncClient:
    """The one who initiates; those who carry out and approve have accounts too."""
    await world.person("engineer", name="cid")
    return await world.person("change_initiator", name="ann")


def body(world: World, **more: Any) -> dict[str, Any]:
    uid = world.estate.web.uid
    line = {"ci": uid, "section": "os", "key": "version", "how": "exact", "value": "12.6"}
    return {
        "type": "standard", "title": "Patch", "reason": "a weakness", "implementer": "cid", "cis": [uid],
        "lines": [line], "window": WINDOW,
    } | more  # fmt: skip


async def test_a_standard_change_goes_from_draft_to_carried_out(world: World, ann: httpx2.AsyncClient) -> None:
    made = await ann.post("/api/v1/changes", json=body(world))
    assert made.status_code == 201, made.text
    number = made.json()["number"]
    bea, cid = await world.person("change_supervisor", name="bea"), await world.person("engineer", name="cid")
    for client, step, state in (
        (ann, "submit", "requested"), (bea, "approve", "approved"), (cid, "start", "implementing"),
        (cid, "finish", "implemented"),
    ):  # fmt: skip
        answer = await client.post(f"/api/v1/changes/{number}/steps", json={"step": step})
        assert (answer.status_code, answer.json().get("state")) == (200, state), answer.text
    closing = await ann.post(f"/api/v1/changes/{number}/steps", json={"step": "close"})
    assert (closing.status_code, closing.json()["reasons"]) == (409, ["not_verified"])
    decided = await ann.post(f"/api/v1/changes/{number}/lines/0", json={"state": "manually_verified", "reason": "seen"})
    assert decided.json()["lines"][0]["state"] == "manually_verified"
    assert (await ann.post(f"/api/v1/changes/{number}/steps", json={"step": "close"})).json()["state"] == "closed"
    listed = (await ann.get("/api/v1/changes", params={"state": "closed", "who": "cid"})).json()
    assert [each["number"] for each in listed["items"]] == [number]


async def test_a_step_that_may_not_be_done_names_every_reason(world: World, ann: httpx2.AsyncClient) -> None:
    number = (await ann.post("/api/v1/changes", json=body(world))).json()["number"]
    await ann.post(f"/api/v1/changes/{number}/steps", json={"step": "submit"})
    refused = await ann.post(f"/api/v1/changes/{number}/steps", json={"step": "approve"})
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["reasons"] == ["no_such_role", "initiator_approves"]
    assert (await ann.get(f"/api/v1/changes/{number}")).json()["words"] == []


async def test_nothing_is_approved_unseen(world: World, ann: httpx2.AsyncClient) -> None:
    number = (await ann.post("/api/v1/changes", json=body(world))).json()["number"]
    version = (await ann.post(f"/api/v1/changes/{number}/steps", json={"step": "submit"})).json()["version"]
    content = {name: value for name, value in body(world, title="Another").items() if name != "type"}
    edited = await ann.put(f"/api/v1/changes/{number}", json=content | {"version": version})
    assert (edited.status_code, edited.json()["title"]) == (200, "Another")
    await ann.post(f"/api/v1/changes/{number}/steps", json={"step": "submit"})
    bea = await world.person("change_supervisor", name="bea")
    stale = await bea.post(f"/api/v1/changes/{number}/steps", json={"step": "approve", "version": version})
    assert (stale.status_code, "somebody wrote it since" in stale.json()["detail"]) == (409, True)


async def test_what_another_system_sends_twice_is_one_change(world: World, ann: httpx2.AsyncClient) -> None:
    sent = body(world, origin="itop", reference="C-0042")
    first, again = await ann.post("/api/v1/changes", json=sent), await ann.post("/api/v1/changes", json=sent)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["number"] == again.json()["number"]
    other = await ann.post("/api/v1/changes", json=sent | {"title": "Another"})
    assert (other.status_code, other.json()["field"]) == (400, "reference")


@pytest.mark.parametrize(
    "wrong",
    [
        {"window": {"start": "tomorrow", "end": "later"}}, {"type": "cosmetic"}, {"cis": ["nobody"]}, {"colour": "red"},
        {"lines": [{"ci": "nobody", "section": "os", "how": "pattern", "value": "("}]}, {"title": ""},
        {"finding": 999_999}, {"template": "TPL-000009"},
    ],
)  # fmt: skip
async def test_what_is_no_change_is_refused(world: World, ann: httpx2.AsyncClient, wrong: dict[str, Any]) -> None:
    answer = await ann.post("/api/v1/changes", json=body(world) | wrong)
    assert answer.status_code in (400, 404, 422)
    assert (await ann.get("/api/v1/changes")).json()["count"] == 0


async def test_a_change_is_made_from_a_finding(world: World, ann: httpx2.AsyncClient) -> None:
    finding = (await ann.get("/api/v1/findings")).json()["items"][0]["id"]
    made = await ann.post("/api/v1/changes", json=body(world, type="emergency", finding=finding))
    assert made.json()["finding"] == finding


async def test_templates_and_freezes_are_decided_on_by_those_who_govern(world: World, ann: httpx2.AsyncClient) -> None:
    template = {"title": "Patches", "paths": [{"section": "os"}], "until": "2027-06-01T00:00:00Z"}
    number = (await ann.post("/api/v1/change-templates", json=template)).json()["number"]
    bea = await world.person("change_supervisor", name="bea")
    decision = {"decision": "approved"}
    assert (await ann.post(f"/api/v1/change-templates/{number}/decisions", json=decision)).status_code == 403
    assert (await bea.post(f"/api/v1/change-templates/{number}/decisions", json=decision)).status_code == 200
    made = await ann.post("/api/v1/changes", json=body(world, template=number))
    step = f"/api/v1/changes/{made.json()['number']}/steps"
    freeze = {"name": "Year's end", "window": {"start": "2026-11-25T00:00:00Z", "end": "2026-11-30T00:00:00Z"}}
    uid = (await bea.post("/api/v1/freezes", json=freeze)).json()["id"]
    assert (await ann.post(step, json={"step": "submit"})).json()["reasons"] == ["frozen"]
    assert [each["id"] for each in (await ann.get("/api/v1/freezes")).json()] == [uid]
    assert (await bea.delete(f"/api/v1/freezes/{uid}")).status_code == 204
    assert (await ann.post(step, json={"step": "submit"})).json()["state"] == "approved"
    assert [each["state"] for each in (await ann.get("/api/v1/change-templates")).json()] == ["approved"]
    finding = (await ann.get("/api/v1/findings")).json()["items"][0]["id"]
    both = await ann.post("/api/v1/changes", json=body(world, template=number, finding=finding))
    assert (both.status_code, both.json()["field"]) == (400, "template"), "what was done already needs a person's word"
    withdrawn = {"decision": "withdrawn", "reason": "it broke a cluster"}
    assert (await bea.post(f"/api/v1/change-templates/{number}/decisions", json=withdrawn)).status_code == 200
    (told,) = (await ann.get("/api/v1/change-templates")).json()
    assert (told["state"], told["decided_by"], told["withdrawn_by"]) == ("withdrawn", "bea", "bea")


async def test_a_list_is_taken_whole_or_not_at_all(world: World, ann: httpx2.AsyncClient) -> None:
    head = "reference,type,title,reason,implementer,ci\n"
    good = f"R1,normal,Disk,full,cid,{world.estate.web.uid}\n"
    wrong = await ann.post("/api/v1/change-imports?origin=list", content=(head + good + "R2,odd,a,b,cid,x\n").encode())
    assert [(each["row"], each["field"]) for each in wrong.json()["wrong"]] == [(3, "type")]
    taken = await ann.post("/api/v1/change-imports?origin=list", content=(head + good).encode())
    assert len(taken.json()["made"]) == 1


async def test_tasks_are_given_and_done(world: World, ann: httpx2.AsyncClient) -> None:
    number = (await ann.post("/api/v1/changes", json=body(world))).json()["number"]
    cid, dan = await world.person("engineer", name="cid"), await world.person("service_desk", name="dan")
    given = await cid.post(f"/api/v1/changes/{number}/tasks", json={"text": "label", "assignee": "dan"})
    assert given.json()["tasks"] == [{"text": "label", "assignee": "dan", "done_at": None}]
    assert (await cid.post(f"/api/v1/changes/{number}/tasks/0/done")).status_code == 400
    assert (await dan.post(f"/api/v1/changes/{number}/tasks/0/done")).json()["tasks"][0]["done_at"]


async def test_an_emergency_recorded_too_late_says_so(world: World, ann: httpx2.AsyncClient) -> None:
    worked = {"start": "2026-11-24T20:00:00Z", "end": "2026-11-24T21:00:00Z"}  # half a day before the present of tests
    made = await ann.post("/api/v1/changes", json=body(world, type="emergency", window=worked))
    assert made.json()["late_seconds"] > 8 * 3600


async def test_how_many_depend_is_told_in_full_and_the_page_says_what_it_leaves_out(
    world: World, ann: httpx2.AsyncClient
) -> None:
    number = (await ann.post("/api/v1/changes", json=body(world))).json()["number"]
    before = (await ann.get(f"/api/v1/changes/{number}")).json()
    async with world.store.write() as connection:
        estate = Estate(connection, world.clock())
        for at in range(60):
            source = await estate.source(f"snmp//192.0.2.{100 + at}")
            guest = await estate.ci(f"guest-{at:02d}", "server", "virtual_machine", source)
            await estate.relate(guest, "runs_on", world.estate.web)
    after = (await ann.get(f"/api/v1/changes/{number}")).json()
    assert (after["affected_count"] - before["affected_count"], after["affected_is_more"]) == (60, False)
    assert len(after["affected"]) == after["affected_count"]
    html = (await ann.get(f"/changes/{number}")).text
    assert (f'<span class="count">{after["affected_count"]}<' in html, "Only the nearest 50 are listed." in html) == (
        True, True,
    )  # fmt: skip
