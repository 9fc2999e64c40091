"""How long what was asked and answered counts, and how much must be lost at once for the watcher to be blind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

APART_MS: Final = 15_000
"""Two misses that are closer are one: several sweeps may come by at the same time."""


@dataclass(frozen=True, slots=True)
class Terms:
    """`misses`: in a row until a way of asking is lost. Times in ms: `fresh` an answer holds, `recalled` a method that
    used to answer is missed, `window` and `share` (0…1) of what is watched that is lost at once when it is the watcher
    who is blind; `least`: so many at least, `alone`: where nothing at all answers. `believed`: after that long what
    stays lost is lost. `grace`: how long a root waits for its parents to be asked again, and a victim for its turn once
    its root is back.
    """

    misses: int = 3
    fresh_ms: int = 5 * 60_000
    recalled_ms: int = 7 * 86_400_000
    window_ms: int = 2 * 60_000
    share: float = 0.3
    least: int = 5
    alone: int = 2
    believed_ms: int = 15 * 60_000
    grace_ms: int = 90_000


TERMS: Final = Terms()
