"""Channels people read: messages wait for each other, keep their distance, and one tells all that waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from sqlalchemy import select

from collector.delivery import DeliveryFailed, Story
from collector.delivery.carrier import Line
from collector.delivery.courier import Courier
from collector.delivery.patience import Pace
from collector.model import Delivery
from collector.store import channels, outbox, schema
from collector.store.engine import Store
from tests.collector.delivery.told import NOW, payload

PACE = Pace(True, 30, 300, 3)


@dataclass
class Time:
    now: int = NOW

    def __call__(self) -> int:
        return self.now


@dataclass
class Group:
    """A chat group: keeps the messages it was sent, each as (number, events) of its incidents."""

    alone: int = 1
    failures: int = 0
    messages: list[list[tuple[str, tuple[str, ...]]]] = field(default_factory=list)

    async def __call__(self, delivery: Delivery) -> None:
        raise AssertionError("it is sent stories")

    async def send(self, stories: Sequence[Story]) -> None:
        if self.failures:
            self.failures -= 1
            raise DeliveryFailed("no")
        self.messages.append([(each.last.subject[-3:], each.events) for each in stories])


def told(number: int, event: str, at: int = 0) -> Delivery:
    key = f"incident|INC-{number:06d}|{event}" + (f"@{at}" if at else "")
    return Delivery(key, "group", payload(f"INC-{number:06d}", event))


async def write(store: Store, time: Time, *deliveries: Delivery) -> None:
    async with store.write() as connection:
        await outbox.write(connection, deliveries, time.now)


def courier(store: Store, group: Group, time: Time) -> Courier:
    async def directory() -> list[Line]:
        return [Line("group", group, PACE)]

    return Courier(store, directory, time, lambda: 0.5)


async def states(store: Store) -> list[str]:
    async with store.read() as connection:
        return list((await connection.execute(select(schema.outbox.c.state).order_by(schema.outbox.c.id))).scalars())


async def test_a_first_message_waits_for_others_and_tells_them_too(sqlite_store: Store) -> None:
    group, time = Group(), Time()
    carried = courier(sqlite_store, group, time)
    await write(sqlite_store, time, told(1, "opened"))
    time.now += 29_999
    assert await carried.step() == 0
    await write(sqlite_store, time, told(2, "opened"), told(1, "escalated", 1))
    time.now += 1
    await carried.step()
    assert group.messages == [[("001", ("opened", "escalated")), ("002", ("opened",))]]
    assert await states(sqlite_store) == ["folded" if at == 0 else "sent" for at in range(3)]


async def test_what_opened_and_ended_meanwhile_is_told_as_one(sqlite_store: Store) -> None:
    group, time = Group(), Time()
    await write(sqlite_store, time, told(1, "opened"), told(1, "resolved", 1))
    time.now += 30_000
    await courier(sqlite_store, group, time).step()
    assert group.messages == [[("001", ("opened", "resolved"))]]


async def test_a_storm_of_ten_thousand_within_two_minutes_is_few_messages_and_loses_nobody(sqlite_store: Store) -> None:
    group, time = Group(), Time()
    carried = courier(sqlite_store, group, time)
    for part in range(24):
        await write(sqlite_store, time, *(told(part * 420 + at, "opened") for at in range(420)))
        await carried.step()
        time.now += 5_000
    for _ in range(12):
        await carried.step()
        time.now += 60_000
    assert len(group.messages) <= 10
    assert sum(len(each) for each in group.messages) == 24 * 420
    assert set(await states(sqlite_store)) == {"sent"}


async def test_a_quiet_channel_may_send_some_at_once_then_one_an_interval(sqlite_store: Store) -> None:
    group, time = Group(), Time()
    carried, sent_at = courier(sqlite_store, group, time), list[int]()
    for second in range(0, 1_500, 10):
        if second % 30 == 0:
            await write(sqlite_store, time, told(second, "opened"))
        before = len(group.messages)
        await carried.step()
        if len(group.messages) > before:
            sent_at.append(second)
        time.now += 10_000
    assert all(later - at >= 30 for at, later in pairwise(sent_at))
    assert len(sent_at) <= 3 + 1_500 // 300 + 1
    assert min(later - at for at, later in pairwise(sent_at[3:])) >= 200


async def test_a_message_that_fails_stays_whole_and_is_not_overtaken(sqlite_store: Store) -> None:
    group, time = Group(failures=1), Time()
    carried = courier(sqlite_store, group, time)
    await write(sqlite_store, time, told(1, "opened"))
    time.now += 30_000
    await carried.step()
    await write(sqlite_store, time, told(1, "resolved", 1), told(2, "opened"))
    assert await carried.step() == 0, "it is left alone for a moment"
    time.now += 300_000
    await carried.step()
    assert group.messages == [[("001", ("opened", "resolved")), ("002", ("opened",))]]


async def test_two_collectors_do_not_send_the_same_twice(sqlite_store: Store) -> None:
    group, time = Group(), Time()
    await write(sqlite_store, time, *(told(at, "opened") for at in range(50)))
    time.now += 30_000
    async with sqlite_store.write() as tx:
        assert await channels.take(tx, "group", "another", time.now + 60_000, time.now)
    assert await courier(sqlite_store, group, time).step() == 0
    time.now += 60_000
    await courier(sqlite_store, group, time).step()
    assert [len(each) for each in group.messages] == [50]
