"""Incidents: numbered, one open a cause, and told to every destination in the same transaction."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from collector.incident import Plan
from collector.model import Cause, Incident
from collector.store import incidents, schema
from collector.store.engine import Store
from tests.store.ground import with_cis

NOW = 1_768_464_000_000
TO = ("webhook",)


def cause(key: str, severity: str = "warning") -> Cause:
    return Cause(key, 1, "alert", severity, {"zh": f"标题 {key}", "en": f"Title {key}"}, {"why": ["a", 1]}, NOW)


async def apply(store: Store, plan: Plan, now: int = NOW, to: tuple[str, ...] = TO) -> list[str]:
    async with store.write() as connection:
        return await incidents.apply(connection, plan, now, to)


async def open_ones(store: Store) -> list[Incident]:
    async with store.read() as connection:
        return await incidents.open_ones(connection, [1])


async def told(store: Store) -> list[tuple[str, dict[str, Any]]]:
    async with store.read() as connection:
        rows = await connection.execute(select(schema.outbox).order_by(schema.outbox.c.id))
        return [(row.key, json.loads(row.payload)) for row in rows]


def resolved(each: Incident, now: int = NOW + 5) -> Incident:
    return replace(each, state="resolved", resolved_at=now)


async def test_a_cause_opens_a_numbered_incident_and_tells_of_it(store: Store) -> None:
    await with_cis(store, 1)
    assert await apply(store, Plan(open=(cause("a"), cause("b", "critical")))) == ["INC-000001", "INC-000002"]
    first, second = await open_ones(store)
    assert (first.number, first.cause_key, first.state, first.opened_at) == ("INC-000001", "a", "new", NOW)
    assert (second.severity, second.title["zh"], second.detail) == ("critical", "标题 b", {"why": ["a", 1]})
    [(key, payload), _] = await told(store)
    assert key == "incident|INC-000001|opened@webhook"
    assert payload["event"] == "opened"
    assert payload["incident"]["opened_at"] == "2026-01-15T08:00:00.000Z"
    assert payload["incident"]["title"] == {"zh": "标题 a", "en": "Title a"}


async def test_the_same_plan_twice_opens_and_tells_once(store: Store) -> None:
    await with_cis(store, 1)
    plan = Plan(open=(cause("a"),))
    await apply(store, plan)
    assert await apply(store, plan) == []
    assert len(await open_ones(store)) == 1
    plan = Plan(resolve=(resolved((await open_ones(store))[0]),))
    await apply(store, plan)
    await apply(store, plan)
    assert [key for key, _ in await told(store)] == [
        "incident|INC-000001|opened@webhook", "incident|INC-000001|resolved@webhook",
    ]  # fmt: skip


async def test_a_cause_that_comes_back_is_a_new_incident(store: Store) -> None:
    await with_cis(store, 1)
    await apply(store, Plan(open=(cause("a"),)))
    await apply(store, Plan(resolve=(resolved((await open_ones(store))[0]),)))
    assert await apply(store, Plan(open=(cause("a"),))) == ["INC-000002"]


async def test_resolving_keeps_the_incident_and_says_when(store: Store) -> None:
    await with_cis(store, 1)
    await apply(store, Plan(open=(cause("a"), cause("b"))))
    first, second = await open_ones(store)
    await apply(store, Plan(resolve=(resolved(first),)))
    assert await open_ones(store) == [second]
    async with store.read() as connection:
        row = (await connection.execute(select(schema.incident).where(schema.incident.c.id == first.id))).one()
    assert (row.state, row.resolved_at) == ("resolved", NOW + 5)
    payload = (await told(store))[-1][1]
    assert (payload["incident"]["state"], payload["incident"]["resolved_at"]) == (
        "resolved",
        "2026-01-15T08:00:00.005Z",
    )


async def test_an_update_changes_severity_and_words_and_nothing_else(store: Store) -> None:
    await with_cis(store, 1)
    await apply(store, Plan(open=(cause("a"), cause("b"))))
    first, second = await open_ones(store)
    worse = replace(first, severity="critical", title={"zh": "更坏", "en": "worse"}, detail={})
    await apply(store, Plan(update=(worse,)), NOW + 9)
    assert await open_ones(store) == [worse, second]
    assert len(await told(store)) == 2


async def test_every_destination_is_told(store: Store) -> None:
    await with_cis(store, 1)
    await apply(store, Plan(open=(cause("a"),)), to=("webhook", "mail"))
    assert [key for key, _ in await told(store)] == [
        "incident|INC-000001|opened@webhook", "incident|INC-000001|opened@mail",
    ]  # fmt: skip


async def test_without_a_destination_incidents_open_all_the_same(store: Store) -> None:
    await with_cis(store, 1)
    assert await apply(store, Plan(open=(cause("a"),)), to=()) == ["INC-000001"]
    assert await told(store) == []


async def test_a_transaction_that_fails_leaves_neither_incident_nor_message(store: Store) -> None:
    await with_cis(store, 1)

    async def power_cut() -> None:
        async with store.write() as connection:
            await incidents.apply(connection, Plan(open=(cause("a"),)), NOW, TO)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await power_cut()
    assert await open_ones(store) == []
    assert await told(store) == []


async def test_only_incidents_of_the_cis_asked_for_are_given(store: Store) -> None:
    await with_cis(store, 2)
    await apply(store, Plan(open=(cause("a"), replace(cause("b"), ci_id=2))))
    async with store.read() as connection:
        assert [each.cause_key for each in await incidents.open_ones(connection, [2])] == ["b"]


async def test_two_thousand_causes_at_once_are_two_thousand_incidents(store: Store) -> None:
    await with_cis(store, 1)
    numbers = await apply(store, Plan(open=tuple(cause(f"c{at}") for at in range(2000))))
    assert len(set(numbers)) == 2000
    opened = await open_ones(store)
    await apply(store, Plan(resolve=tuple(resolved(each) for each in opened)))
    assert await open_ones(store) == []
    assert len(await told(store)) == 4000
