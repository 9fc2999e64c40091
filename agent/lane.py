"""A lane of a probe: the sweep that is under way in it, the one that waits for its end, and what is told of it.

There are two, so that what is watched never waits for what is explored.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable

from agent.sweeping import Sweeping
from agent.transport import Backoff, CallFailed
from wire import sweep_codec
from wire.sweep import Progress, SweepTask

log = logging.getLogger(__name__)

TELL_S = 1.0
BEAT_S = 5.0

Begin = Callable[[SweepTask, float], Sweeping]
"""Starts the process of a sweep at a time."""


class Lane:
    """Times are monotonic, in seconds. `sweep`: the one under way; `coming`: what was asked for last, waits for its
    end."""

    def __init__(self, begin: Begin, chance: Callable[[], float]) -> None:
        self._begin, self._telling = begin, Backoff(chance)
        self.sweep: Sweeping | None = None
        self.coming: SweepTask | None = None
        self._sent: Progress | None = None
        self._told_at = -math.inf
        self._not_before = 0.0
        self._has_more = False
        self._spent_ms = 0

    @property
    def uid(self) -> str:
        """The uid of the sweep under way, empty when there is none."""
        return self.sweep.uid if self.sweep else ""

    @property
    def spent_ms(self) -> int:
        """Processor time of its sweeps that have ended, milliseconds."""
        return self._spent_ms + (self.sweep.spent_ms if self.sweep else 0)

    @property
    def next_at(self) -> float:
        """When `advance` has something to do by itself."""
        if self._has_more or (self.coming and not self.sweep):
            return -math.inf
        return self.sweep.next_at if self.sweep else math.inf

    def wanted(self, task: SweepTask) -> None:
        """Take note of what is to be done, unless it is what is being done."""
        if self.uid != task.uid:
            self.coming = task

    def advance(self, now: float) -> None:
        """Begin what was asked for last once the sweep before it has ended and that is known; hear what it says."""
        if self.coming and not self.sweep:
            task, self.coming = self.coming, None
            log.info("a sweep begins", extra={"sweep": task.uid, "from": task.cursor, "until": task.until})
            self.sweep = self._begin(task, now)
            self._told_at = self._not_before = now
        if self.sweep:
            self._has_more = self.sweep.advance(now)

    # --- what is told

    @property
    def tell_at(self) -> float:
        """When there is something to tell the collector: news each second, a sign of life all the same."""
        if self.sweep is None:
            return math.inf
        return max(self._told_at + (TELL_S if self.sweep.has_news else BEAT_S), self._not_before)

    def telling(self) -> bytes:
        assert self.sweep
        self._sent = self.sweep.progress()
        return sweep_codec.encode_progress(self._sent)

    def told(self, answer: bytes, now: float) -> None:
        """Let go of what the collector has; raise `Undecodable`."""
        assert self.sweep
        assert self._sent
        is_wanted = not sweep_codec.decode_answer(answer)
        self._telling.reset()
        self._told_at = now
        if self.sweep.told(self._sent, is_wanted):
            self.leave()
        elif not is_wanted:
            self.sweep.cancel()

    def untold(self, error: CallFailed, now: float) -> None:
        """Tell it again later; what the collector will never take ends the sweep."""
        delay = error.retry_after_s if error.retry_after_s is not None else self._telling.failed()
        self._not_before = now + delay
        log.warning("progress was not told", extra={"code": error.code, "because": error.message, "again_in_s": delay})
        if error.code in ("INVALID_ARGUMENT", "NOT_FOUND"):
            self.leave()

    # --- how it ends

    def cancel(self, uid: str) -> None:
        """End the sweep of this uid, whether it is under way or yet to come."""
        if self.sweep and self.sweep.uid == uid:
            self.sweep.cancel()
        if self.coming and self.coming.uid == uid:
            self.coming = None

    def banned(self) -> None:
        """End what is under way: who may not speak may not sweep, and keeps no credential."""
        self.coming = None
        if self.sweep:
            self.sweep.cancel()

    def leave(self) -> None:
        """End what is under way at once; what was found is in the spool."""
        if self.sweep:
            self.sweep.stop()
            self._spent_ms += self.sweep.spent_ms
            log.info("a sweep ends", extra={"sweep": self.sweep.uid, "because": self.sweep.failure})
        self.sweep, self._has_more = None, False
