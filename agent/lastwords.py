"""What a process said on standard error before it ended: the last lines of it, without what must not be in a log."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Iterable
from typing import IO, Final

MOST_LINES: Final = 40
MAX_LINE: Final = 400
LEAST_HIDDEN: Final = 4
"""Shorter texts are not looked for: they would be found in anything."""
HIDDEN: Final = "•••"


class LastWords:
    """Reads `stream` to its end, in a thread of its own, so that whoever writes there never waits."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._lines: deque[str] = deque(maxlen=MOST_LINES)
        self._thread = threading.Thread(target=self._listen, name="last words", daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # the other end, or ours, is closed
            while line := self._stream.readline(64 * 1024):
                self._lines.append(line.decode("utf-8", "replace").rstrip())

    def close(self, patience_s: float) -> None:
        """Wait for the end of the stream, and close it when it came."""
        self._thread.join(patience_s)
        if not self._thread.is_alive():
            with contextlib.suppress(OSError):
                self._stream.close()

    def lines(self, secrets: Iterable[str] = ()) -> list[str]:
        """Return the lines with each of `secrets` struck out; of one of several lines, each of its lines."""
        hidden = {part for each in secrets for part in (each, *each.splitlines()) if len(part.strip()) >= LEAST_HIDDEN}
        return [_struck(line, hidden)[:MAX_LINE] for line in list(self._lines)]


def _struck(line: str, hidden: Iterable[str]) -> str:
    for each in sorted(hidden, key=len, reverse=True):
        line = line.replace(each, HIDDEN).replace(repr(each)[1:-1], HIDDEN)
    return line
