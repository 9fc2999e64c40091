"""Devices that answer wrongly on purpose: every walk and get ends, within its budget, for a named cause."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator

import pytest

from discovery.failures import Failed
from discovery.snmp import Budget, Community, Engine, Limits, Patience, Session
from discovery.snmp.ber import encode_oid
from tests.discovery.snmp import hostile
from tests.discovery.snmp.hostile import Asked, Behaviour, Responder, response

COLUMN = "1.3.6.1.2.1.2.2.1.2"
OTHER = "1.3.6.1.2.1.2.2.1.3"
BUDGET = Budget(seconds=3.0, octets=1 << 20)
AT_MOST_S = 5.0

Serve = Callable[[Behaviour], Responder]


@pytest.fixture
def serve() -> Iterator[Serve]:
    running: list[Responder] = []

    def start(behaviour: Behaviour) -> Responder:
        running.append(Responder(behaviour))
        return running[-1]

    yield start
    for each in running:
        each.close()


def session(engine: Engine, responder: Responder, version: int = 2) -> Session:
    return Session(engine, responder.where, Community("roster", 1 if version == 1 else 2), BUDGET)


@pytest.mark.parametrize("bulk", [True, False])
@pytest.mark.parametrize(
    ("behaviour", "causes"),
    [
        (hostile.counting, {"budget"}),
        (hostile.same, {"oid_not_increasing"}),
        (hostile.backwards, {"oid_not_increasing"}),
        (hostile.wrong_number, {"no_answer"}),
        (hostile.garbage, {"malformed"}),
        (hostile.cut_off, {"malformed"}),
        (hostile.without_variables, {"malformed"}),
        (hostile.enormous, {"budget"}),
        (hostile.slow, {"no_answer", "budget"}),
        (hostile.too_big, {"too_big"}),
        (hostile.mute, {"no_answer"}),
    ],
    ids=lambda each: getattr(each, "__name__", None),
)
async def test_a_walk_ends_for_a_named_cause(engine, serve, behaviour, causes, bulk):
    asking = session(engine, serve(behaviour))
    asking.bulk = bulk
    started = time.monotonic()
    answer = await asking.walk(COLUMN, OTHER, rows=2000)
    assert answer.failure in causes
    assert time.monotonic() - started < AT_MOST_S
    assert len(answer.columns[COLUMN]) <= 2000


async def test_a_walk_that_is_cut_short_keeps_its_rows(engine, serve):
    answer = await session(engine, serve(hostile.counting)).walk(COLUMN, OTHER, rows=137)
    assert answer.failure == "budget"
    assert list(answer.columns[COLUMN]) == [(row,) for row in range(1, 138)]
    assert answer.columns[COLUMN].keys() == answer.columns[OTHER].keys()


@pytest.mark.parametrize("longer", [1 << 7, 1 << 14, 1 << 21, 1 << 28])
async def test_rows_on_both_sides_of_a_longer_index_are_in_order(engine, serve, longer):
    """16,383 takes two octets and sorts, as octets, behind 16,384, which takes three."""
    first = longer - 100
    answer = await session(engine, serve(hostile.counting_from(first))).walk(COLUMN, rows=200)
    assert list(answer.columns[COLUMN]) == [(row,) for row in range(first, first + 200)]


async def test_the_end_of_one_column_does_not_end_the_others(engine, serve):
    def shorter(asked: Asked) -> list[bytes]:
        told = []
        for row in range(1, asked.rows + 1):
            for name in asked.names:
                at = int.from_bytes(name[9:], "big") + row
                ends = 3 if name.startswith(encode_oid(COLUMN)) else 40
                beyond = encode_oid("1.3.6.1.2.1.2.2.1.9.1")
                told.append((beyond if at > ends else name[:9] + bytes((at,)), b"\x02\x01\x07"))
        return [response(asked.number, told)]

    answer = await session(engine, serve(shorter)).walk(COLUMN, OTHER)
    assert answer.failure is None
    assert [len(answer.columns[each]) for each in (COLUMN, OTHER)] == [3, 40]


async def test_rows_that_do_not_fit_are_asked_for_again_in_fewer(engine, serve):
    def small(asked: Asked) -> list[bytes]:
        fits = asked.rows * len(asked.names) <= 6
        return hostile.counting(asked) if fits else hostile.too_big(asked)

    answer = await session(engine, serve(small)).walk(COLUMN, OTHER, rows=30)
    assert answer.failure == "budget"
    assert len(answer.columns[OTHER]) == 30


async def test_large_answers_that_get_lost_are_asked_for_again_in_fewer(engine, serve):
    def lossy(asked: Asked) -> list[bytes]:
        return hostile.counting(asked) if asked.rows <= 5 else []

    answer = await session(engine, serve(lossy)).walk(COLUMN, rows=30)
    assert answer.failure == "budget"
    assert len(answer.columns[COLUMN]) == 30


async def test_an_answer_from_elsewhere_is_counted_and_ignored(engine, serve):
    elsewhere = Responder(hostile.mute, "127.0.0.2")
    try:
        asked: list[Asked] = []
        responder = serve(lambda question: asked.append(question) or [])
        waiting = asyncio.ensure_future(session(engine, responder).get("1.3.6.1.2.1.1.5.0"))
        while not asked:  # noqa: ASYNC110  it is set by another thread
            await asyncio.sleep(0.01)
        port = engine.exchange.link("127.0.0.1")._socket.getsockname()[1]
        forged = response(asked[0].number, [(asked[0].names[0], b"\x04\x04evil")])
        elsewhere._socket.sendto(forged, ("127.0.0.1", port))
        with pytest.raises(Failed, match="no_answer"):
            await waiting
        assert engine.counts.foreign == 1
    finally:
        elsewhere.close()


async def test_a_late_answer_and_a_doubled_one_are_counted_and_dropped(serve):
    engine = Engine(patience=Patience(first=0.15, least=0.15, most=0.15, tries=1))

    def late(asked: Asked) -> list[bytes]:
        time.sleep(0.4)
        return hostile.same(asked)

    with pytest.raises(Failed, match="no_answer"):
        await session(engine, serve(late)).get("1.3.6.1.2.1.1.5.0")
    await asyncio.sleep(0.5)
    await session(engine, serve(hostile.twice)).walk(COLUMN)
    await asyncio.sleep(0.1)
    assert engine.counts.unexpected >= 2
    engine.close()


async def test_a_lost_datagram_is_sent_again(engine, serve):
    seen: set[int] = set()

    def forgetful(asked: Asked) -> list[bytes]:
        again = asked.number in seen
        seen.add(asked.number)
        return hostile.same(asked) if again else []

    assert await session(engine, serve(forgetful)).get("1.3.6.1.2.1.1.3.0") == {"1.3.6.1.2.1.1.3.0": 1}
    assert engine.counts.timeouts == 1


async def test_what_was_not_asked_for_is_not_taken(engine, serve):
    def elsewhere(asked: Asked) -> list[bytes]:
        return [response(asked.number, [(encode_oid("1.3.6.1.2.1.1.6.0"), b"\x04\x04evil")])]

    assert await session(engine, serve(elsewhere)).get("1.3.6.1.2.1.1.5.0") == {}


async def test_a_healthy_device_is_not_held_up_by_fifty_hostile_ones(serve):
    engine = Engine(Limits(per_subnet=64), Patience(first=0.4, least=0.2, most=0.5, tries=2))
    behaviours = [hostile.slow, hostile.garbage, hostile.mute, hostile.backwards, hostile.counting]
    bad = [session(engine, serve(behaviours[each % 5])).walk(COLUMN, rows=5000) for each in range(50)]
    running = asyncio.gather(*bad)
    started = time.monotonic()
    told = await session(engine, serve(hostile.same)).get("1.3.6.1.2.1.1.5.0")
    assert told
    assert time.monotonic() - started < 2
    assert all(each.failure for each in await running)
    engine.close()


@pytest.mark.parametrize("limits", [Limits(3, 64, 64), Limits(64, 3, 64), Limits(64, 64, 3)])
async def test_no_more_is_in_flight_than_the_limits_allow(serve, limits):
    engine = Engine(limits, Patience(first=5))
    most = 0

    def watching(asked: Asked) -> list[bytes]:
        nonlocal most
        time.sleep(0.02)
        most = max(most, len(engine.exchange.pending))
        return hostile.same(asked)

    responder = serve(watching)
    await asyncio.gather(*(session(engine, responder).get("1.3.6.1.2.1.1.5.0") for _ in range(20)))
    assert 1 < most <= 3
    assert engine.counts.received == 20
    engine.close()


async def test_datagrams_leave_at_the_rate_that_was_set(serve):
    engine = Engine(Limits(rate=100, per_target=100))
    responder = serve(hostile.same)
    started = time.monotonic()
    await asyncio.gather(*(session(engine, responder).get("1.3.6.1.2.1.1.5.0") for _ in range(50)))
    assert 0.45 <= time.monotonic() - started < 1.5
    engine.close()


async def test_closing_ends_what_is_on_its_way_and_what_waits(serve):
    engine = Engine(Limits(per_target=1))
    responder = serve(hostile.mute)
    waiting = [asyncio.ensure_future(session(engine, responder).get("1.3.6.1.2.1.1.5.0")) for _ in range(5)]
    await asyncio.sleep(0.05)
    engine.close()
    ended = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 2)
    assert [each.cause for each in ended if isinstance(each, Failed)] == ["cancelled"] * 5


async def test_a_question_whose_asker_is_gone_leaves_nothing_behind(engine, serve):
    asking = session(engine, serve(hostile.mute))
    waiting = asyncio.ensure_future(asking.get("1.3.6.1.2.1.1.5.0"))
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert engine.exchange.pending == {}
    assert [lane.free for lane in asking.target.lanes] == [2, 64, 1000]
