"""PagerDuty and Alertmanager: what they are told of an incident (Events API v2; Alertmanager's OpenAPI, v2)."""

from __future__ import annotations

from collector.delivery.alertmanager import LASTS_MS, Alertmanager
from collector.delivery.caller import Caller
from collector.delivery.message import Voice
from collector.delivery.pagerduty import PagerDuty
from collector.wording import time_text
from tests.collector.delivery.answering import Answering
from tests.collector.delivery.told import NOW, delivery


async def test_an_incident_is_triggered_and_resolved_under_one_key(there: Answering) -> None:
    there.answers = [(202, {"status": "success"})] * 4
    pager = PagerDuty(Caller(there.url), "integration", "MUSTER-ab-", Voice("en", "https://muster.example.org"))
    for event in ("opened", "commented", "warned", "escalated", "resolved"):
        assert await pager(delivery(event=event, title="t" * 3_000)) == "MUSTER-ab-INC-000001"
    await pager.aclose()
    assert [each.value["event_action"] for each in there.asked] == ["trigger", "trigger", "trigger", "resolve"]
    assert {each.value["dedup_key"] for each in there.asked} == {"MUSTER-ab-INC-000001"}
    first = there.asked[0].value
    assert (first["routing_key"], first["payload"]["severity"], first["payload"]["source"]) == (
        "integration", "critical", "web-01",
    )  # fmt: skip
    assert len(first["payload"]["summary"]) <= 1_024
    assert first["links"] == [{"href": "https://muster.example.org/incidents/INC-000001", "text": "INC-000001"}]


async def test_what_somebody_has_seen_rings_nobody_any_more(there: Answering) -> None:
    there.answers = [(202, {"status": "success"})]
    pager = PagerDuty(Caller(there.url), "integration", "MUSTER-ab-", Voice("en"))
    assert await pager(delivery(event="acknowledged")) == "MUSTER-ab-INC-000001"
    await pager.aclose()
    (asked,) = [each.value for each in there.asked]
    assert asked == {"routing_key": "integration", "dedup_key": "MUSTER-ab-INC-000001", "event_action": "acknowledge"}


async def test_details_beyond_the_limit_are_left_out(there: Answering) -> None:
    there.answers = [(202, {})]
    pager = PagerDuty(Caller(there.url), "integration", "", Voice("en"))
    await pager(delivery(detail={"big": "x" * 600_000}))
    await pager.aclose()
    assert there.asked[0].value["payload"]["custom_details"] == {"incident": "INC-000001"}


async def test_an_alert_stands_for_minutes_is_told_again_and_ended(there: Answering) -> None:
    there.answers = [(200, {})] * 3
    peer = Alertmanager(Caller(there.url), Voice("en"), lambda: NOW)
    await peer(delivery())
    await peer.remind([delivery(), delivery("INC-000002")])
    await peer(delivery(event="resolved"))
    await peer.aclose()
    [first], again, [last] = (each.value for each in there.asked)
    assert first["endsAt"] == time_text(NOW + LASTS_MS)
    assert first["labels"] == {
        "alertname": "SRV-1", "incident": "INC-000001", "severity": "critical", "category": "disk",
        "instance": "web-01", "site": "shanghai", "ci_class": "server", "source": "muster",
    }  # fmt: skip
    assert [each["labels"]["incident"] for each in again] == ["INC-000001", "INC-000002"]
    assert again[0]["labels"] == last["labels"] == first["labels"], "it is the same alert"
    assert last["endsAt"] == time_text(NOW + 40_000)
