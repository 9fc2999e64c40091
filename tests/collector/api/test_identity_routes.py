"""Deciding doubts about identity over REST and on pages: by whom, with which answer, and told in the audit log."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from collector.store import schema
from tests.people import World


async def _decided(world: World) -> list[tuple[str, str]]:
    async with world.store.read() as reader:
        found = await reader.execute(select(schema.duplicate_case.c.state, schema.duplicate_case.c.decision))
        return [(state, decision) for state, decision in found]


async def test_a_case_tells_what_its_cis_are_known_by_and_what_waits(world: World) -> None:
    viewer = await world.program("viewer")
    (listed, *_) = (await viewer.get("/api/v1/duplicates")).json()["items"]
    whole = (await viewer.get(f"/api/v1/duplicates/{listed['id']}")).json()
    assert (whole["case"], whole["waiting"], whole["frozen"]) == (listed, 0, False)
    assert (await viewer.get("/api/v1/duplicates/4711")).status_code == 404


async def test_who_administers_the_classes_decides_and_the_audit_log_tells_it(world: World) -> None:
    admin, viewer = await world.program("config_admin:*"), await world.program("viewer")
    (listed, *_) = (await viewer.get("/api/v1/duplicates")).json()["items"]
    path, word = f"/api/v1/duplicates/{listed['id']}/decide", {"decision": "apart", "reason": "two racks"}
    assert (await viewer.post(path, json=word)).status_code == 403
    stranger = await world.program("config_admin:auxiliary")
    assert 400 <= (await stranger.post(path, json=word)).status_code < 500
    assert (await admin.post(path, json={"decision": "perhaps"})).status_code == 422
    assert (await admin.post(path, json=word)).status_code == 204
    assert ("decided", "apart") in await _decided(world)
    assert 400 <= (await admin.post(path, json=word)).status_code < 500, "it has been decided"
    async with world.store.read() as reader:
        acts = set((await reader.execute(select(schema.audit.c.action))).scalars())
    assert "case.decide" in acts
    member = listed["members"][0]["ci"]["id"]
    identity = (await viewer.get(f"/api/v1/cis/{member}/identity")).json()
    assert len(identity["apart"]) == len(listed["members"]) - 1
    assert identity["names"] or identity["spoken"] or identity["apart"]


async def test_a_case_is_decided_on_its_page_and_a_refusal_says_why(world: World) -> None:
    admin = await world.person("config_admin:*")
    (listed, *_) = (await admin.get("/api/v1/duplicates")).json()["items"]
    page = await admin.get(f"/duplicates/{listed['id']}")
    assert (page.status_code, 'name="decision"' in page.text) == (200, True)
    refused = await admin.post(f"/duplicates/{listed['id']}/decide", data={"decision": "quarantine"})
    assert "identifier" in refused.text
    done = await admin.post(f"/duplicates/{listed['id']}/decide", data={"decision": "apart"})
    assert (done.status_code, done.headers["location"]) == (303, f"/duplicates/{listed['id']}")
    assert 'name="decision"' not in (await admin.get(f"/duplicates/{listed['id']}")).text


@pytest.mark.parametrize("number", ["0", "-1", "99999999999999999999999"])
async def test_a_number_no_case_can_have_is_answered(world: World, number: str) -> None:
    viewer = await world.person("viewer")
    assert 400 <= (await viewer.get(f"/duplicates/{number}")).status_code < 500
    assert 400 <= (await viewer.get(f"/api/v1/duplicates/{number}")).status_code < 500
