"""What waits for an incident while its channel is down: the newest state is told, once, and no older one."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import pytest

from collector.channel import BEGINS, ENDS
from collector.delivery import DeliveryFailed, Fate, folding
from collector.delivery.caller import Caller
from collector.delivery.message import Voice
from collector.delivery.pagerduty import PagerDuty
from collector.delivery.servicenow import ServiceNow
from collector.delivery.ticket import Tickets
from collector.delivery.webhook import Webhook
from collector.model import Delivery
from collector.store import correspondence, outbox
from collector.store.engine import Store
from collector.store.outbox import LEASE_MS
from tests.collector.delivery.receiver import Receiver
from tests.collector.delivery.test_courier import Time, courier_to, rows, until_quiet, write
from tests.collector.delivery.told import NOW, payload
from tests.faults.unreliable import Unreliable

EVENTS = ("opened", "updated", "commented", "acknowledged", "warned", "escalated", "resolved", "reopened", "closed")
TURNS = BEGINS | ENDS


def told(event: str, at: int = 0, said: str = "", number: str = "INC-000001") -> Delivery:
    key = f"incident|{number}|{event}" + ("" if event == "opened" else f"@{NOW + at}")
    return Delivery(key, "out", payload(number, event) | {"said": said})


def parts(*events: str) -> list[tuple[str, ...]]:
    """Return what is told together, one after the other."""
    found, rest = [], list(events)
    while rest:
        count = folding.together(rest)
        found.append(tuple(rest[:count]))
        rest = rest[count:]
    return found


@pytest.mark.parametrize(
    ("waiting", "expected"),
    [
        (("opened",), [("opened",)]),
        (("opened", "resolved"), [("opened", "resolved")]),
        (("opened", "commented", "acknowledged", "resolved", "closed"), 1),
        (("opened", "resolved", "reopened", "escalated"), [("opened", "resolved", "reopened"), ("escalated",)]),
        (("commented", "resolved", "reopened"), [("commented",), ("resolved", "reopened")]),
        (("updated", "updated", "commented", "updated"), [("updated", "updated", "commented"), ("updated",)]),
        (("opened", "updated", "updated"), [("opened",), ("updated", "updated")]),
        (("acknowledged", "commented", "resolved"), [("acknowledged",), ("commented",), ("resolved",)]),
    ],
)
def test_what_is_already_undone_is_told_with_what_undid_it_and_the_rest_for_itself(
    waiting: tuple[str, ...], expected: Any
) -> None:
    assert parts(*waiting) == ([waiting] if expected == 1 else expected)


def test_whatever_waits_nothing_is_left_out_turned_round_or_told_as_standing_when_it_is_not() -> None:
    chance = random.Random(4)
    for _ in range(5_000):
        waiting = tuple(chance.choice(EVENTS) for _ in range(chance.randrange(1, 9)))
        told_of = parts(*waiting)
        assert tuple(event for part in told_of for event in part) == waiting
        assert sum(part[-1] in TURNS for part in told_of) <= 1, waiting
        assert all(event in TURNS or event == "updated" for part in told_of if not TURNS & set(part)
                   for event in part[:-1]), waiting  # fmt: skip


async def test_what_began_and_ended_while_the_channel_was_down_is_one_message_that_says_so(
    sqlite_store: Store, receiver: Receiver
) -> None:
    time, hook = Time(), Webhook(receiver.url, timeout_s=2.0)
    courier = courier_to(sqlite_store, {"out": hook}, time)
    receiver.answers = [503]
    await write(sqlite_store, told("opened"))
    await until_quiet(courier)
    await write(sqlite_store, told("commented", 1, "looking at it"), told("resolved", 2, "cable"))
    time.now += 2_000
    await until_quiet(courier)
    await hook.aclose()
    messages = [json.loads(each.body) for each in receiver.posted]
    assert [each["event"] for each in messages] == ["opened", "resolved"], "the first was refused"
    assert messages[1]["events"] == ["opened", "commented", "resolved"]
    assert messages[1]["said"] == "looking at it\ncable"
    assert [row.state for row in await rows(sqlite_store)] == ["folded", "folded", "sent"]
    async with sqlite_store.read() as connection:
        assert not await correspondence.is_open(connection, "out", "incident|INC-000001")
        assert (await outbox.lag(connection, time.now)).waiting == 0


async def test_an_opening_that_may_have_arrived_is_ended_there_all_the_same(sqlite_store: Store) -> None:
    """A trigger that was taken without an answer stands at the other side until it is ended."""
    faults = ["drop_after"]
    receiver = Unreliable(lambda path: faults.pop() if faults and path == "/v2/enqueue" else "")
    await receiver.start()
    time, pager = Time(), PagerDuty(Caller(receiver.url), "key", "", Voice("en"))
    courier = courier_to(sqlite_store, {"out": pager}, time)
    await write(sqlite_store, told("opened"))
    await until_quiet(courier)
    await write(sqlite_store, told("resolved", 1))
    time.now += 2_000
    await until_quiet(courier)
    await pager.aclose()
    await receiver.stop()
    assert receiver.alerts == {"INC-000001": ["trigger", "resolve"]}


async def test_of_what_is_over_before_it_was_told_nobody_is_paged_and_one_ticket_stands_resolved(
    sqlite_store: Store,
) -> None:
    receiver = Unreliable(lambda _: "")
    await receiver.start()
    pager = PagerDuty(Caller(receiver.url), "key", "", Voice("en"))
    desk = Tickets(ServiceNow(Caller(receiver.url), "Solved", {}), "", Voice("zh"))
    for name, destination in (("pager", pager), ("desk", desk)):
        given = [Delivery(each.key, name, each.payload) for each in (told("opened"), told("resolved", 1))]
        await write(sqlite_store, *given)
        await until_quiet(courier_to(sqlite_store, {name: destination}, Time()))
        await destination.aclose()
    await receiver.stop()
    assert receiver.alerts == {"INC-000001": ["resolve"]}
    assert [each["state"] for each in receiver.tickets.values()] == ["6"]


async def test_an_end_that_is_taken_back_before_it_was_told_closes_nothing_there(sqlite_store: Store) -> None:
    taken: list[str] = []

    async def noting(delivery: Delivery) -> None:
        taken.append(delivery.event)

    courier = courier_to(sqlite_store, {"out": noting}, Time())
    await write(sqlite_store, told("opened"))
    await until_quiet(courier)
    await write(sqlite_store, told("resolved", 1), told("reopened", 2), told("commented", 3))
    await until_quiet(courier)
    assert taken == ["opened", "reopened", "commented"]


async def test_a_courier_killed_after_it_folded_sends_the_same_message_again(
    sqlite_store: Store, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receiver that has the end under its key must not be told the beginning after it."""
    time, hook = Time(), Webhook(receiver.url, timeout_s=2.0)
    await write(sqlite_store, told("opened"), told("resolved", 1))

    async def power_cut(*_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "mark", power_cut)
        with pytest.raises(asyncio.CancelledError):
            await courier_to(sqlite_store, {"out": hook}, time).step()
    await write(sqlite_store, told("reopened", 2))
    time.now += LEASE_MS
    await until_quiet(courier_to(sqlite_store, {"out": hook}, time))
    await hook.aclose()
    told_of = [json.loads(each.body)["events"] for each in receiver.posted]
    assert told_of == [["opened", "resolved"], ["opened", "resolved", "reopened"]]


async def test_rows_are_passed_on_once_though_two_couriers_look(store: Store) -> None:
    """On PostgreSQL both look at the same time: one gets the row in front, and with it what waits behind."""
    taken: list[tuple[str, bool]] = []
    failures = ["once"]

    async def noting(delivery: Delivery) -> None:
        await asyncio.sleep(0)
        if failures and failures.pop():
            raise DeliveryFailed("no answer", Fate.UNKNOWN)
        taken.append((delivery.key, delivery.unsure))

    time = Time()
    couriers = [courier_to(store, {"out": noting}, time) for _ in range(2)]
    for number in range(20):
        some = [told(event, at, number=f"INC-{number:06d}") for at, event in enumerate(("opened", "resolved"))]
        await write(store, *some)
    await asyncio.gather(*(each.step() for each in couriers))
    time.now += 2_000
    await asyncio.gather(*(each.step() for each in couriers))
    assert sorted(key for key, _ in taken) == [f"incident|INC-{number:06d}|resolved@{NOW + 1}" for number in range(20)]
    assert sum(unsure for _, unsure in taken) == 1
    assert {row.state for row in await rows(store)} == {"folded", "sent"}
