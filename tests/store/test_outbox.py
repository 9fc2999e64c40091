"""The outbox: written once, claimed in order, never lost, never marked before it was sent."""

from __future__ import annotations

import asyncio

from collector.model import Delivery
from collector.store import correspondence, outbox
from collector.store.engine import Store, open_store
from collector.store.outbox import LEASE_MS, Lag, Mark

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


async def sent(store: Store, row: outbox.Waiting, now: int = NOW) -> set[int]:
    async with store.write() as connection:
        return await outbox.mark(connection, [Mark(row.id, row.lease, "sent")], now)


async def failed(store: Store, row: outbox.Waiting, retry_at: int | None) -> set[int]:
    made = Mark(row.id, row.lease, "dead" if retry_at is None else "waiting", "HTTP status 500", retry_at or 0)
    async with store.write() as connection:
        return await outbox.mark(connection, [made], NOW)


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
    await sent(store, (await due(store))[0])
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
    await failed(store, first, NOW + 1000)
    await sent(store, second)
    assert await due(store) == []
    [again] = await due(store, NOW + 1000)
    assert (again.id, again.attempts) == (first.id, 1)
    await sent(store, again)
    [last] = await due(store, NOW + 1000)
    assert last.delivery.key == "incident|INC-000001|resolved"


async def test_one_destination_does_not_wait_for_another(store: Store) -> None:
    await write(store, told(1, "opened", "a"), told(1, "opened", "b"), told(1, "resolved", "b"))
    in_a, in_b = await due(store)
    await sent(store, in_b)
    assert [each.delivery for each in await due(store)] == [told(1, "resolved", "b")]
    assert in_a.delivery.destination == "a"


async def test_incidents_whose_numbers_begin_alike_are_two(store: Store) -> None:
    await write(store, told(1, "opened"), Delivery("incident|INC-0000010|opened", "webhook", {}))
    assert len(await due(store)) == 2


async def test_what_is_given_up_is_kept_counted_and_no_longer_in_the_way(store: Store) -> None:
    await write(store, told(1, "opened"), told(1, "resolved"))
    [first] = await due(store)
    await failed(store, first, None)
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


async def test_who_comes_too_late_marks_nothing(store: Store) -> None:
    await write(store, told(1, "opened"))
    [slow] = await due(store)
    [other] = await due(store, NOW + LEASE_MS)
    assert await sent(store, slow) == set()
    assert (await lag(store)).waiting == 1
    assert await sent(store, other) == {other.id}
    assert (await lag(store)).waiting == 0


async def test_what_may_have_arrived_is_told_so_to_who_tries_again(store: Store) -> None:
    await write(store, told(1, "opened"))
    [first] = await due(store)
    assert not first.delivery.unsure
    async with store.write() as connection:
        await outbox.mark(connection, [Mark(first.id, first.lease, "waiting", "no answer", NOW + 1, True)], NOW)
    [again] = await due(store, NOW + 1)
    assert again.delivery.unsure


async def test_what_was_given_up_can_be_tried_again_and_goes_before_what_came_later(store: Store) -> None:
    await write(store, told(1, "opened"), told(1, "resolved"))
    [first] = await due(store)
    await failed(store, first, None)
    async with store.write() as connection:
        assert await outbox.revive(connection, "webhook", NOW + 5) == 1
    [again] = await due(store, NOW + 5)
    assert (again.delivery.event, again.attempts, again.created_at) == ("opened", 0, NOW + 5)


async def test_nothing_waits_for_a_destination_that_is_gone(store: Store) -> None:
    await write(store, told(1, "opened", "a"), told(1, "opened", "b"))
    async with store.write() as connection:
        await outbox.drop(connection, "a")
    assert [each.delivery.destination for each in await due(store)] == ["b"]
    assert (await lag(store)).dead == 0


async def test_old_rows_go_but_for_what_waits_and_what_is_still_open_somewhere(store: Store) -> None:
    await write(store, *(told(number, "opened") for number in (1, 2, 3)))
    rows = await due(store)
    for row in rows[:2]:
        await sent(store, row)
    async with store.write() as connection:
        notes = [(row.id, row.delivery.subject, "opened", "") for row in rows[:2]]
        await correspondence.note(connection, "webhook", notes, NOW)
        await correspondence.close(connection, "webhook", "incident|INC-000002")
        assert await outbox.forget(connection, NOW, 10) == 0, "none is that old"
        assert await outbox.forget(connection, NOW + 1, 10) == 1
        assert await outbox.told(connection, {f"incident|INC-{number:06d}" for number in (1, 2, 3)}) == {
            ("webhook", "incident|INC-000001"), ("webhook", "incident|INC-000003"),
        }  # fmt: skip
