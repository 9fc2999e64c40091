"""Limits: rate, concurrency, bytes; and when to come back, spread so that nobody comes back together."""

from __future__ import annotations

import contextlib

import pytest

from collector.listeners.limits import MAX_WAIT_S, Admission, Buckets, jittered
from collector.listeners.nonces import LIFE_S, MAX_OUTSTANDING, Nonces
from collector.listeners.refusal import Refused


class Seconds:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def wait_of(refused: pytest.ExceptionInfo[Refused]) -> float:
    return refused.value.retry_after_ms / 1000


def test_a_bucket_lets_a_burst_through_and_then_one_at_a_time() -> None:
    seconds = Seconds()
    buckets = Buckets(2.0, 3, seconds)
    for _ in range(3):
        buckets.take("a")
    with pytest.raises(Refused):
        buckets.take("a")
    buckets.take("b")
    seconds.now += 0.5
    buckets.take("a")
    with pytest.raises(Refused):
        buckets.take("a")
    seconds.now += 3600
    for _ in range(3):
        buckets.take("a")
    with pytest.raises(Refused):
        buckets.take("a")


def test_who_waits_as_long_as_told_is_let_in() -> None:
    seconds = Seconds()
    buckets = Buckets(0.1, 1, seconds)
    buckets.take("a")
    with pytest.raises(Refused) as refused:
        buckets.take("a")
    assert 7.5 <= wait_of(refused) <= 15
    seconds.now += 10
    buckets.take("a")


def test_a_flood_of_keys_is_forgotten_from_its_oldest_end() -> None:
    buckets = Buckets(0.001, 1, Seconds(), capacity=100)
    for key in range(1000):
        buckets.take(key)
    assert len(buckets._levels) == 100
    with pytest.raises(Refused):
        buckets.take(999)


def test_a_place_is_given_back_however_the_call_ends() -> None:
    admission = Admission(1, 1000)
    for divisor in (0, 1, 0):
        with contextlib.suppress(ZeroDivisionError), admission.enter(10):
            assert (admission.calls, admission.bytes) == (1, 10)
            _ = 1 // divisor
    assert (admission.calls, admission.bytes) == (0, 0)


def test_a_call_larger_than_the_limit_is_let_in_alone_so_it_is_not_turned_away_for_ever() -> None:
    admission = Admission(10, 1000)
    with admission.enter(5000), pytest.raises(Refused), admission.enter(1):
        pass
    with admission.enter(400), admission.enter(600), pytest.raises(Refused), admission.enter(1):
        pass


def test_a_thousand_turned_away_at_once_come_back_spread_over_what_their_backlog_takes() -> None:
    seconds = Seconds()
    admission = Admission(4, 10**9, seconds)
    for _ in range(200):  # learns that a call takes 0.2 s, so four places pass twenty calls a second
        with admission.enter(1):
            seconds.now += 0.2
    waits = []
    with admission.enter(1), admission.enter(1), admission.enter(1), admission.enter(1):
        for _ in range(1000):
            with pytest.raises(Refused) as refused, admission.enter(1):
                pass
            waits.append(wait_of(refused))
    assert 30 < max(waits) < 80
    in_each_second = [sum(at <= wait < at + 1 for wait in waits) for at in range(1, 35)]
    assert max(in_each_second) <= 45
    assert min(in_each_second) >= 5


def test_no_wait_is_longer_than_a_minute_and_a_half_or_shorter_than_moments() -> None:
    assert all(0.18 <= jittered(0) <= 0.4 for _ in range(100))
    assert all(jittered(10**6) <= MAX_WAIT_S * 1.5 for _ in range(100))


# --- challenges


def test_a_challenge_is_good_once_for_its_key_and_for_a_minute() -> None:
    seconds = Seconds()
    nonces = Nonces(5, seconds)
    one, two, three = (nonces.issue(b"key", "net") for _ in range(3))
    assert len({one, two, three}) == 3
    assert {len(one), len(two)} == {32}
    assert nonces.redeem(one, b"key")
    assert not nonces.redeem(one, b"key")
    assert not nonces.redeem(two, b"other key")
    assert not nonces.redeem(two, b"key")
    seconds.now += LIFE_S
    assert not nonces.redeem(three, b"key")
    assert not nonces.redeem(b"never issued", b"key")


def test_challenges_of_one_network_run_out_and_come_back_with_time_or_use() -> None:
    seconds = Seconds()
    nonces = Nonces(2, seconds)
    first = nonces.issue(b"key", "net")
    seconds.now += 30
    nonces.issue(b"key", "net")
    with pytest.raises(Refused):
        nonces.issue(b"key", "net")
    nonces.issue(b"key", "another net")
    assert nonces.redeem(first, b"key")
    nonces.issue(b"key", "net")
    seconds.now += LIFE_S
    assert [len(nonces.issue(b"key", "net")) for _ in range(2)] == [32, 32]


def test_a_flood_from_many_networks_is_bounded_and_forgotten() -> None:
    seconds = Seconds()
    nonces = Nonces(5, seconds)
    for number in range(MAX_OUTSTANDING):
        nonces.issue(b"key", f"net-{number}")
    with pytest.raises(Refused):
        nonces.issue(b"key", "one more")
    seconds.now += LIFE_S
    nonces.issue(b"key", "one more")
    assert (len(nonces._issued), len(nonces._outstanding)) == (1, 1)
