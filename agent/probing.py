"""What makes an agent a probe: it waits for sweeps the collector wants, runs them, and tells how they go.

It has two lanes: one for a watch, one for whatever else is swept. A sweep has its lane to itself.
"""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Callable
from pathlib import Path

from agent.lane import Lane
from agent.listening import Listening
from agent.places import Places
from agent.spool import Spool
from agent.sweeping import Sweeping
from agent.transport import Backoff, CallFailed, Channel, Remedy, Stream
from wire import sweep_codec
from wire.codec import AGENT_SERVICE, Undecodable
from wire.listening import ListenTask
from wire.sweep import Cancel, Idle, SweepTask

log = logging.getLogger(__name__)


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
        self._listening = Backoff(chance)
        self._line: Channel | None = None
        self._stream: Stream | None = None
        self._open_at = 0.0
        self._watch, self._explore = Lane(self._begin, chance), Lane(self._begin, chance)
        self._lanes = self._watch, self._explore  # watches first
        self._tells = self._watch
        self._hears_more = False
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
        return self._ears.spent_ms + sum(lane.spent_ms for lane in self._lanes)

    @property
    def next_at(self) -> float:
        """When `advance` has something to do by itself."""
        if self._hears_more:
            return -math.inf
        open_at = self._open_at if self._line and not self._stream else math.inf
        return min(open_at, self._ears.next_at, *(lane.next_at for lane in self._lanes))

    def advance(self, now: float, line: Channel | None) -> None:
        """Hear what the collector wants, over `line` when there is one, and what the sweeps found."""
        self._listen(now, line)
        for lane in self._lanes:
            lane.advance(now)
        self._hears_more = self._ears.advance(now)

    # --- what is wanted

    def _listen(self, now: float, line: Channel | None) -> None:
        if line is not self._line:
            if self._stream:
                self._stream.cancel()
            self._line = line
            self._no_stream()
        if line and self._stream is None and now >= self._open_at:
            hears = bool(self._ears.places), self._ears.digest
            idle = Idle(self._zone, self._explore.uid, *hears, self._watch.uid, watches=True)
            self._stream = line.listen(AGENT_SERVICE, "Tasks", sweep_codec.encode_idle(idle), self._wake)
        while self._stream and (message := self._stream.take()) is not None:
            self._listening.reset()
            self._wanted(message, now)
        if self._stream and self._stream.is_over:
            self._hung_up(self._stream.failure, now)

    def _hung_up(self, failure: CallFailed | None, now: float) -> None:
        self._no_stream()
        if failure is None:
            self._listening.reset()
            self._open_at = now + Backoff.FLOOR_S
            return
        delay = failure.retry_after_s if failure.retry_after_s is not None else self._listening.failed()
        self._open_at = now + delay
        log.info("no tasks are heard", extra={"code": failure.code, "because": failure.message, "again_in_s": delay})
        if failure.remedy is Remedy.WAIT:
            self.banned()

    def _no_stream(self) -> None:
        """Forget what has not begun: what is held is told with the next stream, the rest is given out anew."""
        self._stream = None
        for lane in self._lanes:
            lane.coming = None

    def banned(self) -> None:
        """End all sweeps: who may not speak may not sweep, and keeps no credential."""
        self._ears.stop()
        for lane in self._lanes:
            lane.banned()

    def _wanted(self, message: bytes, now: float) -> None:
        try:
            wanted = sweep_codec.decode_task(message)
        except Undecodable as error:
            log.warning("a task that is none", extra={"because": str(error)})
            return
        if isinstance(wanted, ListenTask):
            self._ears.wanted(wanted, now)
        elif isinstance(wanted, Cancel):
            for lane in self._lanes:
                lane.cancel(wanted.uid)
        elif isinstance(wanted, SweepTask):
            (self._watch if wanted.watch else self._explore).wanted(wanted)

    def _begin(self, task: SweepTask, now: float) -> Sweeping:
        return Sweeping(task, self._spool, self._room_bytes, self._wake, now, self._shelf)

    # --- what is told

    @property
    def tell_at(self) -> float:
        """When there is something to tell the collector."""
        return min(lane.tell_at for lane in self._lanes)

    def telling(self) -> bytes:
        """Return what the lane has to tell whose turn it is."""
        self._tells = min(self._lanes, key=lambda lane: lane.tell_at)
        return self._tells.telling()

    def told(self, answer: bytes, now: float) -> None:
        self._tells.told(answer, now)

    def untold(self, error: CallFailed, now: float) -> None:
        self._tells.untold(error, now)

    def stop(self) -> None:
        """End what is under way; what was found is in the spool."""
        self._ears.stop()
        if self._stream:
            self._stream.cancel()
        for lane in self._lanes:
            lane.coming = None
            lane.leave()
