"""Runs collectors, and anything else that must be killable or short-lived, in processes of their own.

`python -m agent.worker` is such a process (its code is `agent.reading`); `Worker` starts, watches and kills it.
"""

from __future__ import annotations

import logging
import queue
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from agent.bell import Bell
from agent.child import GRACE_S, KILL_S, Child
from wire.observation import MAX_REASON, Status

log = logging.getLogger(__name__)

TABLE = "agent.collectors"
START_S = 30.0


class WorkerFailed(Exception):
    """The worker process did not start, or not with this table of collectors."""


@dataclass(frozen=True, slots=True)
class Trait:
    """What the agent knows of a collector without loading it; see `agent.collectors.base.Collector`."""

    section: str
    timeout_s: float = 10.0
    every_s: int = 0
    stamps: tuple[str, ...] = ()
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of one collector: canonical body when the status is OK, a reason when it says nothing."""

    section: str
    status: Status
    reason: str = ""
    body: bytes = b""
    took_ms: int = 0
    collected_at_ms: int = 0


def describe(table: str = TABLE) -> tuple[Trait, ...]:
    """Return the traits of every collector of `table` (a module with a `table` function); raise `WorkerFailed`."""
    bell, answer = Bell(), None
    child = Child("agent.worker", request={"table": table}, wake=bell.ring)
    try:
        bell.wait(START_S)
        answer = child.inbox.get_nowait()
    except queue.Empty:
        pass
    finally:
        child.end(GRACE_S)
        bell.close()
    if answer is None:
        raise WorkerFailed(f"the collectors of {table} cannot be loaded")
    return tuple(
        Trait(each["section"], each["timeout_s"], each["every_s"], tuple(each["stamps"]), each["revision"])
        for each in answer[0]["collectors"]
    )


class Worker:
    """One list of sections at a time. Never blocks for long: `advance` takes what there is and enforces time-outs.

    `wake` is called from another thread when `advance` has something to do before `deadline`.
    """

    def __init__(self, wake: Callable[[], None], table: str = TABLE, root: str = "/") -> None:
        self._wake, self._table, self._root = wake, table, root
        self._pending: deque[Trait] = deque()
        self._child: Child | None = None
        self._is_ready = False
        self._stuck: dict[str, Child] = {}
        self._early: list[Reading] = []
        self.deadline: float | None = None

    @property
    def is_busy(self) -> bool:
        """True from `start` until the last reading was handed out and the process is gone."""
        return self._child is not None or bool(self._early)

    @property
    def abandoned(self) -> int:
        """Processes that could not be killed and still sit in the kernel, count."""
        self._stuck = {section: child for section, child in self._stuck.items() if not child.has_ended}
        return len(self._stuck)

    def start(self, traits: Sequence[Trait], now: float) -> None:
        """Begin to read `traits`; `now` is monotonic, in seconds."""
        assert not self.is_busy
        if self.abandoned:
            self._early = [_failed(each, "an earlier one is stuck in the kernel") for each in traits
                           if each.section in self._stuck]  # fmt: skip
        self._pending = deque(each for each in traits if each.section not in self._stuck)
        self._spawn(now)

    def _spawn(self, now: float) -> None:
        self._child, self.deadline = None, None
        if not self._pending:
            return
        request = {"table": self._table, "root": self._root, "sections": [each.section for each in self._pending]}
        self._is_ready = False
        self.deadline = now + START_S
        try:
            self._child = Child("agent.worker", request=request, wake=self._wake)
        except OSError as error:  # no memory, no process number: the next inventory tries again
            self._early += self._fail_all(f"the worker did not start: {error.strerror}")

    def advance(self, now: float) -> list[Reading]:
        """Return the readings that are there; kill a worker that is over its time and start another for the rest."""
        readings, self._early = self._early, []
        while self._child is not None:
            try:
                answer = self._child.inbox.get_nowait()
            except queue.Empty:
                break
            readings += self._ended(now) if answer is None else self._heard(*answer, now)
        if self._child is not None and self.deadline is not None and now >= self.deadline:
            readings += self._overdue(now)
        return readings

    def _heard(self, head: dict[str, Any], body: bytes, now: float) -> list[Reading]:
        readings = []
        if "ready" in head:
            self._is_ready = True
        elif self._pending and head.get("section") == self._pending[0].section:
            trait = self._pending.popleft()
            readings = [
                Reading(trait.section, Status(head["status"]), str(head["reason"])[:MAX_REASON], body,
                        int(head["took_ms"]), int(head["collected_at_ms"]))
            ]  # fmt: skip
        self.deadline = now + (self._pending[0].timeout_s if self._pending else KILL_S)
        return readings

    def _ended(self, now: float) -> list[Reading]:
        """Account for a worker that went by itself, which is a fault when something was still to be read."""
        code = self._child.end(GRACE_S) if self._child else None
        if not self._is_ready:
            return self._fail_all("the worker did not start")
        readings = []
        if self._pending:
            why = f"signal {-code}" if code is not None and code < 0 else f"exit {code}"
            readings = [_failed(self._pending.popleft(), f"the worker ended: {why}")]
        self._spawn(now)
        return readings

    def _overdue(self, now: float) -> list[Reading]:
        child, is_ready = self._child, self._is_ready
        code = child.end() if child else None
        if not is_ready:
            return self._fail_all(f"the worker did not start in {START_S:g} s")
        readings = []
        if self._pending:
            trait = self._pending.popleft()
            readings = [_failed(trait, f"timed out after {trait.timeout_s:g} s")]
            if code is None and child:
                log.warning("a collector cannot be killed", extra={"section": trait.section})
                self._stuck[trait.section] = child
        self._spawn(now)
        return readings

    def _fail_all(self, reason: str) -> list[Reading]:
        readings = [_failed(each, reason) for each in self._pending]
        self._pending.clear()
        self._child, self.deadline = None, None
        return readings

    def stop(self) -> None:
        """Kill what runs; its readings are gone."""
        if self._child is not None:
            self._child.end()
        self._pending.clear()
        self._child, self.deadline, self._early = None, None, []


def run(worker: Worker, traits: Sequence[Trait], bell: Bell) -> Iterator[Reading]:
    """Yield the readings of `traits` as they come, waiting for them; `bell` is what the worker's `wake` rings."""
    worker.start(traits, time.monotonic())
    while worker.is_busy:
        yield from worker.advance(time.monotonic())
        if worker.deadline is not None:
            bell.wait(worker.deadline - time.monotonic())


def _failed(trait: Trait, reason: str) -> Reading:
    return Reading(trait.section, Status.FAILED, reason, collected_at_ms=round(time.time() * 1000))


if __name__ == "__main__":
    from agent.reading import main

    sys.exit(main())
