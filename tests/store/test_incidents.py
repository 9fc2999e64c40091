"""Incidents: numbered, one open a cause, and told by every channel in the same transaction."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from collector.incident import Plan, plan
from collector.model import Cause, Incident
from collector.store import channels, dependants, desk, incidents, schema, sources
from collector.store.engine import Store, insert
from tests.store.ground import with_channels, with_cis

NOW = 1_768_464_000_000


def cause(key: str, severity: str = "warning") -> Cause:
    return Cause(key, 1, "alert", severity, {"zh": f"标题 {key}", "en": f"Title {key}"}, {"why": ["a", 1]}, NOW)


@pytest.fixture
async def store(store: Store) -> Store:
    """A store with a channel that is told of everything."""
    await with_channels(store, "webhook")
    return store


async def apply(store: Store, plan: Plan, now: int = NOW) -> list[str]:
    async with store.write() as connection:
        return await incidents.apply(connection, plan, now)


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
    wanted = Plan(open=(cause("a"),))
    await apply(store, wanted)
    assert await apply(store, wanted) == []
    assert len(await open_ones(store)) == 1
    wanted = Plan(resolve=(resolved((await open_ones(store))[0]),))
    await apply(store, wanted)
    await apply(store, wanted)
    assert [key for key, _ in await told(store)] == [
        "incident|INC-000001|opened@webhook", f"incident|INC-000001|resolved@{NOW}@webhook",
    ]  # fmt: skip


async def test_a_cause_that_comes_back_is_a_new_incident(store: Store) -> None:
    await with_cis(store, 1)
    await apply(store, Plan(open=(cause("a"),)))
    await apply(store, Plan(resolve=(resolved((await open_ones(store))[0]),)))
    assert await apply(store, Plan(open=(cause("a"),))) == ["INC-000002"]
    async with store.read() as connection:
        rows = await connection.execute(select(schema.incident.c.recurs).order_by(schema.incident.c.id))
        assert list(rows.scalars()) == ["", "INC-000001"]


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
    assert await open_ones(store) == [replace(worse, version=2), second]
    assert [payload["event"] for _, payload in await told(store)] == ["opened", "opened", "updated"]


async def test_every_channel_is_told(store: Store) -> None:
    await with_cis(store, 1)
    await with_channels(store, "mail")
    await apply(store, Plan(open=(cause("a"),)))
    assert [key for key, _ in await told(store)] == [
        "incident|INC-000001|opened@mail", "incident|INC-000001|opened@webhook",
    ]  # fmt: skip


async def test_without_a_channel_incidents_open_all_the_same(store: Store) -> None:
    await with_cis(store, 1)
    async with store.write() as connection:
        await channels.remove(connection, "webhook")
    assert await apply(store, Plan(open=(cause("a"),))) == ["INC-000001"]
    assert await told(store) == []


async def test_a_transaction_that_fails_leaves_neither_incident_nor_message(store: Store) -> None:
    await with_cis(store, 1)

    async def power_cut() -> None:
        async with store.write() as connection:
            await incidents.apply(connection, Plan(open=(cause("a"),)), NOW)
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


async def held(store: Store, causes: list[Cause], now: int) -> Plan:
    async with store.read() as connection:
        return plan(await incidents.held_of(connection, [1, 2], causes, now), causes, now)


async def members(store: Store) -> list[tuple[int, str, str, bool]]:
    table = schema.incident_cause
    async with store.read() as connection:
        rows = await connection.execute(select(table).order_by(table.c.id))
        return [(row.incident_id, row.cause_key, row.role, row.ended_at is None) for row in rows]


async def counts(store: Store) -> list[tuple[str, str, int, int]]:
    table = schema.incident
    async with store.read() as connection:
        rows = await connection.execute(select(table).order_by(table.c.id))
        return [(row.number, row.state, row.causes, row.victims) for row in rows]


async def test_a_group_is_one_incident_with_its_causes_and_victims_until_the_last_cause_goes(store: Store) -> None:
    await with_cis(store, 2)
    root = cause("root", "critical")
    other = replace(cause("other"), group="root", ci_id=2)
    victim = replace(cause("victim"), group="root", role="victim", ci_id=2)
    everything = [root, other, victim]
    await apply(store, await held(store, everything, NOW))
    assert await counts(store) == [("INC-000001", "new", 2, 1)]
    assert (await held(store, everything, NOW + 1)).is_empty
    await apply(store, await held(store, [other, victim], NOW + 2), NOW + 2)
    assert await counts(store) == [("INC-000001", "new", 1, 1)]
    await apply(store, await held(store, [victim], NOW + 3), NOW + 3)
    assert await counts(store) == [("INC-000001", "resolved", 0, 0)]
    assert [is_there for *_, is_there in await members(store)] == [False, False, False]


async def test_what_comes_back_within_a_day_opens_the_same_incident_again(store: Store) -> None:
    await with_cis(store, 1)
    await apply(store, await held(store, [cause("a")], NOW))
    await apply(store, await held(store, [], NOW + 5), NOW + 5)
    await apply(store, await held(store, [cause("a")], NOW + 10), NOW + 10)
    (again,) = await open_ones(store)
    assert (again.number, again.reopened, again.causes, again.resolved_at) == ("INC-000001", 1, 1, None)
    assert [payload["event"] for _, payload in await told(store)] == ["opened", "resolved", "reopened"]
    async with store.read() as connection:
        (its,) = (await desk.intervals(connection, [again.id])).values()
        steps = [mark.act for mark in await desk.trail(connection, again.id)]
    assert [(each.state, each.since - NOW, each.until and each.until - NOW) for each in its] == [
        ("new", 0, 5), ("resolved", 5, 10), ("new", 10, None),
    ]  # fmt: skip
    assert steps == ["open", "self_recovered", "reopen"]


async def test_a_cause_goes_from_its_own_incident_to_that_of_the_root(store: Store) -> None:
    await with_cis(store, 2)
    alone = replace(cause("victim"), ci_id=2)
    await apply(store, await held(store, [alone], NOW))
    found = [cause("root"), replace(alone, group="root", role="victim")]
    await apply(store, await held(store, found, NOW + 1), NOW + 1)
    assert await counts(store) == [("INC-000001", "resolved", 0, 0), ("INC-000002", "new", 1, 1)]
    assert await members(store) == [
        (1, "victim", "cause", False), (2, "root", "cause", True), (2, "victim", "victim", True)
    ]  # fmt: skip


async def test_what_people_resolved_stays_resolved_while_its_cause_goes_on(store: Store) -> None:
    await with_cis(store, 1)
    going_on = replace(cause("a"), ci_id=None, kind="credential")
    async with store.write() as tx:
        for at in (0, 1, 2):
            found = await incidents.held_of_kind(tx, "credential", [going_on], NOW + at)
            await incidents.apply(tx, plan(found, [going_on], NOW + at), NOW + at)
            await tx.execute(schema.incident.update().values(state="resolved", resolved_at=NOW))
    assert await counts(store) == [("INC-000001", "resolved", 1, 0)]


async def test_what_depends_on_a_ci_is_counted_step_by_step(store: Store) -> None:
    await with_cis(store, 6)
    async with store.write() as tx:
        await sources.ensure(tx, ["probe/a"])
        source = (await sources.load(tx, ["probe/a"]))["probe/a"].id
        table = schema.relation
        edges = [(2, "runs_on", 1), (3, "runs_on", 2), (4, "depends_on", 3), (1, "contains", 5), (2, "depends_on", 4)]
        await tx.execute(insert(tx, table), [
            {"a": a, "kind": kind, "b": b, "source_id": source, "vf": NOW, "lo": NOW, "tf": NOW} for a, kind, b in edges
        ])  # fmt: skip
        await tx.execute(schema.ci.update().where(schema.ci.c.id == 4).values(ci_class="application"))
        assert await dependants.counted(tx, [1, 3, 6]) == {1: (4, 1), 3: (2, 1), 6: (0, 0)}
