"""A receiver under way: a process of its own, whose events go into the spool. Off unless an administrator asks for it.

What it may hear comes from the collector, like a sweep; with another task another process takes over.
"""

from __future__ import annotations

import logging
import math
import random
import socket
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from agent import watchdog
from agent.child import GRACE_S, Child
from agent.findings import BadFinding, finding
from agent.hearing import MOST_WAITING, Hearing
from agent.places import Places
from agent.spool import Spool
from agent.transport import Backoff
from wire.listening import ListenTask
from wire.observation import MAX_HEARD

log = logging.getLogger(__name__)

MODULE = "discovery.receiver"
SILENCE_S = 60.0
"""Seconds without a word after which the process counts as hanging; it says one every five."""
END_S = 3.0
"""How long a process may take to say what it has heard, when it is to end."""
MAX_COUNT = 2**53


class Listening:
    """Times are monotonic, in seconds. `places`: where to listen; `counts`: of every process since the agent began.

    The process is held back while the spool holds more than `room_bytes`; it goes on folding what comes.
    """

    def __init__(
        self, spool: Spool, room_bytes: int, wake: Callable[[], None],
        chance: Callable[[], float] = random.random,
    ) -> None:  # fmt: skip
        self.places = Places()
        self._hearing, self._wake = Hearing(spool, room_bytes, 0.0), wake
        self._task = ListenTask("")
        self._child: Child | None = None
        self._backoff = Backoff(chance)
        self._start_at, self._end_at = math.inf, math.inf
        self._is_ready = False
        self._before: dict[str, int] = {}
        self._now: Mapping[str, int] = {}
        self._spent_ms = 0

    @property
    def digest(self) -> bytes:
        """Tells the collector which task this works by."""
        return self._task.digest

    @property
    def counts(self) -> dict[str, int]:
        names = self._before.keys() | self._now.keys()
        return {name: self._before.get(name, 0) + self._now.get(name, 0) for name in sorted(names)[:MAX_HEARD]}

    @property
    def spent_ms(self) -> int:
        """Processor time of processes that have ended, milliseconds."""
        return self._spent_ms

    @property
    def next_at(self) -> float:
        """When `advance` has something to do by itself."""
        if self._child is None:
            return self._start_at
        return min(self._end_at, self._hearing.silent_at(SILENCE_S))

    def wanted(self, task: ListenTask, now: float) -> None:
        """Work by `task` from now on; the process that works by another one first says what it has heard."""
        if not self.places:
            return
        log.info("what is to be heard", extra={"zone": task.zone, "ranges": len(task.ranges)})
        self._task = task
        self._backoff.reset()
        self._start_at = now if task.digest else math.inf
        if self._child and not self._is_ready:
            self._reap(0.0)  # it has heard nothing yet
        elif self._child and self._end_at == math.inf:
            self._child.tell(b"end")
            self._end_at = now + END_S

    def advance(self, now: float) -> bool:
        """Take what the process said, as far as there is room; return True when there may be more."""
        if self._child is None and now >= self._start_at:
            self._start(now)
        may_be_more = self._hearing.take(lambda: self._child, self._hear, now)
        if self._child and now >= self._end_at:
            self._gone("", now)
        elif self._child and self._hearing.is_silent(SILENCE_S, now):
            self._gone(f"said nothing for {SILENCE_S:g} s", now)
        return may_be_more

    def _start(self, now: float) -> None:
        self._start_at, self._end_at, self._is_ready = math.inf, math.inf, False
        self._hearing.heard_at = now
        request = {**asdict(self._task), **asdict(self.places), "digest": "", "name": self._name()}
        try:
            self._child = Child(MODULE, request=request, wake=self._wake, bound=MOST_WAITING)
        except OSError as error:
            self._again(f"did not start: {error.strerror}", now)

    def _name(self) -> str:
        return f"{socket.gethostname()}/{self._task.zone}"

    # --- what it says

    def _hear(self, answer: tuple[dict[str, Any], bytes] | None, now: float) -> None:
        if answer is None:
            self._gone("" if self._end_at < math.inf else "ended by itself", now)
            return
        head, body = answer
        try:
            self._heard(head, body, now)
        except BadFinding as error:
            self._gone(f"said {error}", now)

    def _heard(self, head: Mapping[str, Any], body: bytes, now: float) -> None:
        if "ready" in head:
            log.info("events are heard", extra={"traps": self.places.traps, "syslog": self.places.syslog})
            self._is_ready = True
            self._backoff.reset()
        if "counts" in head:
            self._now = _counts(head["counts"])
        if "sections" in head:
            self._hearing.keep(finding(head, body, self._task.zone), now)
        elif "failed" in head:
            self._gone(str(head["failed"])[:200], now)

    # --- how it ends

    def _gone(self, failure: str, now: float) -> None:
        """Account for a process that is over; another one starts when there is something to be heard."""
        self._reap(GRACE_S)
        if failure:
            self._again(failure, now)

    def _again(self, failure: str, now: float) -> None:
        delay_s = self._backoff.failed()
        log.warning("no events are heard", extra={"because": failure, "again_in_s": round(delay_s, 1)})
        self._start_at = now + delay_s if self._task.digest else math.inf

    def _reap(self, grace_s: float) -> None:
        child, self._child, self._end_at = self._child, None, math.inf
        if child is None:
            return
        before = watchdog.cpu_ms()
        child.end(grace_s)
        self._spent_ms += watchdog.cpu_ms() - before
        secrets = [each for lease in self._task.leases for each in lease.secret.values()]
        if said := child.words.lines(secrets) if child.words else []:
            log.warning("the receiver's process complained", extra={"said": said})
        self._before, self._now = self.counts, {}

    def stop(self) -> None:
        """End the process at once, and hear nothing more until there is another task: who may not speak keeps none."""
        self._reap(0.0)
        self._task, self._start_at = ListenTask(""), math.inf


def _counts(said: object) -> dict[str, int]:
    """Return counts as they are told; raise `BadFinding`."""
    if not isinstance(said, dict) or len(said) > MAX_HEARD:
        raise BadFinding("counts that are none")
    if not all(isinstance(each, int) and 0 <= each <= MAX_COUNT for each in said.values()):
        raise BadFinding("counts that are none")
    return {str(name)[:32]: number for name, number in said.items()}
