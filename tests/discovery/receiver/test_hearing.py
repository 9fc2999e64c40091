"""Who is heard, and how much of a flood: bounds an address, bounds in all, and everything else counted by its cause."""

from __future__ import annotations

import contextlib
import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.receiver.folding import SETTLE_MS
from discovery.receiver.hearing import MOST, MOST_OCTETS, MOST_OF_ONE, Hearing, plain
from discovery.receiver.listening import BadTask, read
from tests.discovery.receiver.listening import COMMUNITY, ELSEWHERE, HERE, Clock, hearing, lease, said
from tests.discovery.snmp.notices import LINK_DOWN, answered, trap


def rows(heard: Hearing, clock: Clock) -> list[dict[str, object]]:
    return [row for some in heard.folds.due(clock.now + SETTLE_MS).values() for row in some]


def test_a_trap_of_a_known_community_from_its_addresses_is_an_event() -> None:
    clock = Clock()
    heard = hearing(clock)
    assert heard.datagram(trap(community=COMMUNITY), HERE) == b""
    (row,) = rows(heard, clock)
    assert (row["kind"], row["source"], row["oid"], row["authentic"]) == ("link_down", "trap", LINK_DOWN, False)
    assert heard.counts == {"traps": 1}


@pytest.mark.parametrize(("data", "address", "cause"), [
    (trap(community="guessed"), HERE, "unknown_community"),
    (trap(community=ELSEWHERE), HERE, "unknown_community"),  # right, but not for this address
    (trap(community=COMMUNITY), "203.0.113.1", "unexpected_address"),
    (trap(community=COMMUNITY)[:-1], HERE, "malformed"),
    (b"\0" * (MOST_OCTETS + 1), HERE, "oversized"),
])  # fmt: skip
def test_what_is_not_heard_is_counted_by_its_cause(data: bytes, address: str, cause: str) -> None:
    clock = Clock()
    heard = hearing(clock)
    assert heard.datagram(data, address) == b""
    assert (heard.counts, rows(heard, clock)) == ({cause: 1}, [])


def test_an_inform_is_answered_only_when_it_is_heard() -> None:
    heard = hearing()
    number, status, _ = answered(heard.datagram(trap(community=COMMUNITY, inform=True), HERE))
    assert (number, status) == (0x01020304, 0)
    assert heard.datagram(trap(community="guessed", inform=True), HERE) == b""
    assert heard.counts == {"informs": 1, "unknown_community": 1}


def test_lines_of_syslog_are_heard_from_the_addresses_of_the_zone_only() -> None:
    clock = Clock()
    heard = hearing(clock)
    line = b"<189>%SYS-5-CONFIG_I: Configured from console by admin on vty0 (192.0.2.9)"
    heard.line(line, HERE)
    heard.line(line, "203.0.113.1")
    heard.line(b"<190>nothing of interest", HERE)
    (row,) = rows(heard, clock)
    assert (row["kind"], row["actor"], row["origin"]) == ("config_changed", "admin", "192.0.2.9")
    assert heard.counts == {"lines": 2, "unexpected_address": 1, "of_no_interest": 1}


def test_a_storm_of_a_hundred_thousand_traps_is_a_few_rows_and_everything_is_counted() -> None:
    clock = Clock()
    heard, data, told = hearing(clock), trap(community=COMMUNITY), []
    for number in range(100_000):
        clock.now += number % 4 == 0  # 4,000 a second
        heard.datagram(data, HERE)
        if number % 4_000 == 0:
            told += [row for some in heard.folds.due(clock.now).values() for row in some]
    told += [row for some in heard.folds.due(clock.now, at_once=True).values() for row in some]
    counts = {kind: sum(int(row["count"]) for row in told if row["kind"] == kind)
              for kind in ("link_down", "events_dropped")}  # fmt: skip
    assert sum(counts.values()) == 100_000
    assert counts["events_dropped"] == heard.counts["too_fast"] > 0
    assert len(told) <= 12
    print(f"100,000 traps: {len(told)} rows, {counts}")


def test_one_that_floods_leaves_room_for_the_others() -> None:
    heard, data = hearing(), trap(community=COMMUNITY)
    for _ in range(3 * MOST_OF_ONE):
        heard.datagram(data, "192.0.2.66")
    heard.datagram(data, "192.0.2.1")
    assert heard.counts == {"traps": MOST_OF_ONE + 1, "too_fast": 2 * MOST_OF_ONE}


def test_addresses_that_are_made_up_cannot_make_it_grow_or_read_more_than_its_bound() -> None:
    heard = hearing(ranges=["10.0.0.0/8"], leases=[lease("snmp_community", ["10.0.0.0/8"], community=COMMUNITY)])
    data = trap(community=COMMUNITY)
    for number in range(MOST + 5_000):
        heard.datagram(data, f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert heard.counts["traps"] == MOST
    assert len(heard._pace) <= MOST
    assert heard.counts["too_fast"] == 5_000


INFORM = trap(community=COMMUNITY, inform=True)


@given(st.binary(max_size=400), st.randoms(use_true_random=False))
def test_no_datagram_and_no_line_does_any_harm(data: bytes, chance: random.Random) -> None:
    heard = hearing()
    damaged = bytearray(INFORM)
    for _ in range(3):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    for each in (data, bytes(damaged)):
        heard.datagram(each, HERE)
        heard.line(each, HERE)
    assert heard.counts.total() >= 4


@pytest.mark.parametrize(("told", "address"), [
    ("::ffff:192.0.2.1", "192.0.2.1"), ("fe80::1%eth0", "fe80::1"), ("2001:DB8::1", "2001:db8::1"),
    ("192.0.2.1", "192.0.2.1"),
])  # fmt: skip
def test_an_address_is_written_in_one_way(told: str, address: str) -> None:
    assert plain(told) == address


@pytest.mark.parametrize("line", [
    b"", b"{}", b"[]", b"null", json.dumps(said(ranges=["nonsense"])).encode(),
    json.dumps(said(traps=["0.0.0.0", 70_000])).encode(), json.dumps(said(leases=[{"kind": "snmp_user"}])).encode(),
])  # fmt: skip
def test_a_task_that_is_none_is_refused_in_one_line_without_a_secret(line: bytes) -> None:
    with pytest.raises(BadTask) as refused:
        read(line)
    assert COMMUNITY not in str(refused.value)
    assert "\n" not in str(refused.value)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


@given(st.dictionaries(st.sampled_from([*said()]), _json))
def test_any_json_is_a_task_or_is_refused(told: dict[str, object]) -> None:
    for each in (told, said(**told)):
        with contextlib.suppress(BadTask):
            read(json.dumps(each).encode())
