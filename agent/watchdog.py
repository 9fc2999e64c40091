"""Watches the agent's own memory and processor time, so that it can never become the machine's problem."""

from __future__ import annotations

import os
import sys
from collections import deque
from pathlib import Path

PATIENCE_S = 60.0
LOOK_EVERY_S = 5.0


def rss_bytes() -> int:
    """Return the resident memory of this process, bytes."""
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    else:  # noqa: RET505  where there is no /proc
        import psutil

        return int(psutil.Process().memory_info().rss)


def cpu_ms() -> int:
    """Return the processor time of this process and of those it waited for, milliseconds."""
    spent = os.times()
    return round((spent.user + spent.system + spent.children_user + spent.children_system) * 1000)


class Watchdog:
    """Tells when a limit was exceeded for `PATIENCE_S` seconds. Times are monotonic, in seconds."""

    def __init__(self, rss_limit_bytes: int, cpu_limit_percent: int) -> None:
        self._rss_limit, self._cpu_limit = rss_limit_bytes, cpu_limit_percent
        self._rss_since: float | None = None
        self._spent: deque[tuple[float, int]] = deque()
        self.next_at = 0.0

    def check(self, now: float, rss: int, cpu: int) -> str | None:
        """Take in memory (bytes) and processor time so far (ms); return what is wrong, None when all is well."""
        self.next_at = now + LOOK_EVERY_S
        self._rss_since = None if rss <= self._rss_limit else (self._rss_since or now)
        if self._rss_since is not None and now - self._rss_since >= PATIENCE_S:
            return f"{rss} bytes of memory, the limit is {self._rss_limit}"
        self._spent.append((now, cpu))
        while len(self._spent) > 1 and now - self._spent[1][0] >= PATIENCE_S:
            self._spent.popleft()
        since, before = self._spent[0]
        if now - since < PATIENCE_S:
            return None
        percent = (cpu - before) / 10 / (now - since)
        return f"{percent:.0f} % of a core, the limit is {self._cpu_limit}" if percent > self._cpu_limit else None
