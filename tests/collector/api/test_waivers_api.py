"""Alerts, waivers and maintenance windows by REST: who may do what, what is refused and why, and why an alert is so."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.people import World

API = "/api/v1"
WAIVER = {"rule": "SRV-DISK-001", "reason": "will be replaced", "expires": "2026-12-20T00:00:00Z"}
WINDOW = {"name": "night", "start": "2026-11-25T20:00:00+08:00", "end": "2026-11-25T23:00:00+08:00"}


@pytest.fixture
async def ann(world: World) -> httpx2.AsyncClient:
    return await world.program("incident_manager")


@pytest.fixture
async def bea(world: World) -> httpx2.AsyncClient:
    return await world.program("specialist")


async def _stand(client: httpx2.AsyncClient, number: str) -> dict[str, Any]:
    answer = await client.get(f"{API}/waivers/{number}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_waiver_is_granted_by_somebody_else_than_who_asks(
    ann: httpx2.AsyncClient, bea: httpx2.AsyncClient, world: World
) -> None:
    number = (await ann.post(f"{API}/waivers", json=WAIVER)).json()["number"]
    assert (number, (await _stand(ann, number))["stand"]) == ("WVR-000001", "asked")
    grant = {"decision": "grant", "reason": "fine"}
    own = await ann.post(f"{API}/waivers/{number}/decisions", json=grant)
    assert (own.status_code, "somebody else" in own.text) == (400, True)
    assert (await bea.post(f"{API}/waivers/{number}/decisions", json=grant)).status_code == 200
    told = await _stand(ann, number)
    assert [told["stand"], told["requested_by"], told["decided_by"], told["days_left"]] == [
        "active", "robot-incident_manager", "robot-specialist", 25,
    ]  # fmt: skip
    again = await bea.post(f"{API}/waivers/{number}/decisions", json=grant)
    assert (again.status_code, "decided already" in again.text) == (400, True)
    ended = await ann.post(f"{API}/waivers/{number}/decisions", json={"decision": "end", "reason": "mended"})
    assert (ended.status_code, (await _stand(ann, number))["stand"]) == (200, "ended")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"rule": "NO-SUCH-001"}, "no rule"),
        ({"expires": "2026-11-01T00:00:00Z"}, "365 days"),
        ({"expires": "2028-11-01T00:00:00Z"}, "365 days"),
        ({"scope": "ci.nope == 1"}, "nope"),
        ({"scope": "ci.name +"}, "match"),
        ({"effect": "lower"}, "accept, or lower"),
        ({"level": "notice"}, "accept, or lower"),
        ({"reason": "a\x00b"}, "printable"),
    ],
)
async def test_a_waiver_that_cannot_be_is_refused_with_the_reason(
    ann: httpx2.AsyncClient, changed: dict[str, str], why: str
) -> None:
    answer = await ann.post(f"{API}/waivers", json=WAIVER | changed)
    assert answer.status_code == 400, answer.text
    assert why in answer.text
    assert (await ann.get(f"{API}/waivers")).json() == []


async def test_an_end_without_an_offset_is_no_time(ann: httpx2.AsyncClient) -> None:
    answer = await ann.post(f"{API}/waivers", json=WAIVER | {"expires": "2026-12-20T00:00:00"})
    assert answer.status_code == 422


async def test_who_only_reads_asks_for_nothing(world: World) -> None:
    viewer = await world.program("viewer")
    assert (await viewer.get(f"{API}/waivers")).status_code == 200
    assert (await viewer.post(f"{API}/waivers", json=WAIVER)).status_code == 403
    assert (await viewer.post(f"{API}/maintenance-windows", json=WINDOW)).status_code == 403


async def test_a_window_is_set_listed_and_ended(ann: httpx2.AsyncClient, world: World) -> None:
    weekly = {"rrule": "FREQ=WEEKLY;BYDAY=WE", "zone": "Asia/Shanghai", "until": "2027-11-25T00:00:00Z"}
    about = {"cis": [world.estate.web.uid], "rules": ["SRV-*"], "recurrence": weekly}
    uid = (await ann.post(f"{API}/maintenance-windows", json=WINDOW | about)).json()["id"]
    [row] = (await ann.get(f"{API}/maintenance-windows")).json()
    assert [row[name] for name in ("id", "stand", "cis", "rules", "rrule", "next")] == [
        uid, "later", [world.estate.web.uid], ["SRV-*"], "FREQ=WEEKLY;BYDAY=WE", "2026-11-25T12:00:00.000Z",
    ]  # fmt: skip
    assert (await ann.delete(f"{API}/maintenance-windows/{uid}")).status_code == 204
    [row] = (await ann.get(f"{API}/maintenance-windows")).json()
    assert row["stand"] == "over"
    assert (await ann.delete(f"{API}/maintenance-windows/{uid}")).status_code == 400
    assert (await ann.delete(f"{API}/maintenance-windows/nope")).status_code == 404


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({}, "CIs, classes or a condition"),
        ({"cis": ["nope"]}, "no CI nope"),
        ({"classes": ["spaceship"]}, "classes of the regulation"),
        ({"match": "true", "end": "2026-11-25T11:00:00Z"}, "before it ends"),
        ({"match": "true", "rules": ["NO-SUCH-001"]}, "no rule"),
        ({"match": "true", "start": "2025-01-01T00:00:00Z", "end": "2025-01-02T00:00:00Z"}, "over already"),
    ],
)
async def test_a_window_that_cannot_be_is_refused_with_the_reason(
    ann: httpx2.AsyncClient, changed: dict[str, Any], why: str
) -> None:
    answer = await ann.post(f"{API}/maintenance-windows", json=WINDOW | changed)
    assert (answer.status_code, why in answer.text) == (400, True), answer.text


async def test_a_waived_problem_is_listed_and_counted_apart(
    ann: httpx2.AsyncClient, bea: httpx2.AsyncClient, world: World
) -> None:
    async def outcomes(**query: str) -> list[tuple[str, str]]:
        rows = (await ann.get(f"{API}/results", params=query)).json()["items"]
        return [(row["rule"], row["outcome"]) for row in rows]

    before = await outcomes(outcome="PROBLEM")
    assert ("SRV-DISK-001", "PROBLEM") in before
    async with world.store.write() as tx:
        await tx.exec_driver_sql("UPDATE alert SET suppressed = 'waiver' WHERE rule = 'SRV-DISK-001'")
    assert ("SRV-DISK-001", "PROBLEM") not in await outcomes(outcome="PROBLEM")
    assert ("SRV-DISK-001", "WAIVED") in await outcomes(outcome="WAIVED")
    held = (await ann.get(f"{API}/alerts", params={"suppressed": "waiver"})).json()["items"]
    assert [(each["rule"], each["suppressed"]) for each in held] == [("SRV-DISK-001", ["waiver"])]
    rule = (await ann.get(f"{API}/rules/SRV-DISK-001")).json()
    assert rule["outcomes"]["WAIVED"] == 1


async def test_an_explanation_has_limits_ages_timers_and_moves(ann: httpx2.AsyncClient, world: World) -> None:
    told = (await ann.get(f"{API}/rules/SRV-DISK-001/explanations/{world.estate.web.uid}")).json()
    assert (told["rule"], told["ci"], told["limits"]["disk_ratio"]) == ("SRV-DISK-001", world.estate.web.uid, 0.9)
    assert [each["section"] for each in told["reads"]] == ["health"]
    one = next(each for each in told["instances"] if each["state"] == "firing")
    assert (one["state"], one["outcome"], one["moves"]) == ("firing", "PROBLEM", [])
    assert one["evidence"]["fs.value"]
    nothing = await ann.get(f"{API}/rules/SRV-DISK-001/explanations/{world.estate.laptop.uid}")
    assert nothing.json()["instances"] == []
    assert (await ann.get(f"{API}/rules/NOPE-001/explanations/{world.estate.web.uid}")).status_code == 404
    assert (await ann.get(f"{API}/rules/SRV-DISK-001/explanations/nope")).status_code == 404
