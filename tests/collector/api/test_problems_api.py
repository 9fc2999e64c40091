"""Problems, and alerts somebody has seen, by REST."""

from __future__ import annotations

from tests.people import World

API = "/api/v1"
ONE = f"{API}/problems/PRB-000001"


async def test_a_problem_is_raised_written_and_closed_by_who_may(world: World) -> None:
    bob, meg, vic = [await world.program(role) for role in ("engineer", "incident_manager", "viewer")]
    assert (await vic.post(f"{API}/problems", json={"incident": "INC-000001"})).status_code == 403
    made = await bob.post(f"{API}/problems", json={"incident": "INC-000001"})
    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["number"], told["state"], told["incident_numbers"]) == ("PRB-000001", "open", ["INC-000001"])
    assert told["offers"] == ["know", "resolve", "edit"]
    assert (await vic.get(f"{API}/incidents/INC-000001")).json()["problem"] == "PRB-000001"
    assert (await bob.put(ONE, json={"cause": "logs", "version": told["version"]})).status_code == 200
    stale = await bob.put(ONE, json={"cause": "no", "version": told["version"]})
    assert (stale.status_code, "no longer" in stale.text) == (400, True)
    assert (await bob.post(f"{ONE}/acts", json={"act": "know"})).json()["state"] == "known_error"
    assert (await bob.post(f"{ONE}/acts", json={"act": "close"})).status_code == 422
    assert (await bob.post(f"{ONE}/decisions", json={"act": "close", "text": "x"})).status_code == 403
    assert (await bob.post(f"{ONE}/incidents", json={"incident": "INC-000002"})).json()["incidents"] == 2
    assert (await bob.delete(f"{ONE}/incidents/INC-000002")).status_code == 204
    page = (await vic.get(f"{API}/problems", params={"state": "known_error"})).json()
    assert [(each["number"], each["cause"], each["incidents"]) for each in page["items"]] == [("PRB-000001", "logs", 1)]
    assert (await vic.get(ONE)).json()["offers"] == []
    closed = await meg.post(f"{ONE}/decisions", json={"act": "close", "text": "replaced"})
    assert (closed.json()["state"], closed.json()["trail"][-1]["comment"]) == ("closed", "replaced")
    assert (await vic.get(f"{API}/problems/PRB-000009")).status_code == 404


async def test_an_alert_is_seen_listed_and_taken_back(world: World) -> None:
    bob, vic = await world.program("engineer"), await world.program("viewer")
    said = {"rule": "SRV-DISK-001", "ci": world.estate.web.uid, "instance": "/var", "reason": "cleaning"}
    assert (await vic.post(f"{API}/alerts/acknowledge", json=said)).status_code == 403
    unseen = (await vic.get(f"{API}/alerts", params={"acknowledged": False})).json()
    assert [each["ack"] for each in unseen["items"]] == [None] * unseen["count"]
    done = await bob.post(f"{API}/alerts/acknowledge", json=said)
    assert done.status_code == 200, done.text
    (instance,) = done.json()["instances"]
    assert (instance["ack"]["who"], instance["ack"]["reason"]) == ("robot-engineer", "cleaning")
    (seen,) = (await vic.get(f"{API}/alerts", params={"acknowledged": True})).json()["items"]
    assert (seen["instance"], seen["ack"]) == ("/var", instance["ack"])
    assert (await vic.get(f"{API}/alerts", params={"acknowledged": False})).json()["count"] == unseen["count"] - 1
    again = await bob.post(f"{API}/alerts/acknowledge", json=said)
    assert (again.status_code, "seen it already" in again.text) == (400, True)
    back = await bob.post(f"{API}/alerts/withdraw", json=said | {"reason": "not that one"})
    assert back.json()["instances"][0]["ack"] is None
    assert (await bob.post(f"{API}/alerts/acknowledge", json=said | {"instance": "/x"})).status_code == 404
