"""What makes an agent a probe: it waits for sweeps the collector wants, runs one at a time, and tells how it goes."""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Callable
from pathlib import Path

from agent.listening import Listening
from agent.places import Places
from agent.spool import Spool
from agent.sweeping import Sweeping
from agent.transport import Backoff, CallFailed, Channel, Remedy, Stream
from wire import sweep_codec
from wire.codec import AGENT_SERVICE, Undecodable
from wire.listening import ListenTask
from wire.sweep import Cancel, Idle, Progress, SweepTask

log = logging.getLogger(__name__)

TELL_S = 1.0
BEAT_S = 5.0


class Probe:
    """Times are monotonic, in seconds; `wake` is called from other threads when `advance` has something to do.

    `shelf`: the folder in which sweeps keep what devices said.
    """

    def __init__(
        self, zone: str, spool: Spool, room_bytes: int, wake: Callable[[], None], shelf: Path | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:  # fmt: skip
        self._shelf = shelf
        self._zone, self._spool, self._room_bytes, self._wake = zone, spool, room_bytes, wake
        self._listening, self._telling = Backoff(chance), Backoff(chance)
        self._line: Channel | None = None
        self._stream: Stream | None = None
        self._open_at = 0.0
        self._sweep: Sweeping | None = None
        self._next: SweepTask | None = None
        self._sent: Progress | None = None
        self._told_at = -math.inf
        self._not_before = 0.0
        self._has_more = self._hears_more = False
        self._spent_ms = 0
        self._ears = Listening(spool, room_bytes, wake, chance)

    def listen_at(self, places: Places) -> None:
        """Also hear what devices say by themselves, there; to be called before the first `advance`."""
        self._ears.places = places

    @property
    def heard(self) -> dict[str, int]:
        """What was heard since the agent began, and what was not, by cause: counts."""
        return self._ears.counts

    @property
    def spent_ms(self) -> int:
        """Processor time of sweeps and receivers that have ended, milliseconds."""
        return self._spent_ms + self._ears.spent_ms + (self._sweep.spent_ms if self._sweep else 0)

    @property
    def next_at(self) -> float:
        """When `advance` has something to do by itself."""
        if self._has_more or self._hears_more or (self._next and not self._sweep):
            return -math.inf
        open_at = self._open_at if self._line and not self._stream else math.inf
        return min(open_at, self._ears.next_at, self._sweep.next_at if self._sweep else math.inf)

    def advance(self, now: float, line: Channel | None) -> None:
        """Hear what the collector wants, over `line` when there is one, and what the sweep found."""
        self._listen(now, line)
        self._begin(now)
        if self._sweep:
            self._has_more = self._sweep.advance(now)
        self._hears_more = self._ears.advance(now)

    # --- what is wanted

    def _listen(self, now: float, line: Channel | None) -> None:
        if line is not self._line:
            if self._stream:
                self._stream.cancel()
            self._line, self._stream, self._next = line, None, None
        if line and self._stream is None and now >= self._open_at:
            uid = self._sweep.uid if self._sweep else ""
            idle = Idle(self._zone, uid, bool(self._ears.places), self._ears.digest)
            self._stream = line.listen(AGENT_SERVICE, "Tasks", sweep_codec.encode_idle(idle), self._wake)
        while self._stream and (message := self._stream.take()) is not None:
            self._listening.reset()
            self._wanted(message, now)
        if self._stream and self._stream.is_over:
            self._hung_up(self._stream.failure, now)

    def _hung_up(self, failure: CallFailed | None, now: float) -> None:
        self._stream = self._next = None  # what is held is told with the next stream; the rest is given out anew
        if failure is None:
            self._listening.reset()
            self._open_at = now + Backoff.FLOOR_S
            return
        delay = failure.retry_after_s if failure.retry_after_s is not None else self._listening.failed()
        self._open_at = now + delay
        log.info("no tasks are heard", extra={"code": failure.code, "because": failure.message, "again_in_s": delay})
        if failure.remedy is Remedy.WAIT:
            self.banned()

    def banned(self) -> None:
        """End the sweep: who may not speak may not sweep, and keeps no credential."""
        self._ears.stop()
        self._next = None
        if self._sweep:
            self._sweep.cancel()

    def _wanted(self, message: bytes, now: float) -> None:
        try:
            wanted = sweep_codec.decode_task(message)
        except Undecodable as error:
            log.warning("a task that is none", extra={"because": str(error)})
            return
        if isinstance(wanted, ListenTask):
            self._ears.wanted(wanted, now)
        elif isinstance(wanted, Cancel):
            self._cancel(wanted.uid)
        elif isinstance(wanted, SweepTask) and (self._sweep is None or self._sweep.uid != wanted.uid):
            self._next = wanted

    def _cancel(self, uid: str) -> None:
        if self._sweep and self._sweep.uid == uid:
            self._sweep.cancel()
        if self._next and self._next.uid == uid:
            self._next = None

    def _begin(self, now: float) -> None:
        """Begin what was asked for last, once the sweep before it has ended and the collector knows."""
        if self._sweep or not self._next:
            return
        task, self._next = self._next, None
        log.info("a sweep begins", extra={"sweep": task.uid, "from": task.cursor, "until": task.until})
        self._sweep = Sweeping(task, self._spool, self._room_bytes, self._wake, now, self._shelf)
        self._told_at = self._not_before = now

    # --- what is told

    @property
    def tell_at(self) -> float:
        """When there is something to tell the collector: news each second, a sign of life all the same."""
        if self._sweep is None:
            return math.inf
        return max(self._told_at + (TELL_S if self._sweep.has_news else BEAT_S), self._not_before)

    def telling(self) -> bytes:
        assert self._sweep
        self._sent = self._sweep.progress()
        return sweep_codec.encode_progress(self._sent)

    def told(self, answer: bytes, now: float) -> None:
        assert self._sweep
        assert self._sent
        is_wanted = not sweep_codec.decode_answer(answer)
        self._telling.reset()
        self._told_at = now
        if self._sweep.told(self._sent):
            self._leave()
        elif not is_wanted:
            self._sweep.cancel()

    def untold(self, error: CallFailed, now: float) -> None:
        """Tell it again later; what the collector will never take ends the sweep."""
        delay = error.retry_after_s if error.retry_after_s is not None else self._telling.failed()
        self._not_before = now + delay
        log.warning("progress was not told", extra={"code": error.code, "because": error.message, "again_in_s": delay})
        if error.code in ("INVALID_ARGUMENT", "NOT_FOUND"):
            self._leave()

    def _leave(self) -> None:
        if self._sweep:
            self._sweep.stop()
            self._spent_ms += self._sweep.spent_ms
            log.info("a sweep ends", extra={"sweep": self._sweep.uid, "because": self._sweep.failure})
        self._sweep, self._has_more = None, False

    def stop(self) -> None:
        """End what is under way; what was found is in the spool."""
        self._ears.stop()
        self._next = None
        if self._stream:
            self._stream.cancel()
        self._leave()
