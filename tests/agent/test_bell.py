"""The bell wakes the loop, hands over words in order, and its waits end whatever signals come in between."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator

import pytest

from agent.bell import Bell


@pytest.fixture
def bell() -> Iterator[Bell]:
    bell = Bell()
    yield bell
    bell.close()


def test_a_ring_from_another_thread_ends_the_wait(bell: Bell) -> None:
    threading.Timer(0.05, bell.ring).start()
    began = time.monotonic()
    assert bell.wait(10) is None
    assert time.monotonic() - began < 5


def test_words_arrive_in_order_and_none_is_lost(bell: Bell) -> None:
    for word in ("one", "two"):
        bell.ring(word)
    bell.ring()
    assert [bell.wait(0), bell.wait(0), bell.wait(0)] == ["one", "two", None]


def test_a_ring_before_the_wait_is_heard(bell: Bell) -> None:
    bell.ring()
    began = time.monotonic()
    assert bell.wait(10) is None
    assert time.monotonic() - began < 5


def test_more_rings_than_anyone_waits_for_block_nobody(bell: Bell) -> None:
    for _ in range(10_000):
        bell.ring()
    assert bell.wait(0) is None


def test_a_wait_whose_time_runs_out_in_a_signal_handler_ends(bell: Bell) -> None:
    before = signal.signal(signal.SIGALRM, lambda number, frame: time.sleep(0.3))
    rescue = threading.Timer(8, bell.ring)
    rescue.start()
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        began = time.monotonic()
        assert bell.wait(0.1) is None
        assert time.monotonic() - began < 5
    finally:
        rescue.cancel()
        signal.signal(signal.SIGALRM, before)


def test_a_ring_after_the_end_is_heard_by_nobody() -> None:
    bell = Bell()
    bell.close()
    bell.ring("late")
