"""The certificate in use: which pair a connection is made with, when it is renewed, how it comes back."""

from __future__ import annotations

import logging
import math
import queue
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agent import membership
from agent.child import Child
from agent.membership import Membership
from agent.transport import Backoff, Channel

log = logging.getLogger(__name__)

ERRAND_S = 60.0
SILENCES = 10
"""Failed calls in a row after which the collector's clock is asked whether the certificate still holds."""


class Credentials:
    """Owns the pairs. Errands run in a child process; until one ends the present pair stays in use.

    Times given are monotonic, in seconds; `wall` gives Unix seconds, `chance` numbers uniform in [0, 1).
    """

    def __init__(
        self,
        state: Path,
        now: float,
        wake: Callable[[], None],
        wall: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._state, self._wake, self._wall, self._chance = state, wake, wall, chance
        self._backoff = Backoff(chance, base_s=15.0, cap_s=900.0)
        self._child: Child | None = None
        self._errand = ""
        self._errand_until = 0.0
        self._silences = 0
        self._wanted = ""
        self.member = membership.load(state)
        self._plan(now, wall() - self.member.validity.not_before_ms / 1000)

    def _plan(self, now: float, age_s: float = 0.0) -> None:
        """Renew at half the life time ± 10 % of it.

        A certificate just received counts from now, whatever the wall clock says; `age_s` is of an older one.
        """
        half_s = self.member.validity.half_ms / 1000
        jitter_s = half_s * 0.1 * (2 * self._chance() - 1)
        self._errand_at = now + max(0.0, half_s - max(0.0, age_s) + jitter_s)

    @property
    def next_at(self) -> float:
        """When `advance` has something to do."""
        if self._child is not None:
            return self._errand_until
        return self._errand_at if self._wanted or not self.member.candidate else math.inf

    @property
    def is_recovering(self) -> bool:
        """True while a call would only be turned away."""
        return self._child is not None and self._errand != "renew"

    def channel(self) -> Channel:
        """Return a connection with the newest pair that was not turned away; raise `NotEnrolled`."""
        pair = membership.read_pair(self._state, self.member.candidate or self.member.pair)
        return Channel(self.member.data_target, self.member.root.encode(), *pair)

    def worked(self) -> bool:
        """Take note of a call that succeeded; return True when it made a candidate the pair in use."""
        self._silences = 0
        if not self.member.candidate:
            return False
        self._save(self.member.promoted())
        log.info("the new certificate is in use")
        return True

    def turned_away(self, now: float) -> None:
        """Take note that the collector does not take the certificate: fall back on the old pair, else recover."""
        if self.member.candidate:
            log.warning("the new certificate was turned away")
            self._save(self.member.rejected())
            self._errand_at = now + self._backoff.failed()
        else:
            self._want("recover", now)

    def unheard(self, now: float) -> None:
        """Take note of a call nobody answered; a server refuses an expired certificate in just this way."""
        self._silences += 1
        if self._is_expired() or self._silences % SILENCES == 0:
            self._want("recover-if-expired", now)

    def _is_expired(self) -> bool:
        return self._wall() * 1000 >= self.member.newest_validity.not_after_ms

    def _want(self, errand: str, now: float) -> None:
        """Have `errand` run next; one that just failed waits for its turn."""
        if not self._wanted and self._child is None:
            self._wanted = errand
            self._errand_at = now if self._backoff.failures == 0 else max(now, self._errand_at)

    def advance(self, now: float) -> bool:
        """Start or finish an errand when it is time; return True when the next connection should be a new one."""
        if self._child is not None:
            return self._finish(now)
        if now >= self._errand_at and (self._wanted or not self.member.candidate):
            self._errand = self._wanted or ("recover-if-expired" if self._is_expired() else "renew")
            self._wanted = ""
            self._errand_until = now + ERRAND_S
            try:
                self._child = Child("agent.enrol", self._errand, "--state", str(self._state), wake=self._wake)
            except OSError as error:
                return self._settle({"remedy": "retry", "message": str(error)}, now)
            log.info("an errand began", extra={"errand": self._errand})
        return False

    def _finish(self, now: float) -> bool:
        assert self._child is not None
        try:
            answer = self._child.inbox.get_nowait()
        except queue.Empty:
            if now < self._errand_until:
                return False
            answer = None
        self._child.end()
        self._child = None
        outcome = answer[0] if answer else {"remedy": "retry", "message": f"no outcome in {ERRAND_S:g} s"}
        return self._settle(outcome, now)

    def _settle(self, outcome: dict[str, Any], now: float) -> bool:
        if outcome["remedy"] is not None:
            delay = outcome.get("retry_after_s") or self._backoff.failed()
            self._errand_at = now + delay
            if outcome["remedy"] == "recover" and self._errand == "renew":
                self._wanted = "recover"
            log.warning("an errand failed", extra={"errand": self._errand, "because": outcome.get("message"),
                                                   "again_in_s": round(delay)})  # fmt: skip
            return False
        if outcome.get("is_new") is False:  # valid after all: it is the wall clock that is wrong
            self._errand_at = now + self._backoff.failed()
            return False
        self._backoff.reset()
        self.member = membership.load(self._state)
        self._plan(now)
        log.info("an errand is done", extra={"errand": self._errand})
        return True

    def _save(self, member: Membership) -> None:
        """Go on with `member`. What cannot be written now is found out again after a restart: both pairs stay."""
        self.member = member
        try:
            membership.save(self._state, member)
        except OSError as error:
            log.warning("the membership was not written", extra={"because": str(error)})

    def stop(self) -> None:
        """End an errand under way; it leaves either the old state or the new one."""
        if self._child is not None:
            self._child.end()
            self._child = None
