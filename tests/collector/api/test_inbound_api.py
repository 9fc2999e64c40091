"""Alerts of other systems by REST: taken once, bound to one CI or to none, ended; hostile ones refused in one way."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from collector.services.inbound import inbox
from collector.services.inbound.inbox import Inbox
from collector.store import schema
from collector.store.failure import WriteFailed
from tests.people import World

STARTED = "2026-01-15T08:00:00.123456789Z"


def alert(fingerprint: str = "a1", status: str = "firing", **labels: str) -> dict[str, Any]:
    return {
        "status": status, "fingerprint": fingerprint, "startsAt": STARTED,
        "endsAt": "2026-01-15T09:00:00Z" if status == "resolved" else "0001-01-01T00:00:00Z",
        "labels": {"alertname": "Down", "severity": "critical", **labels}, "annotations": {"summary": "it is down"},
        "generatorURL": "http://prometheus.example.org/graph",
    }  # fmt: skip


def webhook(*alerts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"version": "4", "groupKey": "{}", "truncatedAlerts": 0, "alerts": list(alerts), "unknown": 1, **more}


async def incidents(world: World) -> list[Any]:
    async with world.store.read() as connection:
        rows = select(schema.incident).where(schema.incident.c.kind == "foreign_alert").order_by(schema.incident.c.id)
        return list(await connection.execute(rows))


async def post(client: httpx2.AsyncClient, body: Any, path: str = "/api/v1/in/alertmanager") -> httpx2.Response:
    answer = await client.post(path, json=body)
    assert answer.status_code in (200, 202), answer.text
    return answer


async def test_what_is_told_twice_or_late_opens_one_incident(world: World) -> None:
    desk = await world.program("alert_source")
    assert (await post(desk, webhook(alert()))).json() == {"new": 1, "known": 0, "unbound": 1}
    await post(desk, webhook(alert()))
    [one] = await incidents(world)
    assert (one.severity, one.resolved_at) == ("critical", None)
    await post(desk, webhook(alert(status="resolved")))
    [one] = await incidents(world)
    assert one.resolved_at is not None
    assert (await post(desk, webhook(alert()))).json() == {"new": 0, "known": 1, "unbound": 0}, "it came late"
    [one] = await incidents(world)
    assert one.resolved_at is not None


async def test_an_alert_is_bound_to_the_one_ci_of_that_name_and_resolved_with_it(world: World) -> None:
    desk = await world.program("alert_source")
    async with world.store.read() as connection:
        ci = (await connection.execute(select(schema.ci).where(schema.ci.c.state == "active").limit(1))).one()
    answer = await post(desk, webhook(alert(instance=f"{ci.name.upper()}:9100")))
    assert answer.json()["unbound"] == 0
    [one] = await incidents(world)
    assert one.ci_id == ci.id
    await post(desk, webhook(alert(status="resolved", instance=f"{ci.name.upper()}:9100")))
    [one] = await incidents(world)
    assert one.resolved_at is not None


async def test_an_alert_about_two_of_the_same_name_is_about_none(world: World) -> None:
    desk = await world.program("alert_source")
    async with world.store.write() as tx:
        rows = (await tx.execute(select(schema.ci.c.id).where(schema.ci.c.state == "active").limit(2))).scalars().all()
        await tx.execute(schema.ci.update().where(schema.ci.c.id.in_(rows)).values(name="twin"))
    assert (await post(desk, webhook(alert(host="twin")))).json()["unbound"] == 1
    [one] = await incidents(world)
    assert one.ci_id is None


async def test_a_serial_number_nobody_has_is_not_outdone_by_a_name(world: World) -> None:
    desk = await world.program("alert_source")
    async with world.store.write() as tx:
        held = select(schema.identifier.c.ci_id).where(schema.identifier.c.kind == "serial")
        rows = select(schema.ci).where(schema.ci.c.id.in_(held), schema.ci.c.state == "active").limit(1)
        ci = (await tx.execute(rows)).one()
        its = (schema.identifier.c.kind == "serial", schema.identifier.c.ci_id == ci.id)
        await tx.execute(schema.identifier.update().where(*its).values(value="dell|7XK9Q77"))
    other = await post(desk, webhook(alert("a", host=ci.name, serial="ZZ-NOBODY-77")))
    assert other.json()["unbound"] == 1
    its_own = await post(desk, webhook(alert("b", host="another-name", serial="7xk9q77")))
    assert its_own.json()["unbound"] == 0


async def test_alerts_of_no_ci_share_an_incident_a_kind_and_a_person_can_say_which_ci(world: World) -> None:
    source, desk = await world.program("alert_source"), await world.program("service_desk")
    await post(source, webhook(*(alert(f"f{at}", host=f"nowhere-{at}") for at in range(300))))
    [shared] = await incidents(world)
    assert (shared.ci_id, shared.causes) == (None, 300)
    queue = (await desk.get("/api/v1/in/alerts?limit=200")).json()
    assert (queue["count"], len(queue["items"])) == (300, 200)
    behind = (await desk.get(f"/api/v1/in/alerts?limit=200&cursor={queue['next_cursor']}")).json()
    assert len({each["id"] for each in (*queue["items"], *behind["items"])}) == 300
    [first, *_] = queue["items"]
    async with world.store.read() as connection:
        ci = (await connection.execute(select(schema.ci).where(schema.ci.c.state == "active").limit(1))).one()
    bound = await desk.post(f"/api/v1/in/alerts/{first['id']}/ci", json={"ci": ci.uid})
    assert bound.json() == {"alerts": 1}, bound.text
    shared, own = await incidents(world)
    assert (shared.causes, own.ci_id) == (299, ci.id)
    told = webhook(alert(first["fingerprint"], status="resolved", host=first["names"]["name"]))
    await post(source, told)
    assert (await incidents(world))[1].resolved_at is not None


async def test_what_was_left_out_on_the_way_is_said(world: World) -> None:
    desk = await world.program("alert_source")
    await post(desk, webhook(alert(), truncatedAlerts=7))
    [told] = (await (await world.program("viewer")).get("/api/v1/in/alerts")).json()["items"]
    assert told["incomplete"] == 7


async def test_our_own_alerts_that_come_back_are_no_news(world: World) -> None:
    desk = await world.program("alert_source")
    answer = await post(desk, webhook(alert(source="muster", incident="INC-000001")))
    assert answer.json() == {"new": 0, "known": 0, "unbound": 0}


async def test_a_prometheus_tells_again_and_again_and_its_silence_ends_an_alert(world: World) -> None:
    desk = await world.program("alert_source")
    told = {"labels": {"alertname": "Hot"}, "startsAt": STARTED, "annotations": {}}
    for _ in range(3):
        await post(desk, [told], "/api/v2/alerts")
    [one] = await incidents(world)
    box: Inbox = world.app.state.context.inbox
    world.clock.at += 299_999
    await box.expire()
    assert (await incidents(world))[0].resolved_at is None
    world.clock.at += 1
    await box.expire()
    assert (await incidents(world))[0].resolved_at is not None
    await post(desk, [told], "/api/v2/alerts")
    found = await incidents(world)
    assert [each.resolved_at for each in found] == [None], "the same episode, told again: it is open again"
    assert found[0].number == one.number


async def test_pagerduty_events_open_and_resolve(world: World) -> None:
    desk = await world.program("alert_source")
    event = {"routing_key": "r", "event_action": "trigger", "dedup_key": "k", "payload": {
        "summary": "Disk", "source": "web-77", "severity": "error"}}  # fmt: skip
    assert (await post(desk, event, "/api/v1/in/pagerduty")).json()["dedup_key"] == "k"
    await post(desk, {"event_action": "acknowledge", "dedup_key": "k"}, "/api/v1/in/pagerduty")
    await post(desk, {"event_action": "resolve", "dedup_key": "k"}, "/api/v1/in/pagerduty")
    [one] = await incidents(world)
    assert (one.severity, one.resolved_at is None) == ("error", False)


@pytest.mark.parametrize(
    ("name", "body", "severity"),
    [
        ("generic", {"id": 5, "title": "x", "severity": "fatal"}, "critical"),
        ("zabbix", {"eventid": "12", "value": "1", "severity": "High", "name": "x", "host": "h"}, "error"),
        ("nightingale", {"hash": "a", "is_recovered": False, "severity": 1, "rule_name": "x"}, "critical"),
    ],
)
async def test_other_systems_are_read_by_the_mapping(
    world: World, name: str, body: dict[str, Any], severity: str
) -> None:
    desk = await world.program("alert_source")
    await post(desk, body, f"/api/v1/in/webhook/{name}")
    [one] = await incidents(world)
    assert one.severity == severity


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/in/alertmanager", b"{"), ("/api/v1/in/alertmanager", b"[]"), ("/api/v1/in/alertmanager", b"null"),
        ("/api/v1/in/alertmanager", b'{"version": "3", "alerts": []}'),
        ("/api/v1/in/alertmanager", b'{"version": "4", "alerts": [1]}'),
        ("/api/v1/in/alertmanager", b'{"version": "4", "alerts": [{"labels": {}}]}'),
        ("/api/v1/in/alertmanager", b'{"version": "4", "alerts": [{"labels": {"a": "b"}, "startsAt": "x"}]}'),
        ("/api/v2/alerts", b"{}"), ("/api/v2/alerts", b'[{"labels": {"a": "b"}, "endsAt": 1e400}]'),
        ("/api/v2/alerts", b"[" * 5_000 + b"]" * 5_000),
        ("/api/v1/in/pagerduty", b'{"event_action": "explode"}'), ("/api/v1/in/pagerduty", b'{"payload": 5}'),
        ("/api/v1/in/webhook/generic", b"{}"), ("/api/v1/in/webhook/generic", b'{"id": {"a": 1}}'),
        ("/api/v1/in/webhook/nightingale", b'{"hash": "x", "severity": "x"}'),
    ],
)  # fmt: skip
async def test_what_cannot_be_read_is_refused_and_leaves_nothing(world: World, path: str, body: bytes) -> None:
    desk = await world.program("alert_source")
    answer = await desk.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 400:
        assert await incidents(world) == []


async def test_hostile_texts_are_kept_as_one_bounded_line(world: World) -> None:
    desk = await world.program("alert_source")
    title = "a\x00b\r\n<script>\u202e" + "x" * 100_000
    await post(desk, {"id": "1", "title": title, "text": title, "host": title}, "/api/v1/in/webhook/generic")
    [one] = await incidents(world)
    assert len(one.title) < 1_000
    assert not {"\\u0000", "\\u202e", "\\r"} & {part for part in ("\\u0000", "\\u202e", "\\r") if part in one.title}


async def test_too_much_at_once_and_a_database_that_fails_are_503_never_429(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await world.program("alert_source")
    box: Inbox = world.app.state.context.inbox
    box._under_way = inbox.MAX_WAITING
    assert (await desk.post("/api/v1/in/alertmanager", json=webhook(alert()))).status_code == 503
    box._under_way = 0

    async def fails(*_: object) -> None:
        raise WriteFailed("full")

    monkeypatch.setattr(Inbox, "_take", fails)
    assert (await desk.post("/api/v1/in/alertmanager", json=webhook(alert()))).status_code == 503


async def test_who_may_not_report_tells_nothing(world: World) -> None:
    assert (await world.nobody().post("/api/v2/alerts", json=[])).status_code == 401
    auditor = await world.program("auditor")
    assert (await auditor.post("/api/v1/in/alertmanager", json=webhook(alert()))).status_code == 403
