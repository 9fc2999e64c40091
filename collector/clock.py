"""The one reader of the wall clock; passed in where time matters, so tests can hold it still."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Returns milliseconds since 1970-01-01 UTC."""


def now() -> int:
    return time.time_ns() // 1_000_000
