"""The courier: at least once, under one key, in order per incident; given up in the end, never forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select

from collector.delivery import DeliveryFailed
from collector.delivery import courier as delivering
from collector.delivery.carrier import Line
from collector.delivery.courier import Courier
from collector.delivery.patience import BREAKS_AT, GIVE_UP_MS, Pace, retry_at
from collector.delivery.webhook import Webhook
from collector.model import Delivery
from collector.store import channels, outbox, schema
from collector.store.engine import Store
from collector.store.outbox import LEASE_MS
from tests.collector.delivery.receiver import Receiver

NOW = 1_768_464_000_000


@dataclass
class Time:
    now: int = NOW

    def __call__(self) -> int:
        return self.now


@dataclass
class Noting:
    """A destination that fails as often as it is told, and notes what it was asked to take."""

    failures: int = 0
    error: Callable[[], Exception] = lambda: DeliveryFailed("no")
    asked: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, delivery: Delivery) -> None:
        self.asked.append(delivery.key)
        if self.failures:
            self.failures -= 1
            raise self.error()
        self.taken.append(delivery.key)
        self.came.set()


def told(number: int, what: str, destination: str = "webhook") -> Delivery:
    return Delivery(f"incident|INC-{number:06d}|{what}", destination, {"event": what})


async def write(store: Store, *deliveries: Delivery, at: int = NOW) -> None:
    async with store.write() as connection:
        await outbox.write(connection, deliveries, at)


async def rows(store: Store) -> list[Any]:
    async with store.read() as connection:
        return list(await connection.execute(select(schema.outbox).order_by(schema.outbox.c.id)))


def courier_to(store: Store, destinations: dict[str, Any], time: Time, chance: float = 0.5) -> Courier:
    async def directory() -> list[Line]:
        return [Line(name, each) for name, each in destinations.items()]

    return Courier(store, directory, time, lambda: chance)


async def until_quiet(courier: Courier) -> None:
    while await courier.step():
        pass


@pytest.fixture
async def webhook(receiver: Receiver) -> AsyncIterator[Webhook]:
    made = Webhook(receiver.url, timeout_s=2.0)  # a busy machine must have sent by then
    yield made
    await made.aclose()


async def test_what_is_due_is_sent_once_and_marked(sqlite_store: Store, receiver: Receiver, webhook: Webhook) -> None:
    courier = courier_to(sqlite_store, {"webhook": webhook}, Time())
    await write(sqlite_store, told(1, "opened"), told(2, "opened"))
    await until_quiet(courier)
    assert sorted(receiver.keys) == ["incident|INC-000001|opened", "incident|INC-000002|opened"]
    assert {(row.state, row.attempts, row.sent_at) for row in await rows(sqlite_store)} == {("sent", 1, NOW)}
    await until_quiet(courier)
    assert len(receiver.posted) == 2


async def test_a_receiver_that_is_slow_breaks_closes_and_recovers_gets_it_in_the_end(
    sqlite_store: Store, receiver: Receiver, webhook: Webhook
) -> None:
    time = Time()
    courier = courier_to(sqlite_store, {"webhook": webhook}, time)
    receiver.answers = ["silent", 500, "close", 429, 200]
    await write(sqlite_store, told(1, "opened"))
    errors = []
    for wait_s in (0, 1, 2, 4, 8):
        time.now += wait_s * 1000 - 1
        assert await courier.step() == 0, "not before its time"
        time.now += 1
        assert await courier.step() == 1
        errors.append((await rows(sqlite_store))[0].error)
    assert set(receiver.keys) == {"incident|INC-000001|opened"}
    assert len(receiver.keys) == 5
    assert errors[1:] == ["HTTP status 500", errors[2], "HTTP status 429", ""]
    assert errors[0] in ("no answer within 2 s", "ReadTimeout")
    assert "Error" in errors[2]
    assert [(row.state, row.attempts) for row in await rows(sqlite_store)] == [("sent", 5)]


async def test_what_fails_for_ever_is_given_up_after_a_day_and_stays_to_be_seen(sqlite_store: Store) -> None:
    time, broken = Time(), Noting(failures=9_999)
    courier = courier_to(sqlite_store, {"webhook": broken}, time)
    await write(sqlite_store, told(1, "opened"))
    while (await rows(sqlite_store))[0].state == "waiting":
        assert time.now < NOW + 2 * GIVE_UP_MS, "it must end"
        await until_quiet(courier)
        time.now += 5 * 60_000
    [row] = await rows(sqlite_store)
    assert (row.state, row.error) == ("dead", "no")
    assert NOW + GIVE_UP_MS <= time.now <= NOW + GIVE_UP_MS + 3_600_000
    async with sqlite_store.read() as connection:
        assert (await outbox.lag(connection, time.now)).dead == 1


async def test_what_the_receiver_will_never_take_is_given_up_at_once_and_the_channel_goes_on(
    sqlite_store: Store, receiver: Receiver, webhook: Webhook
) -> None:
    receiver.answers = [422, 200]
    await write(sqlite_store, told(1, "opened"), told(1, "commented"))
    await until_quiet(courier_to(sqlite_store, {"webhook": webhook}, Time()))
    assert [row.state for row in await rows(sqlite_store)] == ["dead", "sent"]


async def test_a_receiver_that_says_when_to_come_back_is_left_alone_till_then(
    sqlite_store: Store, receiver: Receiver, webhook: Webhook
) -> None:
    time = Time()
    courier = courier_to(sqlite_store, {"webhook": webhook}, time)
    receiver.answers = [429, 200]
    receiver.retry_after = "90"
    await write(sqlite_store, told(1, "opened"))
    await until_quiet(courier)
    time.now += 89_999
    await until_quiet(courier)
    assert len(receiver.posted) == 1
    time.now += 1
    await until_quiet(courier)
    assert [row.state for row in await rows(sqlite_store)] == ["sent"]


async def test_a_channel_that_fails_again_and_again_rests_and_is_tried_with_one_message(sqlite_store: Store) -> None:
    time, broken = Time(), Noting(failures=BREAKS_AT + 1)
    courier = courier_to(sqlite_store, {"webhook": broken}, time)
    await write(sqlite_store, *(told(at, "opened") for at in range(BREAKS_AT)))
    await until_quiet(courier)
    assert len(broken.asked) == BREAKS_AT
    time.now += 29_999
    await until_quiet(courier)
    assert len(broken.asked) == BREAKS_AT, "it rests, though all are due"
    async with sqlite_store.read() as connection:
        health = await channels.health_of(connection, "webhook")
    assert (health.failures, health.broken_at, health.open_until) == (BREAKS_AT, NOW, NOW + 30_000)
    time.now += 1
    await until_quiet(courier)
    assert len(broken.asked) == BREAKS_AT + 1, "one is tried, and it rests again"
    time.now += 60_000
    await until_quiet(courier)
    assert len(broken.taken) == BREAKS_AT
    async with sqlite_store.read() as connection:
        assert (await channels.health_of(connection, "webhook")).broken_at == 0


async def test_a_slow_channel_does_not_delay_another(sqlite_store: Store) -> None:
    stuck, quick = asyncio.Event(), Noting()

    async def slow(_: Delivery) -> None:
        await stuck.wait()

    courier = courier_to(sqlite_store, {"slow": slow, "quick": quick}, Time())
    await write(sqlite_store, told(1, "opened", "slow"), *(told(at, "opened", "quick") for at in range(40)))
    running = asyncio.create_task(courier.run())
    async with asyncio.timeout(5):
        while len(quick.taken) < 40:
            await quick.came.wait()
            quick.came.clear()
    stuck.set()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_comment_never_overtakes_the_opening_that_is_still_tried(sqlite_store: Store) -> None:
    time, noting = Time(), Noting(failures=1)
    courier = courier_to(sqlite_store, {"webhook": noting}, time)
    await write(sqlite_store, told(1, "opened"), told(1, "commented"))
    await until_quiet(courier)
    assert noting.taken == []
    time.now += 1_000
    await until_quiet(courier)
    assert noting.taken == ["incident|INC-000001|opened", "incident|INC-000001|commented"]


async def test_one_incident_that_cannot_be_delivered_does_not_hold_up_another(sqlite_store: Store) -> None:
    class Picky(Noting):
        async def __call__(self, delivery: Delivery) -> None:
            self.failures = int("INC-000001" in delivery.key)
            await super().__call__(delivery)

    picky = Picky()
    await write(sqlite_store, *(told(1, f"step{at}") for at in range(50)), told(2, "opened"), told(2, "commented"))
    await until_quiet(courier_to(sqlite_store, {"webhook": picky}, Time()))
    assert picky.taken == ["incident|INC-000002|opened", "incident|INC-000002|commented"]


async def test_a_bug_in_one_destination_does_not_stop_the_others(sqlite_store: Store) -> None:
    buggy, good = Noting(failures=99, error=lambda: ZeroDivisionError("oops")), Noting()
    await write(sqlite_store, told(1, "opened", "buggy"), told(1, "opened", "good"))
    await until_quiet(courier_to(sqlite_store, {"buggy": buggy, "good": good}, Time()))
    assert good.taken == ["incident|INC-000001|opened"]
    assert {row.destination: row.error for row in await rows(sqlite_store)} == {
        "buggy": "ZeroDivisionError", "good": "",
    }  # fmt: skip


async def test_a_courier_killed_between_sending_and_marking_sends_again_under_the_same_key(
    sqlite_store: Store, receiver: Receiver, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = Time()
    await write(sqlite_store, told(1, "opened"), told(1, "commented"))

    async def power_cut(*_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "mark", power_cut)
        with pytest.raises(asyncio.CancelledError):
            await courier_to(sqlite_store, {"webhook": webhook}, time).step()
    assert [row.state for row in await rows(sqlite_store)] == ["waiting", "waiting"]
    after = courier_to(sqlite_store, {"webhook": webhook}, time)
    assert await after.step() == 0, "still leased"
    time.now += LEASE_MS
    await until_quiet(after)
    assert receiver.keys == ["incident|INC-000001|opened"] * 2 + ["incident|INC-000001|commented"]
    assert [row.state for row in await rows(sqlite_store)] == ["sent", "sent"]


async def test_a_waking_courier_delivers_at_once_and_ends_when_cancelled(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "POLL_S", 3600.0)
    noting = Noting()
    courier = courier_to(sqlite_store, {"webhook": noting}, Time())
    running = asyncio.create_task(courier.run())
    await asyncio.sleep(0.05)
    await write(sqlite_store, told(1, "opened"))
    courier.wake()
    await asyncio.wait_for(noting.came.wait(), 30.0)  # much less than a poll
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_many_incidents_go_out_side_by_side(sqlite_store: Store) -> None:
    under_way, most = 0, 0

    async def slow(_: Delivery) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.02)
        under_way -= 1

    await write(sqlite_store, *(told(at, "opened") for at in range(100)))
    await until_quiet(courier_to(sqlite_store, {"webhook": slow}, Time()))
    assert most == Pace().at_once
    assert {row.state for row in await rows(sqlite_store)} == {"sent"}


def test_the_wait_grows_is_spread_and_ends() -> None:
    middle = [(retry_at(attempts, 0, 0, 0.5) or 0) / 1000 for attempts in range(1, 12)]
    assert middle == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert (retry_at(1, NOW, NOW, 0.0), retry_at(1, NOW, NOW, 0.999)) == (NOW + 750, NOW + 1249)
    assert retry_at(1, NOW, NOW, 0.5, after_s=90.0) == NOW + 90_000
    assert retry_at(2, NOW - GIVE_UP_MS + 1, NOW, 0.5) is not None
    assert retry_at(2, NOW - GIVE_UP_MS, NOW, 0.5) is None
