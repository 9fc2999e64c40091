"""Slows whoever guesses: counts failures by address, in memory, for a quarter of an hour."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from collector.clock import Clock, now

WINDOW_MS = 15 * 60_000
MAX_FAILURES = 20
MAX_ADDRESSES = 10_000


@dataclass(slots=True)
class Throttle:
    """Failures of each address within the window; the address unheard longest is forgotten first."""

    clock: Clock = now
    _failures: OrderedDict[str, tuple[int, int]] = field(default_factory=OrderedDict)

    def blocks(self, address: str) -> bool:
        """Return whether `address` has failed too often."""
        since, count = self._failures.get(address, (0, 0))
        return count >= MAX_FAILURES and self.clock() - since < WINDOW_MS

    def failed(self, address: str) -> None:
        since, count = self._failures.pop(address, (self.clock(), 0))
        if self.clock() - since >= WINDOW_MS:
            since, count = self.clock(), 0
        self._failures[address] = (since, count + 1)
        if len(self._failures) > MAX_ADDRESSES:
            self._failures.popitem(last=False)

    def forget(self, address: str) -> None:
        self._failures.pop(address, None)
