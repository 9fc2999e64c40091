"""Channels by REST: what is kept, what is refused, and that a secret goes in and never comes out."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from collector.services.channels import setup
from collector.store import schema
from tests.collector.delivery.receiver import Receiver
from tests.people import World

JIRA = {
    "kind": "jira", "settings": {"url": "https://jira.example.org", "project": "OPS"}, "language": "en",
    "secret": {"user": "muster", "token": "geheim-geheim"},
    "wants": {"severity": "error", "categories": ["network"], "sources": ["monitoring"], "events": ["opened"]},
}  # fmt: skip


async def test_a_channel_is_kept_without_its_secret_being_told(world: World) -> None:
    manager = await world.program("incident_manager")
    answer = await manager.put("/api/v1/channels/desk", json=JIRA)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["settings"]["project"], told["settings"]["version"], told["health"]["state"]) == ("OPS", "3", "unused")
    assert len(told["settings"]["mark"]) == 8, "what tells our tickets from another collector's"
    assert told["wants"]["categories"] == ["network"]
    async with world.store.read() as connection:
        row = (await connection.execute(select(schema.channel))).one()
        audit = [entry.details for entry in await connection.execute(select(schema.audit))]
    for text in (answer.text, (await manager.get("/api/v1/channels")).text, str(row), *audit):
        assert "geheim" not in text
    again = await manager.put("/api/v1/channels/desk", json={**JIRA, "secret": None, "language": "zh"})
    assert again.json()["settings"]["mark"] == told["settings"]["mark"], "its tickets stay its own"


async def test_a_secret_is_not_sent_to_another_address(world: World) -> None:
    manager = await world.program("incident_manager")
    assert (await manager.put("/api/v1/channels/desk", json=JIRA)).status_code == 200
    moved = {**JIRA, "settings": {"url": "https://evil.example.org", "project": "OPS"}, "secret": None}
    answer = await manager.put("/api/v1/channels/desk", json=moved)
    assert (answer.status_code, answer.json()["field"]) == (400, "secret")


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"kind": "webhook", "settings": {"url": "file:///etc/passwd"}}, "url"),
        ({"kind": "webhook", "settings": {"url": "http://u:p@example.org/"}}, "url"),
        ({"kind": "webhook", "settings": {}}, "url"),
        ({"kind": "webhook", "settings": {"url": "http://x", "shell": "rm"}}, "settings"),
        ({"kind": "webhook", "settings": {"url": "http://x"}, "secret": {"password": "x"}}, "secret"),
        ({"kind": "dingtalk", "settings": {}}, "secret"),
        ({"kind": "dingtalk", "settings": {"interval_s": 1}, "secret": {"token": "t"}}, "interval_s"),
        ({"kind": "wecom", "settings": {"interval_s": 3}, "secret": {"token": "t"}}, "interval_s"),
        ({"kind": "wecom", "settings": {"burst": 20}, "secret": {"token": "t"}}, "interval_s"),
        ({"kind": "email", "settings": {"host": "h", "sender": "a@b.cd", "recipients": "a@b.cd\nBcc: x@y.zz"}},
         "recipients"),
        ({"kind": "email", "settings": {"host": "h", "sender": "a@b.cd\r\nBcc: x", "recipients": "a@b.cd"}}, "sender"),
        ({"kind": "jira", "settings": {"url": "http://x", "project": 'OPS" OR 1=1'}, "secret": {"token": "t"}},
         "project"),
        ({"kind": "webhook", "settings": {"url": "http://x"}, "link": "javascript:alert(1)"}, "link"),
        ({"kind": "webhook", "settings": {"url": "http://x"}, "wants": {"events": ["exploded"]}}, "events"),
    ],
)  # fmt: skip
async def test_what_cannot_be_delivered_to_is_refused(world: World, asked: dict[str, Any], field: str) -> None:
    manager = await world.program("incident_manager")
    answer = await manager.put("/api/v1/channels/x", json=asked)
    assert (answer.status_code, answer.json().get("field")) == (400, field), answer.text


async def test_the_channel_of_the_settings_is_not_edited_here(world: World) -> None:
    manager = await world.program("incident_manager")
    asked = {"kind": "webhook", "settings": {"url": "http://127.0.0.1:9/"}}
    assert (await manager.put(f"/api/v1/channels/{setup.BUILTIN}", json=asked)).status_code == 400


async def test_a_test_message_says_what_came_of_it(world: World) -> None:
    receiver = Receiver()
    manager = await world.program("incident_manager")
    await manager.put("/api/v1/channels/x", json={"kind": "webhook", "settings": {"url": receiver.url}})
    assert (await manager.post("/api/v1/channels/x/tests")).json() == {"is_well": True, "why": ""}
    receiver.answers = [500]
    assert (await manager.post("/api/v1/channels/x/tests")).json() == {"is_well": False, "why": "HTTP status 500"}
    health = (await manager.get("/api/v1/channels/x")).json()["health"]
    assert (health["last_error"], health["last_ok"]) == ("HTTP status 500", world.clock())
    receiver.close()


@pytest.mark.parametrize("role", ["viewer", "service_desk", "network_admin"])
async def test_who_may_not_neither_reads_nor_writes(world: World, role: str) -> None:
    client = await world.program(role)
    assert (await client.get("/api/v1/channels")).status_code == 403
    assert (await client.put("/api/v1/channels/x", json=JIRA)).status_code == 403
