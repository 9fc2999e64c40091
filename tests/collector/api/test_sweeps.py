"""The REST of sweeps, plans and credentials: shapes, cursors, refusals, events, and no secret anywhere."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from collector.api import streams
from collector.security.vault import Vault
from collector.services import credential_alarms
from collector.store import credentials as kept
from collector.store import pins, refusals
from collector.store.pins import PinRow
from collector.store.refusals import RefusalRow
from tests import swept
from tests.people import World
from tests.swept import SECRET, SETTINGS, Swept

API = "/api/v1"
PLAN = {"name": "Office", "settings": {"ranges": ["10.1.0.0/24"]}, "schedule": "0 2 * * *"}
CREDENTIAL = {"name": "office", "kind": "snmp_community", "scope": {"ranges": ["10.1.0.0/16"]},
              "secret": {"community": SECRET}}  # fmt: skip


def vault(world: World) -> Vault:
    found: Vault = world.app.state.context.vault
    return found


@pytest.fixture
async def running(world: World) -> Swept:
    async with world.store.write() as tx:
        return await swept.begin(tx, vault(world), world.clock())


async def _end(world: World, running: Swept) -> None:
    async with world.store.write() as tx:
        await swept.finish(tx, running, world.clock())
        await swept.bind(tx, world.estate.web.uid, "10.20.0.1", world.clock())


async def _json(client: httpx2.AsyncClient, path: str, **query: Any) -> Any:
    answer = await client.get(API + path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_sweep_is_told_with_its_plan_settings_and_counts(world: World, running: Swept) -> None:
    await _end(world, running)
    async with await world.program("viewer") as client:
        sweep = await _json(client, f"/sweeps/{running.sweep}")
        (listed,) = (await _json(client, "/sweeps"))["items"]
        (plan,) = await _json(client, "/sweep-plans")
        assert (await _json(client, "/sweeps", plan="other"))["items"] == []
    assert listed == sweep
    assert (sweep["state"], sweep["plan"], sweep["plan_name"]) == ("done", running.plan, "Campus")
    assert (sweep["counts"]["sweep"], sweep["counts"]["alive"], sweep["counts"]["identified"]) == (149, 6, 2)
    assert sweep["settings"] == SETTINGS
    assert (plan["id"], plan["last"]["id"], plan["schedule"]) == (running.plan, running.sweep, "0 2 * * *")


async def test_the_ledger_follows_its_cursors_and_names_causes_and_cis(world: World, running: Swept) -> None:
    await _end(world, running)
    async with await world.program("viewer") as client:
        found, cursor = [], None
        while True:
            page = await _json(
                client, f"/sweeps/{running.sweep}/targets", limit=40, **({"cursor": cursor} if cursor else {})
            )
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        refused = await _json(client, f"/sweeps/{running.sweep}/targets", cause="credential_refused")
        well = await _json(client, f"/sweeps/{running.sweep}/targets", well=True)
        (subnet,) = await _json(client, f"/sweeps/{running.sweep}/coverage")
    assert len({each["address"] for each in found}) == len(found) == 149
    first = found[0]
    assert (first["address"], first["cause"], first["found"]["model"]) == ("10.20.0.1", None, "S5731-S48T4X")
    assert first["ci"]["id"] == world.estate.web.uid
    assert [each["address"] for each in refused["items"]] == ["10.20.0.3", "10.20.0.4"]
    assert [each["address"] for each in well["items"]] == ["10.20.0.1", "10.20.0.2"]
    assert (subnet["subnet"], subnet["alive"], subnet["failed"]["unknown_model"]) == ("10.20.0.0/24", 6, 1)


async def test_sweeps_follow_their_cursors_newest_first(world: World, running: Swept) -> None:
    await _end(world, running)
    async with await world.program("network_admin") as client:
        again = (await client.post(f"{API}/sweeps/{running.sweep}/again")).json()
        first = await _json(client, "/sweeps", limit=1)
        second = await _json(client, "/sweeps", limit=1, cursor=first["next_cursor"])
        assert (await client.get(f"{API}/sweeps", params={"cursor": "bm9wZQ"})).status_code == 400
        assert (await client.get(f"{API}/sweeps/{running.sweep}/targets", params={"cursor": "x"})).status_code == 400
    assert again["settings"]["ranges"] == ["10.20.0.3-10.20.0.6"]
    assert [page["items"][0]["id"] for page in (first, second)] == [again["id"], running.sweep]
    assert second["next_cursor"] is None


async def test_a_plan_is_made_started_changed_and_removed(world: World) -> None:
    async with await world.program("network_admin") as client:
        plan = (await client.post(f"{API}/sweep-plans", json=PLAN)).json()
        assert plan["next_at"] is not None
        sweep = await client.post(f"{API}/sweeps", json={"plan": plan["id"]})
        assert (sweep.status_code, sweep.json()["state"]) == (201, "waiting")
        twice = await client.post(f"{API}/sweeps", json={"plan": plan["id"]})
        assert (twice.status_code, "under way" in twice.json()["detail"]) == (400, True)
        assert (await client.delete(f"{API}/sweep-plans/{plan['id']}")).status_code == 400
        assert (await client.post(f"{API}/sweeps/{sweep.json()['id']}/cancel")).status_code == 204
        changed = await client.put(f"{API}/sweep-plans/{plan['id']}", json={**PLAN, "name": "Offices", "schedule": ""})
        assert (changed.json()["name"], changed.json()["next_at"]) == ("Offices", None)
        assert (await client.delete(f"{API}/sweep-plans/{plan['id']}")).status_code == 204
        assert (await client.get(f"{API}/sweep-plans/{plan['id']}")).status_code == 404


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"settings": {"ranges": ["10.0.0.0/99"]}}, 400, "ranges"),
        ({"settings": {"ranges": ["10.0.0.0/8"]}}, 400, "ranges"),
        ({"schedule": "whenever"}, 400, "schedule"),
        ({"zone": "a b"}, 400, "zone"),
        ({"settings": {"ranges": []}}, 422, None),
        ({"settings": {"ranges": ["10.1.0.0/24"], "rate": 0}}, 422, None),
        ({"settings": {"ranges": ["10.1.0.0/24"], "surprise": 1}}, 422, None),
        ({"settings": {"ranges": ["10.1.0.0/24"], "blackout": [{"from": "25:00", "to": "06:00"}]}}, 422, None),
    ],
)
async def test_a_plan_that_is_wrong_is_refused_and_the_field_named(
    world: World, change: dict[str, Any], status: int, field: str | None
) -> None:
    async with await world.program("network_admin") as client:
        answer = await client.post(f"{API}/sweep-plans", json={**PLAN, **change})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json().get("field") == field


async def test_a_credential_goes_in_and_its_secret_never_comes_out(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    async with await world.program("network_admin") as client:
        answers = [await client.post(f"{API}/credentials", json=CREDENTIAL)]
        uid = answers[0].json()["id"]
        scope = {"scope": {"ranges": ["10.2.0.0/16"], "except": ["10.2.9.0/24"]}}
        answers += [
            await client.get(f"{API}/credentials"),
            await client.get(f"{API}/credentials/{uid}"),
            await client.patch(f"{API}/credentials/{uid}", json=scope),
            await client.patch(f"{API}/credentials/{uid}", json={"secret": {"community": SECRET, "surprise": SECRET}}),
            await client.post(f"{API}/credentials", json={**CREDENTIAL, "surprise": SECRET}),
            await client.post(f"{API}/credentials", json={**CREDENTIAL, "name": "x", "secret": {"password": SECRET}}),
            await client.post(f"{API}/credentials", json={**CREDENTIAL, "kind": "snmp_user"}),
            await client.delete(f"{API}/credentials/{uid}"),
            await client.get(f"{API}/credentials/{uid}"),
        ]
    assert [each.status_code for each in answers] == [201, 200, 200, 200, 400, 422, 400, 400, 204, 404]
    assert answers[3].json()["scope"]["except"] == ["10.2.9.0/24"]
    assert not [each for each in answers if SECRET in each.text]
    assert SECRET not in capsys.readouterr().out, "nor in the log"


async def test_only_the_network_administrator_writes_credentials_and_only_audit_sees_them_too(
    world: World, running: Swept
) -> None:
    for role, seen in (("viewer", 403), ("ops", 403), ("auditor", 200)):
        async with await world.program(role) as client:
            assert (await client.get(f"{API}/sweeps")).status_code == 200
            assert (await client.get(f"{API}/credentials")).status_code == seen
            assert (await client.post(f"{API}/sweep-plans", json=PLAN)).status_code == 403
            assert (await client.post(f"{API}/sweeps/{running.sweep}/cancel")).status_code == 403


@pytest.mark.parametrize("path", ["/sweeps/x", "/sweeps/x/targets", "/sweeps/x/coverage", "/sweeps/x/events",
                                  "/sweep-plans/x", "/credentials/x"])  # fmt: skip
async def test_what_is_not_there_is_a_problem_document(world: World, path: str) -> None:
    async with await world.program("network_admin") as client:
        answer = await client.get(API + path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def _events(text: str) -> list[tuple[str, Any]]:
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.partition(": ")[::2] for line in block.splitlines() if not line.startswith(":"))
        if "event" in lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


async def test_the_events_of_a_sweep_tell_counts_while_it_runs_and_its_end(
    world: World, running: Swept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "EVERY_S", 0.0)
    looked = 0
    look = swept.finish

    async def sleep(seconds: float) -> None:
        nonlocal looked
        looked += 1
        if looked == 3:
            async with world.store.write() as tx:
                await look(tx, running, world.clock())

    monkeypatch.setattr("collector.api.streams.asyncio.sleep", sleep)
    async with await world.program("viewer") as client:
        answer = await client.get(f"{API}/sweeps/{running.sweep}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = _events(answer.text)
    assert [name for name, _ in events] == ["counts", "counts", "ended"], "what has not moved is not told again"
    assert events[0][1]["state"] == "running"
    assert events[-1][1]["counts"]["alive"] == 6
    assert streams._open == set()


async def test_streams_are_bounded_in_number(world: World, running: Swept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MAX_OPEN", 0)
    async with await world.program("viewer") as client:
        answer = await client.get(f"{API}/sweeps/{running.sweep}/events")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")


async def test_streams_are_bounded_in_life(world: World, running: Swept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LIFE_S", 0.05)
    monkeypatch.setattr(streams, "EVERY_S", 0.01)
    async with await world.program("viewer") as client:
        answer = await client.get(f"{API}/sweeps/{running.sweep}/events")
    assert [name for name, _ in _events(answer.text)] == ["counts"]


async def test_keys_are_listed_in_parts_accepted_and_forgotten(world: World) -> None:
    old, new = (f"ssh-rsa SHA256:{letter * 43}" for letter in "ab")
    async with world.store.write() as tx:
        await pins.put(tx, [PinRow("", f"10.1.0.{at}", "host_key", old, "", 5, new, 6) for at in range(3)])
    key = {"zone": "", "address": "10.1.0.1", "kind": "host_key"}
    async with await world.program("network_admin") as client:
        first = await _json(client, "/pins", limit=2)
        rest = await _json(client, "/pins", limit=2, cursor=first["next_cursor"])
        assert [each["address"] for each in (*first["items"], *rest["items"])] == [f"10.1.0.{at}" for at in range(3)]
        assert rest["next_cursor"] is None
        assert (first["items"][0]["state"], first["items"][0]["pinned_by"]) == ("changed", "")
        bad = [{**key, "value": "ssh-rsa SHA256:short"}, {**key, "kind": "heart", "value": new}, {**key, "value": ""}]
        assert [(await client.post(f"{API}/pins/accept", json=each)).status_code for each in bad] == [400, 422, 422]
        gone = await client.post(f"{API}/pins/accept", json={**key, "address": "10.9.9.9", "value": new})
        accepted = await client.post(f"{API}/pins/accept", json={**key, "value": new})
        assert (gone.status_code, accepted.json()["state"]) == (404, "pinned")
        assert (await client.post(f"{API}/pins/forget", json=key)).status_code == 204
        assert (await client.post(f"{API}/pins/forget", json=key)).status_code == 404
        assert (await client.get(f"{API}/pins", params={"cursor": "bm9wZQ"})).status_code == 400
        assert len((await _json(client, "/pins", state="changed"))["items"]) == 2


async def test_a_suspended_credential_tells_who_refused_it_and_is_resumed(world: World, running: Swept) -> None:
    async with world.store.write() as tx:
        await kept.change(tx, running.credential, suspended_until=2**42, suspended_why="refused")
        await refusals.put(tx, [RefusalRow(running.credential, "", "10.20.0.1", 1_700_000_000_000)])
        await credential_alarms.settle(tx, world.clock())
    async with await world.program("network_admin") as client:
        refused = await _json(client, f"/credentials/{running.credential}/refusals")
        assert refused == [{"zone": "", "address": "10.20.0.1", "at": "2023-11-14T22:13:20.000Z"}]
        (raised,) = (await _json(client, "/incidents", kind="credential"))["items"]
        assert (raised["ci"], raised["detail"]["credential"]["uid"]) == (None, running.credential)
        resumed = await client.post(f"{API}/credentials/{running.credential}/resume")
        assert (resumed.status_code, resumed.json()["suspended_until"]) == (200, None)
        assert await _json(client, f"/credentials/{running.credential}/refusals") == []
        assert (await client.post(f"{API}/credentials/gone/resume")).status_code == 404


async def test_probes_are_woken_when_a_sweep_is_asked_for_or_cancelled(world: World, running: Swept) -> None:
    await _end(world, running)
    woken: list[int] = []
    world.app.state.context = replace(world.app.state.context, wake_probes=lambda: woken.append(1))
    async with await world.program("network_admin") as client:
        started = await client.post(f"{API}/sweeps", json={"plan": running.plan})
        assert (started.status_code, len(woken)) == (201, 1)
        await client.post(f"{API}/sweeps/{started.json()['id']}/cancel")
        assert len(woken) == 2
        await client.post(f"{API}/sweeps/{running.sweep}/again")
        assert len(woken) == 3


async def test_the_description_names_the_operations_and_keeps_secrets_write_only(world: World) -> None:
    async with world.nobody() as client:
        described = (await client.get(f"{API}/openapi.json")).json()
    operations = {each["operationId"] for path in described["paths"].values() for each in path.values()}
    assert operations >= {
        "listSweeps", "startSweep", "getSweep", "cancelSweep", "sweepFailedAgain", "listSweepTargets",
        "getSweepCoverage", "followSweep", "listSweepPlans", "createSweepPlan", "changeSweepPlan", "removeSweepPlan",
        "listCredentials", "createCredential", "changeCredential", "removeCredential",
    }  # fmt: skip
    schemas = described["components"]["schemas"]
    assert "secret" not in schemas["Credential"]["properties"]
    assert schemas["CredentialAsked"]["properties"]["secret"]["writeOnly"] is True
