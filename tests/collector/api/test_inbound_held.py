"""Alerts of other systems are held back as ours are: by windows, waivers, changes that expect them, and no life yet."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from collector.pipeline import judging
from collector.services import maintenance_windows, waivers
from collector.store import schema
from tests.acts import act
from tests.collector.api.test_inbound_api import alert, incidents, post, webhook
from tests.estate import HOUR, MINUTE
from tests.people import World, shipped_policies


@pytest.fixture
async def source(world: World) -> httpx2.AsyncClient:
    return await world.program("alert_source")


def of_web(world: World, status: str = "firing", fingerprint: str = "a1") -> dict[str, Any]:
    return webhook(alert(fingerprint, status, host=world.estate.web.name))


async def window(world: World, *rules: str) -> str:
    """Set a window of an hour over the web server, from now on."""
    asked = maintenance_windows.Asked(
        "patching", world.clock.at, world.clock.at + HOUR, cis=(world.estate.web.uid,), rules=rules
    )
    async with world.store.write() as tx:
        return await maintenance_windows.set_(act(tx, "ann", world.clock.at), asked, shipped_policies().rulebook.rules)


async def goes_by(world: World, span: int) -> None:
    """Let time pass (ms), and the clock look at what is due then."""
    world.clock.at += span
    async with world.store.write() as tx:
        await judging.decide_due(tx, shipped_policies(), world.clock.at, 100)


async def kept(world: World) -> Any:
    async with world.store.read() as connection:
        return (await connection.execute(select(schema.foreign_alert))).one()


async def test_what_is_about_others_alone_leaves_an_alert_as_it_is_where_nothing_is_set(
    world: World, source: httpx2.AsyncClient
) -> None:
    await post(source, of_web(world))
    asked = maintenance_windows.Asked("patching", world.clock.at, world.clock.at + HOUR, cis=(world.estate.db.uid,))
    async with world.store.write() as tx:
        await maintenance_windows.set_(act(tx, "ann", world.clock.at), asked, shipped_policies().rulebook.rules)
    await post(source, of_web(world, fingerprint="a2"))
    async with world.store.read() as connection:
        rows = (await connection.execute(select(schema.foreign_alert))).all()
    assert {(row.suppressed, row.held_by, row.look_at, row.told) for row in rows} == {("", "", 0, True)}
    assert len(rows) == 2


async def test_a_window_holds_an_alert_and_its_end_tells_what_still_fires(
    world: World, source: httpx2.AsyncClient
) -> None:
    uid = await window(world)
    assert (await post(source, of_web(world))).json() == {"new": 1, "known": 0, "unbound": 0}
    assert await incidents(world) == []
    row = await kept(world)
    assert (row.state, row.suppressed, row.held_by) == ("firing", "maintenance", uid), "its state is never frozen"
    [shown] = (await (await world.program("viewer")).get("/api/v1/in/alerts")).json()["items"]
    assert (shown["suppressed"], shown["ci"]["id"]) == (["maintenance"], world.estate.web.uid)
    await goes_by(world, HOUR - 1)
    assert await incidents(world) == []
    await goes_by(world, 1)
    [one] = await incidents(world)
    assert (one.ci_id, one.resolved_at) == (world.estate.web.id, None)
    assert uid in one.detail, "it says under what it began"
    await post(source, of_web(world, "resolved"))
    assert (await incidents(world))[0].resolved_at is not None


async def test_what_is_over_before_its_window_ends_makes_no_incident(world: World, source: httpx2.AsyncClient) -> None:
    await window(world)
    await post(source, of_web(world))
    await post(source, of_web(world, "resolved"))
    assert (await kept(world)).look_at == 0, "nothing is left to look at"
    await goes_by(world, 2 * HOUR)
    assert await incidents(world) == []


async def test_a_window_ended_early_tells_at_once(world: World, source: httpx2.AsyncClient) -> None:
    uid = await window(world)
    await post(source, of_web(world))
    async with world.store.write() as tx:
        await maintenance_windows.end(act(tx, "ann", world.clock.at), uid)
    await goes_by(world, 0)
    assert len(await incidents(world)) == 1


async def test_what_was_told_before_a_window_stays_told(world: World, source: httpx2.AsyncClient) -> None:
    await post(source, of_web(world))
    await window(world)
    await goes_by(world, MINUTE)
    [one] = await incidents(world)
    assert (one.resolved_at, (await kept(world)).suppressed) == (None, "maintenance")


@pytest.mark.parametrize(
    ("rule", "is_held"),
    [("alertmanager/Down", True), ("alertmanager/*", True), ("alertmanager/Up", False), ("SRV-*", False)],
)
async def test_a_window_over_some_rules_holds_the_kinds_of_alerts_it_names(
    world: World, source: httpx2.AsyncClient, rule: str, is_held: bool
) -> None:
    await window(world, rule)
    await post(source, of_web(world))
    assert (await incidents(world) == []) is is_held


async def test_a_waiver_takes_an_alert_back_and_its_end_tells_it_again(
    world: World, source: httpx2.AsyncClient
) -> None:
    await post(source, of_web(world))
    rules, at = shipped_policies().rulebook.rules, world.clock.at
    asked = waivers.Asked("alertmanager/Down", "known", at + HOUR)
    async with world.store.write() as tx:
        number = await waivers.ask(act(tx, "ann", at), asked, rules)
        await waivers.grant(act(tx, "bea", at), number, rules)
    await goes_by(world, 0)
    assert [(each.state, each.resolution_code) for each in await incidents(world)] == [("resolved", "waived")]
    await goes_by(world, HOUR)
    assert [each.resolved_at for each in await incidents(world)] == [None]


async def test_an_alert_of_a_ci_that_is_only_proposed_waits_until_it_is_registered(
    world: World, source: httpx2.AsyncClient
) -> None:
    async with world.store.write() as tx:
        its = schema.ci.c.id == world.estate.web.id
        await tx.execute(schema.ci.update().where(its).values(state="proposed"))
    await post(source, of_web(world))
    assert ((await kept(world)).suppressed, await incidents(world)) == ("lifecycle", [])
    async with world.store.write() as tx:
        await tx.execute(schema.ci.update().where(its).values(state="active"))
        await judging.judge_whole(tx, [world.estate.web.id], world.clock.at, shipped_policies())
    assert len(await incidents(world)) == 1
