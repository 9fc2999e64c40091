"""When to try again, when to let a channel rest, and how many messages a channel may get. Times are ms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from collector.store.channels import Health

FIRST_S: Final = 1.0
LONGEST_S: Final = 300.0
GIVE_UP_MS: Final = 24 * 3_600_000
"""How long a message is tried."""
MAX_ASKED_S: Final = 3_600.0
"""The longest a receiver may ask to be left alone."""
BREAKS_AT: Final = 5
"""Failures in a row after which a channel rests."""
REST_S: Final = 30.0


def retry_at(attempts: int, since: int, now: int, chance: float, after_s: float = 0.0) -> int | None:
    """Return when to try again after `attempts` in vain what waits since then; None when it is time to give up.

    1 s, 2 s, 4 s … up to five minutes, a quarter more or less by `chance` in [0, 1), so that a receiver that comes
    back is not met by everyone at once; never before the receiver said.
    """
    if now - since >= GIVE_UP_MS:
        return None
    seconds = min(FIRST_S * 2 ** min(attempts - 1, 20), LONGEST_S) * (0.75 + chance / 2)
    return now + int(max(seconds, min(after_s, MAX_ASKED_S)) * 1000)


@dataclass(frozen=True, slots=True)
class Breaker:
    """Lets a channel rest that failed `BREAKS_AT` times in a row: 30 s, then twice as long each time, to 5 minutes.

    After a rest one message is tried.
    """

    failures: int = 0
    open_until: int = 0
    broken_at: int = 0

    @property
    def is_broken(self) -> bool:
        return self.failures >= BREAKS_AT

    def rests(self, now: int) -> bool:
        return now < self.open_until

    def after(self, is_well: bool, now: int, after_s: float = 0.0) -> Breaker:
        """Return the breaker after one more try; `after_s`: how long the receiver asked to be left alone."""
        if is_well:
            return Breaker()
        failures = self.failures + 1
        over = failures - BREAKS_AT
        rest_s = min(REST_S * 2 ** min(over, 20), LONGEST_S) if over >= 0 else 0.0
        rest_s = max(rest_s, min(after_s, MAX_ASKED_S))
        until = now + int(rest_s * 1000) if rest_s else 0
        return replace(
            self, failures=failures, open_until=until, broken_at=(self.broken_at or now) if over >= 0 else 0
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pace:
    """How a channel's messages follow each other.

    `wait_s`: how long a first one waits for others; `burst`: so many may follow at once, after that one every
    `interval_s`. `at_once`: how many are under way together. `gathers`: many incidents become one message.
    """

    gathers: bool = False
    wait_s: float = 0.0
    interval_s: float = 0.0
    burst: int = 1
    at_once: int = 16


EACH: Final = Pace()
"""Each message for itself, at once."""


def filled(health: Health, pace: Pace, now: int) -> int:
    """Return how many messages a channel may send now, in thousandths of one."""
    most = pace.burst * 1000
    if health.tokens < 0 or not pace.interval_s:
        return most
    return min(most, health.tokens + max(0, now - health.filled_at) * 1000 // int(pace.interval_s * 1000))
