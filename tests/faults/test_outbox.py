"""The outbox against receivers that fail in every way: all arrives, nothing twice where they can tell, in order."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from collector.delivery import Closing
from collector.delivery.caller import Caller
from collector.delivery.carrier import Line
from collector.delivery.courier import Courier
from collector.delivery.message import Voice
from collector.delivery.pagerduty import PagerDuty
from collector.delivery.servicenow import ServiceNow
from collector.delivery.ticket import Ticket, Tickets
from collector.delivery.webhook import Webhook
from collector.store import outbox, schema
from collector.store.engine import Store
from collector.store.outbox import LEASE_MS
from tests.faults.histories import BEGAN, Histories, message
from tests.faults.unreliable import Unreliable

SCHEDULES = 100
AT_ONCE = 50
TIMEOUT_S = 0.15
CHANNELS = ("hook", "desk", "pager")


class Time:
    def __init__(self) -> None:
        self.now = BEGAN

    def __call__(self) -> int:
        return self.now


def lines(url: str) -> list[Line]:
    def caller() -> Caller:
        return Caller(url, timeout_s=TIMEOUT_S)

    desk = Tickets(ServiceNow(caller(), "Solved", {}), "MUSTER-test-", Voice("zh"))
    pager = PagerDuty(caller(), "key", "MUSTER-test-", Voice("en"))
    return [Line("hook", Webhook(url + "/hook", timeout_s=TIMEOUT_S)), Line("desk", desk), Line("pager", pager)]


def courier_to(store: Store, made: Sequence[Line], time: Any, chance: random.Random) -> Courier:
    async def directory() -> Sequence[Line]:
        return made

    return Courier(store, directory, time, chance.random)


async def deliver(store: Store, receiver: Unreliable, histories: Histories, chance: random.Random) -> int:
    """Write all that happens while couriers carry it, some cut off in the middle of a step; return the cuts."""
    time, cuts = Time(), 0
    made = [lines(receiver.url) for _ in range(2)]
    couriers = [courier_to(store, each, time, chance) for each in made]
    todo = histories.written()
    while todo:
        count = chance.randrange(1, 20)
        some, todo = todo[:count], todo[count:]
        async with store.write() as tx:
            told = [message(number, place, histories.events[number][place], name) for number, place in some
                    for name in CHANNELS]  # fmt: skip
            await outbox.write(tx, told, time.now)
        cuts += await cut_or_done(chance.choice(couriers), chance)
        time.now += chance.randrange(20_000)
    histories.is_troubled = False
    while await waits(store):
        await asyncio.gather(*(each.step() for each in couriers))
        time.now += LEASE_MS
    for each in (line for some in made for line in some):
        assert isinstance(each.destination, Closing)
        await each.destination.aclose()
    return cuts


async def cut_or_done(courier: Courier, chance: random.Random) -> int:
    """Let a courier make a step; one in four is cut off somewhere in it. Return how many were."""
    task = asyncio.create_task(courier.step())
    if chance.random() < 0.25:
        await asyncio.wait([task], timeout=chance.random() * 0.03)
    else:
        await asyncio.wait([task])
    was_cut = not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return int(was_cut)


async def waits(store: Store) -> bool:
    async with store.read() as connection:
        rows = select(schema.outbox.c.id).where(schema.outbox.c.state == "waiting").limit(1)
        return (await connection.execute(rows)).first() is not None


def check(receiver: Unreliable, histories: Histories) -> None:
    """What holds whatever went wrong: all is told in order, by a message of its own or by one that names it too."""
    arrived: dict[str, list[str]] = {}
    for key in receiver.keys:
        arrived.setdefault(key.split("|")[1], []).append(key)
    assert not receiver.differing
    for number, events in histories.events.items():
        keys, told_to = [message(number, place, event, "").key for place, event in enumerate(events)], 0
        for key in arrived[number]:
            told = receiver.told[key]
            last = keys.index(key) + 1
            assert told == events[last - len(told) : last], f"{number}: {told} of {events}"
            assert last - len(told) <= told_to < last, f"{number}: left out, or out of order"
            told_to = last
        assert told_to == len(events), number
        found = [each for each in receiver.tickets.values() if each["correlation_id"] == f"MUSTER-test-{number}"]
        assert len(found) == 1, f"{number}: {len(found)} tickets"
        assert (found[0]["state"] == "6") == histories.is_over(number), number
        assert (receiver.alerts[f"MUSTER-test-{number}"][-1] == "resolve") == histories.is_over(number), number


@pytest.fixture
def schedules(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--campaign") or SCHEDULES)


# A courier that is cut off in the middle of connecting leaves its socket, as a killed one leaves it to the kernel.
cut_off = pytest.mark.filterwarnings(
    "ignore:.*unclosed:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@cut_off
async def test_every_incident_arrives_once_and_in_order_whatever_the_receivers_do(
    sqlite_store: Store, schedules: int
) -> None:
    """Each incident is a schedule of its own: what happens to it, and what goes wrong with each request about it."""
    requests, faults, cuts, doubles = 0, 0, 0, 0
    for at in range(0, schedules, AT_ONCE):
        count = min(AT_ONCE, schedules - at)
        histories, chance = Histories(at, count), random.Random(at)
        receiver = Unreliable(histories.draw, slow_s=2 * TIMEOUT_S)
        await receiver.start()
        cuts += await deliver(sqlite_store, receiver, histories, chance)
        await receiver.stop()
        check(receiver, histories)
        requests, doubles = requests + receiver.requests, doubles + receiver.doubles
        faults += sum(number for name, number in receiver.faults.items() if name)
        async with sqlite_store.write() as tx:
            for table in (schema.outbox, schema.correspondence, schema.channel_health):
                await tx.execute(table.delete())
    print(
        f"\n{schedules} schedules: {requests} requests, {faults} of them failed, {cuts} couriers cut off;"
        f" {doubles} messages arrived again under a key the receiver knew; tickets: one an incident"
    )
    assert faults > schedules
    assert cuts


@cut_off
async def test_a_desk_that_does_not_search_before_it_makes_is_caught(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(self: ServiceNow, key: str) -> list[Ticket]:
        return []

    monkeypatch.setattr(ServiceNow, "find", nothing)
    histories = Histories(0, AT_ONCE)
    receiver = Unreliable(histories.draw, slow_s=2 * TIMEOUT_S)
    await receiver.start()
    await deliver(sqlite_store, receiver, histories, random.Random(0))
    await receiver.stop()
    with pytest.raises(AssertionError, match="tickets"):
        check(receiver, histories)


async def test_a_courier_killed_again_and_again_loses_nothing_and_opens_no_second_ticket(
    migrated_file: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A real process, killed with SIGKILL at any moment; its clock runs fast, so leases end soon."""
    kills = max(4, int(request.config.getoption("--campaign") or 0) // 50)
    histories = Histories(7, 30 + kills, troubles=0.2)
    receiver = Unreliable(histories.draw, slow_s=2 * TIMEOUT_S)
    await receiver.start()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.carry", str(migrated_file), str(tmp_path / "muster.db"), receiver.url,
        str(kills), str(len(histories.events)), stdout=subprocess.PIPE, cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": "proto"},
    )  # fmt: skip
    assert process.stdout is not None
    said = (await asyncio.wait_for(process.stdout.read(), 600)).decode()
    assert await process.wait() == 0, said
    await receiver.stop()
    print(f"\n{said.strip()}; {receiver.requests} requests, {receiver.doubles} arrived again under a known key")
    check(receiver, histories)
