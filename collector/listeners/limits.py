"""Our own limits on rate, concurrency and bytes in flight. Over them, a caller is told when to come back.

gRPC's own `maximum_concurrent_rpcs` was silently bypassed in earlier versions, and refuses without a time.
"""

from __future__ import annotations

import random
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from collector.listeners.refusal import exhausted

Seconds = Callable[[], float]
"""A clock that only goes forward, in seconds."""

MIN_WAIT_S = 0.25
MAX_WAIT_S = 60.0


class Buckets:
    """Token buckets by key: `rate` a second on average, `burst` at once. The least used keys are forgotten."""

    def __init__(self, rate: float, burst: int, seconds: Seconds = time.monotonic, capacity: int = 65_536) -> None:
        self._rate, self._burst, self._seconds, self._capacity = rate, float(burst), seconds, capacity
        self._levels: OrderedDict[object, tuple[float, float]] = OrderedDict()

    def take(self, key: object) -> None:
        """Take one; raise `Refused` (RESOURCE_EXHAUSTED) with the time until there is one again."""
        now = self._seconds()
        level, at = self._levels.get(key, (self._burst, now))
        level = min(self._burst, level + (now - at) * self._rate)
        if level < 1:
            raise exhausted("too many calls", jittered((1 - level) / self._rate))
        self._levels[key] = (level - 1, now)
        self._levels.move_to_end(key)
        if len(self._levels) > self._capacity:
            self._levels.popitem(last=False)


class Admission:
    """At most `max_calls` calls and `max_bytes` bytes inside at once.

    Who is turned away gets a slot of a queue that moves as fast as calls have lately been finishing, so
    that a thousand who come at once come back one after the other.
    """

    def __init__(self, max_calls: int, max_bytes: int, seconds: Seconds = time.monotonic) -> None:
        self._max_calls, self._max_bytes, self._seconds = max_calls, max_bytes, seconds
        self.calls = 0
        self.bytes = 0
        self.refused = 0
        self._took_s = 0.1  # running mean of how long a call stays inside
        self._next_slot = 0.0

    @contextmanager
    def enter(self, size: int) -> Iterator[None]:
        """Hold a place for a call of `size` bytes; raise `Refused` (RESOURCE_EXHAUSTED) when there is none."""
        if self.calls >= self._max_calls or (self.calls and self.bytes + size > self._max_bytes):
            self.refused += 1
            raise exhausted("the collector is busy", self._slot())
        self.calls += 1
        self.bytes += size
        began = self._seconds()
        try:
            yield
        finally:
            self.calls -= 1
            self.bytes -= size
            self._took_s += 0.05 * (self._seconds() - began - self._took_s)

    def _slot(self) -> float:
        now = self._seconds()
        self._next_slot = max(now, self._next_slot) + max(self._took_s, 0.001) / self._max_calls
        if self._next_slot - now > MAX_WAIT_S:
            self._next_slot = now + MAX_WAIT_S
        return jittered(self._next_slot - now)


@dataclass(frozen=True, slots=True)
class EnrolmentLimits:
    """What one address may do at the enrolment listener."""

    per_second: float = 1.0
    burst: int = 5
    outstanding: int = 5


def jittered(wait_s: float) -> float:
    """Return `wait_s`, at least `MIN_WAIT_S`, times 0.75 to 1.5: two that were refused together part."""
    return min(max(wait_s, MIN_WAIT_S), MAX_WAIT_S) * random.uniform(0.75, 1.5)  # noqa: S311  not a secret
