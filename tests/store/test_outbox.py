"""The outbox: written once, claimed in order, never lost, never marked before it was sent."""

from __future__ import annotations

import asyncio

from collector.model import Delivery
from collector.store import outbox
from collector.store.engine import Store, open_store
from collector.store.outbox import LEASE_MS, Lag

NOW = 1_768_464_000_000


def told(number: int, what: str, destination: str = "webhook") -> Delivery:
    return Delivery(f"incident|INC-{number:06d}|{what}", destination, {"event": what, "zh": "事件"})


async def write(store: Store, *deliveries: Delivery, now: int = NOW) -> None:
    async with store.write() as connection:
        await outbox.write(connection, deliveries, now)


async def due(store: Store, now: int = NOW, limit: int = 100) -> list[outbox.Waiting]:
    async with store.read() as connection:
        ids = await outbox.due(connection, now, limit)
    async with store.write() as connection:
        return await outbox.claim(connection, ids, now)


async def sent(store: Store, row_id: int, now: int = NOW) -> None:
    async with store.write() as connection:
        await outbox.mark_sent(connection, row_id, now)


async def failed(store: Store, row_id: int, retry_at: int | None) -> None:
    async with store.write() as connection:
        await outbox.mark_failed(connection, row_id, "HTTP status 500", retry_at)


async def lag(store: Store, now: int = NOW) -> Lag:
    async with store.read() as connection:
        return await outbox.lag(connection, now)


async def test_what_is_written_is_due_with_its_own_key(store: Store) -> None:
    await write(store, told(1, "opened"))
    [waiting] = await due(store)
    assert waiting.delivery == told(1, "opened")
    assert waiting.attempts == 0


async def test_the_same_message_written_again_is_one_message(store: Store) -> None:
    await write(store, told(1, "opened"), told(1, "opened"))
    await write(store, told(1, "opened"))
    assert (await lag(store)).waiting == 1
    await sent(store, (await due(store))[0].id)
    await write(store, told(1, "opened"))
    assert (await lag(store)).waiting == 0


async def test_a_claimed_row_is_left_alone_until_its_lease_is_over(store: Store) -> None:
    await write(store, told(1, "opened"))
    assert len(await due(store)) == 1
    assert await due(store, NOW + LEASE_MS - 1) == []
    assert len(await due(store, NOW + LEASE_MS)) == 1


async def test_messages_of_one_incident_come_one_after_the_other(store: Store) -> None:
    await write(store, told(1, "opened"), told(2, "opened"), told(1, "resolved"))
    first, second = await due(store)
    assert [first.delivery.key, second.delivery.key] == ["incident|INC-000001|opened", "incident|INC-000002|opened"]
    await failed(store, first.id, NOW + 1000)
    await sent(store, second.id)
    assert await due(store) == []
    [again] = await due(store, NOW + 1000)
    assert (again.id, again.attempts) == (first.id, 1)
    await sent(store, again.id)
    [last] = await due(store, NOW + 1000)
    assert last.delivery.key == "incident|INC-000001|resolved"


async def test_one_destination_does_not_wait_for_another(store: Store) -> None:
    await write(store, told(1, "opened", "a"), told(1, "opened", "b"), told(1, "resolved", "b"))
    in_a, in_b = await due(store)
    await sent(store, in_b.id)
    assert [each.delivery for each in await due(store)] == [told(1, "resolved", "b")]
    assert in_a.delivery.destination == "a"


async def test_incidents_whose_numbers_begin_alike_are_two(store: Store) -> None:
    await write(store, told(1, "opened"), Delivery("incident|INC-0000010|opened", "webhook", {}))
    assert len(await due(store)) == 2


async def test_what_is_given_up_is_kept_counted_and_no_longer_in_the_way(store: Store) -> None:
    await write(store, told(1, "opened"), told(1, "resolved"))
    [first] = await due(store)
    await failed(store, first.id, None)
    assert await lag(store, NOW + 7) == Lag(waiting=1, dead=1, oldest_ms=7)
    assert [each.delivery.key for each in await due(store)] == ["incident|INC-000001|resolved"]


async def test_no_more_than_asked_for_are_claimed_the_oldest_first(store: Store) -> None:
    await write(store, *(told(at, "opened") for at in range(10)))
    claimed = [each.delivery.key for each in await due(store, limit=3)]
    assert claimed == [f"incident|INC-{at:06d}|opened" for at in range(3)]
    assert len(await due(store)) == 7


async def test_two_couriers_never_claim_the_same_row(store: Store) -> None:
    await write(store, *(told(at, "opened") for at in range(200)))
    other = open_store(store.url.render_as_string(hide_password=False))
    claimed = await asyncio.gather(*(due(each, limit=40) for each in (store, other) * 3))
    await other.close()
    ids = [each.id for part in claimed for each in part]
    assert len(ids) == len(set(ids))


async def test_an_empty_outbox_has_no_lag_and_nothing_due(store: Store) -> None:
    assert await lag(store) == Lag(0, 0, 0)
    assert await due(store) == []
    await write(store, told(1, "opened"))
    assert await due(store, NOW - 1) == []
