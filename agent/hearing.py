"""What a process of a probe says, into the spool: as far as there is room, and in the order it was said."""

from __future__ import annotations

import logging
import math
import queue
from collections.abc import Callable

from agent.child import Answer, Child
from agent.findings import BadFinding, Finding
from agent.spool import Spool, SpoolFailed, SpoolFull
from wire import codec

log = logging.getLogger(__name__)

RETRY_S = 5.0
MOST_WAITING = 64
"""Answers that wait to be taken before the process is held back; its `bound`."""
AT_ONCE = 100
"""Answers taken in a row before the rest of the agent has its turn."""

Hear = Callable[[Answer | None, float], None]


class Hearing:
    """The process is not listened to, and so held back, while the spool holds more than `room_bytes`, or `is_full`.

    `kept` is told of each finding once its observation is on disk. Times are monotonic, in seconds. `heard_at`: when
    the process said something, or was not listened to; `retry_at`: when it is listened to again, -inf while it is.
    """

    def __init__(
        self, spool: Spool, room_bytes: int, now: float,
        kept: Callable[[Finding], None] = lambda _: None, is_full: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        self._spool, self.room_bytes, self._kept, self._is_full = spool, room_bytes, kept, is_full
        self.waiting: Finding | None = None
        self.retry_at, self.heard_at = -math.inf, now

    @property
    def is_held(self) -> bool:
        return self.retry_at > -math.inf

    def silent_at(self, patience_s: float) -> float:
        """Return when the process will have been silent for too long, or is listened to again."""
        return self.retry_at if self.is_held else self.heard_at + patience_s

    def is_silent(self, patience_s: float, now: float) -> bool:
        return not self.is_held and now - self.heard_at >= patience_s

    def take(self, child: Callable[[], Child | None], hear: Hear, now: float) -> bool:
        """Let `hear` have what the process said, None at its end; return True when there may be more.

        `child` is asked each time: what is heard may end the process.
        """
        taken = 0
        while (speaking := child()) and self._has_room(now) and taken < AT_ONCE:
            try:
                answer = speaking.take()
            except queue.Empty:
                break
            taken += 1
            self.heard_at = now
            hear(answer, now)
        return taken == AT_ONCE

    def keep(self, found: Finding, now: float) -> None:
        """Put an observation into the spool, or let it wait there; raise `BadFinding` for what is too large."""
        self.waiting = found
        try:
            if found.observation:
                self._spool.append(codec.encode_observation(found.observation))
        except (SpoolFull, SpoolFailed) as error:
            log.warning("what a probe found could not be kept yet", extra={"because": str(error)})
            self._hold(now)
            return
        except ValueError as error:  # larger than any observation may be
            self.waiting = None
            raise BadFinding(str(error)) from error
        self.waiting = None
        self._kept(found)

    def _has_room(self, now: float) -> bool:
        """Return whether anything may be taken in; what could not be kept before is tried again first."""
        if now < self.retry_at:
            return False
        self.retry_at = -math.inf
        if self.waiting:
            self.keep(self.waiting, now)
        if self._is_full() or self._spool.bytes > self.room_bytes:
            self._hold(now)
        return not self.is_held

    def _hold(self, now: float) -> None:
        self.retry_at = now + RETRY_S
        self.heard_at = now  # it is silent because it is not listened to
