"""Waivers that end soon: who asked for one is told, in an incident of theirs, once a step and by every channel."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path as Folder
from typing import Any

import pytest

from collector.channel import Channel
from collector.security.audit import Actor, acting
from collector.services import waivers
from collector.services.retention import Retention
from collector.store import accounts, channels, schema
from collector.store.channels import ChannelRow
from collector.store.engine import Store
from tests.collector.alerting.ground import DAY, HOUR, Held, held


@pytest.fixture
async def ground(store: Store, tmp_path: Folder) -> Held:
    ground = await held(store, tmp_path)
    async with store.write() as tx:
        await channels.save(tx, ChannelRow(Channel("desk", "webhook"), "", b"", ""), 0)
        for name in ("ann", "bea"):
            await accounts.add(tx, name, ("engineer",), 0)
    return ground


async def look(ground: Held, later: int = HOUR) -> None:
    """Let the hourly look come, as a collector that was started anew would."""
    ground.world.now += later
    await Retention(ground.world.store, 400, lambda: ground.world.now).step()


async def told(ground: Held) -> list[Any]:
    """Return the incidents that remind, the oldest first."""
    return await ground.world.rows(schema.incident, schema.incident.c.kind == "waiver")


async def sent(ground: Held) -> list[tuple[str, str]]:
    """Return (event, title) of what the channel has of them, in order."""
    rows = await ground.world.rows(schema.outbox)
    said = [json.loads(row.payload) for row in rows]
    return [(each["event"], each["incident"]["title"]["en"]) for each in said if each["incident"]["kind"] == "waiver"]


async def test_each_step_is_told_once_to_who_asked_and_it_ends_with_the_waiver(ground: Held) -> None:
    number = await ground.waive(20 * DAY)
    days = [6 * DAY - HOUR, HOUR, HOUR, 7 * DAY - HOUR, HOUR, 6 * DAY - HOUR, HOUR]
    for later in days:
        await look(ground, later)
    [incident] = await told(ground)
    assert (incident.assignee, incident.state, incident.line) == ("ann", "assigned", 2)
    assert json.loads(incident.detail)["waiver"] == number
    assert [event for event, _ in await sent(ground)] == ["opened", "updated", "updated"]
    assert [title.partition("within ")[2].partition(":")[0] for _, title in await sent(ground)] == [
        "14 days", "7 days", "1 day",
    ]  # fmt: skip
    rows = await ground.world.rows(schema.audit, schema.audit.c.action == "waiver.remind")
    assert [json.loads(row.details)["after"]["days_left"] for row in rows] == [14, 7, 1]
    await look(ground, DAY)
    [incident] = await told(ground)
    assert (incident.state, incident.resolution_code) == ("resolved", "self_recovered")
    assert [event for event, _ in await sent(ground)][3:] == ["resolved"]


async def test_who_granted_it_is_told_where_who_asked_is_gone(ground: Held) -> None:
    async with ground.world.store.write() as tx:
        await accounts.set_state(tx, 1, "disabled")
    await ground.waive(14 * DAY + HOUR)
    await look(ground)
    assert [row.assignee for row in await told(ground)] == ["bea"]


async def test_a_waiver_that_is_ended_early_asks_for_nothing_any_more(ground: Held) -> None:
    number = await ground.waive(14 * DAY + HOUR)
    await look(ground)
    async with acting(ground.world.store, Actor("ann", "test"), lambda: ground.world.now) as act:
        await waivers.end(act, number, ground.book.rules, "mended")
    await look(ground)
    assert [row.state for row in await told(ground)] == ["resolved"]


async def test_what_somebody_put_aside_comes_back_with_the_next_step(ground: Held) -> None:
    await ground.waive(14 * DAY + HOUR)
    await look(ground)
    async with ground.world.store.write() as tx:
        await tx.execute(schema.incident.update().values(state="closed", resolved_at=ground.world.now))
    await look(ground)
    await look(ground, 7 * DAY - HOUR)
    first, second = await told(ground)
    assert (second.recurs, second.state) == (first.number, "assigned")


async def test_two_collectors_that_look_at_once_tell_it_once(ground: Held) -> None:
    await ground.waive(14 * DAY + HOUR)
    await look(ground)
    ground.world.now += 7 * DAY
    await asyncio.gather(*(look(ground, HOUR) for _ in range(2)))
    assert [event for event, _ in await sent(ground)] == ["opened", "updated"]
