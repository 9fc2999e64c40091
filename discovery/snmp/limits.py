"""How much may be asked at once: lanes of requests in flight, and a token bucket for datagrams."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

BURST_S = 0.05
"""How much unused pace, in seconds of it, may be caught up at once: as long as a busy machine may hold us up."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Requests in flight: in all, per /24 (IPv6: /64), per target; `rate` in datagrams a second, None for no limit."""

    in_flight: int = 1000
    per_subnet: int = 64
    per_target: int = 2
    rate: float | None = None


class Lane:
    """One limit: how much of it is free, and who waits for it."""

    __slots__ = ("__weakref__", "free", "waiting")

    def __init__(self, limit: int) -> None:
        self.free = limit
        self.waiting: deque[Passing] = deque()


Lanes = tuple[Lane, Lane, Lane]
"""Of the target, of its subnet, of everything."""


class Passing(Protocol):
    """What passes lanes."""

    lanes: Lanes


Kind = TypeVar("Kind", bound=Passing)


class Gate(Generic[Kind]):
    """Lets a request through when every one of its lanes has room; it waits in the first that has none."""

    def __init__(self, start: Callable[[Kind], None]) -> None:
        self._start = start

    def admit(self, request: Kind) -> None:
        target, subnet, everything = request.lanes
        if target.free and subnet.free and everything.free:
            target.free -= 1
            subnet.free -= 1
            everything.free -= 1
            self._start(request)
        else:
            next(lane for lane in request.lanes if not lane.free).waiting.append(request)

    def release(self, request: Kind) -> None:
        """Give back what `request` used, and let those that wait for it through."""
        target, subnet, everything = request.lanes
        target.free += 1
        subnet.free += 1
        everything.free += 1
        if target.waiting or subnet.waiting or everything.waiting:
            self._let_through(request.lanes)

    def _let_through(self, lanes: Lanes) -> None:
        for lane in lanes:
            while lane.waiting and lane.free:
                self.admit(lane.waiting.popleft())  # type: ignore[arg-type]  # a gate's lanes hold its own kind only


class Bucket:
    """A token bucket; `rate` in tokens a second, None never empties."""

    __slots__ = ("_at", "_tokens", "burst", "rate")

    def __init__(self, rate: float | None, now: float) -> None:
        self.rate = rate
        self.burst = max(1.0, rate * BURST_S) if rate else 1.0
        self._tokens, self._at = 1.0, now

    def take(self, now: float, wanted: int = 1) -> int:
        """Take up to `wanted` tokens, and return how many there were."""
        if self.rate is None:
            return wanted
        self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
        self._at = now
        taken = max(0, min(wanted, int(self._tokens)))
        self._tokens -= taken
        return taken

    def spent(self, address: str) -> None:
        """What a token was taken for has left for an address."""

    def wait(self) -> float:
        """Return the seconds until the next token, as of the last `take`."""
        return 0.0 if self.rate is None else max(0.0, 1.0 - self._tokens) / self.rate
