"""An alert of another system is of the account that told of it: no other one ends, changes or hides it."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.collector.api.test_inbound_api import STARTED, alert, incidents, post, webhook
from tests.people import World

Message = dict[str, Any] | list[dict[str, Any]]


def event(action: str) -> Message:
    return {"event_action": action, "dedup_key": "k", "payload": {"summary": "Disk", "source": "web-77"}}


def ours(**more: Any) -> Message:
    return [{"labels": {"alertname": "Hot"}, "startsAt": STARTED, "annotations": {}, **more}]


WAYS = {
    "alertmanager": ("/api/v1/in/alertmanager", webhook(alert()), webhook(alert(status="resolved"))),
    "pagerduty": ("/api/v1/in/pagerduty", event("trigger"), event("resolve")),
    "webhook": ("/api/v1/in/webhook/generic", {"id": 5, "title": "x"}, {"id": 5, "status": "resolved"}),
    "prometheus": ("/api/v2/alerts", ours(), ours(endsAt="2026-01-15T09:00:00Z")),
}


@pytest.fixture
async def its(world: World) -> httpx2.AsyncClient:
    return await world.program("alert_source", name="its-own")


@pytest.fixture
async def other(world: World) -> httpx2.AsyncClient:
    return await world.program("alert_source", name="another")


async def standing(world: World) -> list[tuple[str, str]]:
    desk = await world.program("viewer")
    told = (await desk.get("/api/v1/in/alerts")).json()["items"]
    return [(each["account"], each["severity"]) for each in told]


@pytest.mark.parametrize("way", WAYS)
async def test_the_end_another_account_tells_of_ends_nothing(
    world: World, its: httpx2.AsyncClient, other: httpx2.AsyncClient, way: str
) -> None:
    path, firing, over = WAYS[way]
    await post(its, firing, path)
    await post(other, over, path)
    [one] = await incidents(world)
    assert one.resolved_at is None
    assert [account for account, _ in await standing(world)] == ["its-own"]
    await post(its, over, path)
    [one] = await incidents(world)
    assert one.resolved_at is not None


async def test_two_accounts_that_name_one_alert_of_a_ci_have_a_cause_each_and_each_ends_its_own(
    world: World, its: httpx2.AsyncClient, other: httpx2.AsyncClient
) -> None:
    name = world.estate.web.name
    await post(its, webhook(alert(host=name)))
    await post(other, webhook(alert(host=name, severity="info")))
    assert sorted(await standing(world)) == [("another", "notice"), ("its-own", "critical")]
    found = await incidents(world)
    assert sum(each.causes for each in found if each.resolved_at is None) == 2
    await post(other, webhook(alert(status="resolved", host=name)))
    assert await standing(world) == [("its-own", "critical")]
    assert sum(each.causes for each in await incidents(world) if each.resolved_at is None) == 1


async def test_another_account_does_not_make_an_alert_old_news_before_it_is_told(
    world: World, its: httpx2.AsyncClient, other: httpx2.AsyncClient
) -> None:
    await post(other, webhook(alert(status="resolved")))
    assert (await post(its, webhook(alert()))).json()["new"] == 1
    [one] = await incidents(world)
    assert one.resolved_at is None


async def test_no_fingerprint_is_taken_for_the_incident_that_alerts_of_no_ci_share(
    world: World, its: httpx2.AsyncClient, other: httpx2.AsyncClient
) -> None:
    await post(its, webhook(alert(host="nowhere")))
    await post(other, webhook(alert("*|Down", host=world.estate.web.name)))
    shared, own = await incidents(world)
    assert (shared.ci_id, shared.causes, own.ci_id) == (None, 1, world.estate.web.id)
    await post(other, webhook(alert("*|Down", "resolved", host=world.estate.web.name)))
    assert [each.resolved_at is None for each in await incidents(world)] == [True, False]
