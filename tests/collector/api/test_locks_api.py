"""`/api/v1/cis/{id}/locks` and `/why`: who may lock what, and what is answered of it."""

from __future__ import annotations

from typing import Any

import pytest

from collector.wording import time_text
from tests.estate import DAY
from tests.people import World

FIELD = {"section": "os", "key": "version"}


def asked(world: World, days: float = 30, **more: Any) -> dict[str, Any]:
    until = time_text(world.clock() + int(days * DAY))
    return {**FIELD, "until": until, "reason": "the agent misreads it", **more}


async def test_a_value_is_locked_shown_disputed_and_released(world: World) -> None:
    path = f"/api/v1/cis/{world.estate.web.uid}"
    async with await world.program("config_admin:server") as client:
        before = (await client.get(f"{path}/why", params=FIELD)).json()
        done = await client.post(f"{path}/locks", json=asked(world, value="99"))
        assert done.status_code == 200, done.text
        (lock,) = (await client.get(f"{path}/locks")).json()
        assert (lock["value"], lock["is_disputed"]) == ("99", True)
        assert [each["value"] for each in lock["against"]] == [before["fact"]["value"]]
        why = (await client.get(f"{path}/why", params=FIELD)).json()
        assert (why["fact"]["value"], why["fact"]["why"], why["lock"]["key"]) == ("99", "lock", "version")
        released = await client.post(f"{path}/locks/release", json={**FIELD, "reason": "it reads well again"})
        assert (released.status_code, released.json()) == (200, [])
        after = (await client.get(f"{path}/why", params=FIELD)).json()
        assert (after["fact"]["value"], after["fact"]["source"]) == (before["fact"]["value"], before["fact"]["source"])
    async with await world.program("auditor") as client:
        rows = (await client.get("/api/v1/audit", params={"object": f"ci/{world.estate.web.uid}"})).json()["items"]
    assert [row["action"] for row in rows] == ["ci.unlock", "ci.lock"]
    assert rows[1]["details"]["after"]["reason"] == "the agent misreads it"


async def test_why_says_how_each_claim_counts_with_the_rule_and_its_age(world: World) -> None:
    async with await world.program("viewer") as client:
        why = (await client.get(f"/api/v1/cis/{world.estate.web.uid}/why", params=FIELD)).json()
    (counted,) = why["weighed"]
    assert (counted["rank"], counted["mode"], counted["lost"]) == (10, "authoritative", None)
    assert (counted["ttl_ms"], counted["takeover_ms"]) == (DAY, 2 * DAY)
    assert counted["reason"]["en"] == "it sees the machine from within"
    assert why["lock"] is None


@pytest.mark.parametrize(("more", "status", "field"), [
    ({"until": "2020-01-01T00:00:00Z"}, 400, "until"), ({"until": "9999-01-01T00:00:00Z"}, 400, "until"),
    ({"until": "soon"}, 422, None), ({"reason": " "}, 400, "reason"), ({"reason": "x" * 501}, 422, None),
    ({"change": "CHG-1"}, 400, "change"), ({"key": "nothing"}, 400, "key"), ({"section": "sample"}, 400, "key"),
    ({"value": 12}, 400, "value"), ({"value": {"a": 1}}, 400, "value"), ({"value": "x" * 5000}, 400, "value"),
    ({"king": 1}, 422, None),
])  # fmt: skip
async def test_what_cannot_be_locked_is_a_clear_refusal(
    world: World, more: dict[str, Any], status: int, field: str | None
) -> None:
    path = f"/api/v1/cis/{world.estate.web.uid}/locks"
    async with await world.program("config_admin:*") as client:
        answer = await client.post(path, json=asked(world) | more)
        assert (answer.status_code, answer.json().get("field")) == (status, field), answer.text
        assert (await client.get(path)).json() == []


async def test_a_lock_ends_within_366_days(world: World) -> None:
    path = f"/api/v1/cis/{world.estate.web.uid}/locks"
    async with await world.program("config_admin:*") as client:
        assert (await client.post(path, json=asked(world, 366.01))).status_code == 400
        assert (await client.post(path, json=asked(world, 365.99))).status_code == 200


async def test_who_administers_other_classes_or_none_locks_nothing(world: World) -> None:
    path = f"/api/v1/cis/{world.estate.web.uid}/locks"
    for roles in (("config_admin:network",), ("viewer",), ("auditor",), ("change_manager",)):
        async with await world.program(*roles) as client:
            assert (await client.post(path, json=asked(world))).status_code == 403
            gone = await client.post(f"{path}/release", json={**FIELD, "reason": "r"})
            assert gone.status_code == 403
    async with await world.program("config_admin:*") as client:
        assert (await client.post(f"{path}/release", json={**FIELD, "reason": "r"})).status_code == 404


async def test_a_lock_that_stands_is_renewed_in_its_place(world: World) -> None:
    path = f"/api/v1/cis/{world.estate.web.uid}/locks"
    async with await world.program("config_admin:*") as client:
        await client.post(path, json=asked(world, 1))
        world.clock.at += 1
        (lock,) = (await client.post(path, json=asked(world, 2, reason="still"))).json()
    assert lock["reason"] == "still"
