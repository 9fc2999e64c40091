"""One sweep under way: a process of its own, whose outcomes go into the spool first and then into the ledger."""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

from agent import watchdog
from agent.child import GRACE_S, Child
from agent.findings import BadFinding, Finding, Place, finding, place
from agent.hearing import MOST_WAITING, Hearing
from agent.spool import Spool
from wire.sweep import BROKEN_OFF, CANCELLED, MAX_ROWS, Progress, SweepTask, TargetRow

log = logging.getLogger(__name__)

MODULE = "discovery.probe"
SILENCE_S = 120.0
"""Seconds without a word after which the process counts as hanging; it says one every five."""
MOST_ROWS = 4 * MAX_ROWS


class Sweeping:
    """Whatever its process does costs this sweep only, and is named in `failure`. Times are monotonic, in seconds.

    The process is held back while as much waits as may wait: rows not told, or observations in the spool, whose
    share for sweeps is `room_bytes`. In the folder `shelf` it keeps what devices said, for the next one; beside that
    lies the board, by which a watch and another sweep keep one pace.
    """

    def __init__(
        self, task: SweepTask, spool: Spool, room_bytes: int, wake: Callable[[], None], now: float,
        shelf: Path | None = None,
    ) -> None:  # fmt: skip
        self.uid, self._zone = task.uid, task.zone
        self._place = Place(task.cursor, {})
        self._rows: deque[tuple[TargetRow, str]] = deque()
        self._told_cursor = task.cursor
        self._is_heard = True
        self._hearing = Hearing(spool, room_bytes, now, self._kept, lambda: len(self._rows) >= MOST_ROWS)
        self._is_ready = self._is_done = False
        self.spent_ms = 0
        self.failure = ""
        self._secrets = [each for lease in task.leases for each in lease.secret.values()]
        self._child: Child | None = None
        kept = {"shelf": str(shelf or ""), "board": str(shelf.with_name("board") if shelf else "")}
        request = {**asdict(task), **kept, "secrets_key": task.secrets_key.hex()}
        try:
            self._child = Child(MODULE, request=request, wake=wake, bound=MOST_WAITING)
        except OSError as error:
            self._end(f"the sweep's process did not start: {error.strerror}")

    @property
    def next_at(self) -> float:
        """When `advance` has something to do by itself."""
        return math.inf if self._child is None else self._hearing.silent_at(SILENCE_S)

    @property
    def has_news(self) -> bool:
        """True when there are rows to tell, or its end."""
        return bool(self._rows) or self._is_done

    def advance(self, now: float) -> bool:
        """Take what the process said, as far as there is room; return True when there may be more."""
        may_be_more = self._hearing.take(lambda: self._child, self._hear, now)
        if self._child and self._hearing.is_silent(SILENCE_S, now):
            self._end(f"the sweep's process said nothing for {SILENCE_S:g} s")
        return may_be_more

    def _hear(self, answer: tuple[dict[str, Any], bytes] | None, now: float) -> None:
        if answer is None:
            self._gone()
            return
        try:
            self._heard(*answer, now)
        except BadFinding as error:
            self._end(f"the sweep's process said {error}")

    def _heard(self, head: Mapping[str, Any], body: bytes, now: float) -> None:
        self._is_ready |= "ready" in head
        self._place = place(head) or self._place
        if "sections" in head:
            self._hearing.keep(finding(head, body, self._zone), now)
        elif "failed" in head:
            self._end(str(head["failed"])[:200])
        elif "ended" in head:
            self._end(str(head["ended"])[:200])

    def _kept(self, found: Finding) -> None:
        """Say what became of a target, only now that its observation is on disk."""
        if found.row:
            self._rows.append((found.row, self._place.cursor))

    # --- what the collector is told

    def progress(self) -> Progress:
        """Return what is next to be told; the same again until `told`."""
        rows = tuple(islice(self._rows, MAX_ROWS))
        is_last = self._is_done and len(rows) == len(self._rows)
        return Progress(
            self.uid,
            self._place.counts,
            tuple(row for row, _ in rows),
            self._cursor(rows),
            is_last,
            self.failure if is_last else "",
        )

    def _cursor(self, rows: Sequence[tuple[TargetRow, str]]) -> str:
        """Return how far the sweep has come with these rows."""
        if not self._is_heard:
            return self._told_cursor
        return rows[-1][1] if rows else self._place.cursor if not self._hearing.waiting else self._told_cursor

    def told(self, progress: Progress, is_wanted: bool) -> bool:
        """Let go of rows the collector has; return True when it knows that the sweep has ended.

        What wants it no more may not have kept the rows: whoever goes on begins before them, so the cursor stays.
        """
        for _ in progress.rows:
            self._rows.popleft()
        self._is_heard &= is_wanted
        if self._is_heard:
            self._told_cursor = progress.cursor
        return progress.ended

    # --- how it ends

    def cancel(self) -> None:
        """Have the process end what is under way; one that is not listening yet is ended."""
        if self._child and self._is_ready:
            self._child.tell(b"cancel")
        elif self._child:
            self._end(CANCELLED)

    def _gone(self) -> None:
        """Account for a process that stopped talking: it is gone, or what it said was no frame."""
        code = self._reap(GRACE_S)
        why = "exit" if code is not None and code >= 0 else "signal"
        self._end(
            f"the sweep's process ended: {why} {abs(code)}"
            if code is not None
            else "the sweep's process cannot be ended"
        )

    def _end(self, failure: str) -> None:
        self._reap(GRACE_S)
        if failure not in ("", *BROKEN_OFF):
            log.warning("a sweep failed", extra={"sweep": self.uid, "because": failure})
        self.failure, self._is_done = failure, True

    def _reap(self, grace_s: float) -> int | None:
        """End the process; what it cost is the sweep's and not the agent's own."""
        child, self._child = self._child, None
        if child is None:
            return None
        before = watchdog.cpu_ms()
        code = child.end(grace_s)
        self.spent_ms += watchdog.cpu_ms() - before
        if said := child.words.lines(self._secrets) if child.words else []:
            log.warning("the sweep's process complained", extra={"sweep": self.uid, "said": said})
        self._secrets = []
        return code

    def stop(self) -> None:
        """End the process at once; the collector has another take up the sweep from where it was told."""
        self._reap(0.0)
