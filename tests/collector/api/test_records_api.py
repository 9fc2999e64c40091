"""`PATCH /api/v1/cis/{id}`: by who may, on the state they saw."""

from __future__ import annotations

import pytest

from tests.people import World


async def test_a_value_is_written_on_the_state_that_was_read(world: World) -> None:
    path = f"/api/v1/cis/{world.estate.web.uid}"
    async with await world.program("config_admin:server") as client:
        tag = (await client.get(path)).headers["etag"]
        assert (await client.patch(path, json={"record": {"owner": "x"}})).status_code == 428
        done = await client.patch(path, json={"record": {"owner": "李伟", "place": "A07"}}, headers={"if-match": tag})
        assert done.status_code == 200
        sections = {each["name"]: each for each in done.json()["sections"]}
        facts = {each["key"]: (each["value"], each["source"]) for each in sections["record"]["facts"]}
        assert facts == {
            "owner": ("李伟", "hand/robot-config_admin.server"),
            "place": ("A07", "hand/robot-config_admin.server"),
        }
        late = await client.patch(path, json={"record": {"owner": "y"}}, headers={"if-match": tag})
        assert late.status_code == 412
        tag = (await client.get(path)).headers["etag"]
        assert done.headers["etag"] == tag


@pytest.mark.parametrize(
    ("record", "status"),
    [({"king": "x"}, 400), ({"owner": "x" * 101}, 400), ({"owner": 1}, 422), ({}, 422), ({"owner": "a\u202eb"}, 400)],
)
async def test_what_cannot_be_kept_is_a_clear_refusal(world: World, record: dict[str, object], status: int) -> None:
    path = f"/api/v1/cis/{world.estate.web.uid}"
    async with await world.program("config_admin:*") as client:
        assert (await client.patch(path, json={"record": record}, headers={"if-match": "*"})).status_code == status


async def test_who_administers_other_classes_or_none_writes_nothing(world: World) -> None:
    path = f"/api/v1/cis/{world.estate.web.uid}"
    for roles in (("config_admin:network",), ("viewer",), ("auditor",)):
        async with await world.program(*roles) as client:
            answer = await client.patch(path, json={"record": {"owner": "x"}}, headers={"if-match": "*"})
            assert answer.status_code == 403
    async with await world.program("auditor") as client:
        assert (await client.get("/api/v1/audit")).json()["items"] == []


async def test_a_record_that_was_written_stands_in_the_audit_log(world: World) -> None:
    uid = world.estate.web.uid
    async with await world.program("config_admin:*") as client:
        await client.patch(f"/api/v1/cis/{uid}", json={"record": {"owner": "x"}}, headers={"if-match": "*"})
    async with await world.program("auditor") as client:
        (row,) = (await client.get("/api/v1/audit", params={"object": f"ci/{uid}"})).json()["items"]
    assert (row["action"], row["details"]["after"]) == ("ci.record", {"owner": "x"})
