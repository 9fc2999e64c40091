"""Wakes the one loop of a process: from other threads and from signal handlers.

Not `SimpleQueue.get(timeout=…)`: in CPython 3.11 a wait that a signal interrupts just as its time is over waits for
ever, and being stopped and continued is such a signal.
"""

from __future__ import annotations

import contextlib
import queue
import selectors
import socket


class Bell:
    """Whoever rings leaves a word, or None; whoever waits gets the words in order. One waits, any number ring."""

    def __init__(self) -> None:
        self._words: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._hears, self._rings = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        for end in (self._hears, self._rings):
            end.setblocking(False)
        self._selector.register(self._hears, selectors.EVENT_READ)

    def ring(self, word: str | None = None) -> None:
        """Wake who waits, or will wait next."""
        if word is not None:
            self._words.put(word)
        with contextlib.suppress(OSError):  # full: it rings already; closed: nobody waits any more
            self._rings.send(b"\0")

    def wait(self, seconds: float) -> str | None:
        """Return the next word, or None when it rang without one or `seconds` are over."""
        with contextlib.suppress(queue.Empty):
            return self._words.get_nowait()
        if self._selector.select(max(0.0, seconds)):
            with contextlib.suppress(BlockingIOError):
                while self._hears.recv(4_096):
                    pass
        with contextlib.suppress(queue.Empty):
            return self._words.get_nowait()
        return None

    def close(self) -> None:
        """Let go of the sockets; a ring that comes later is heard by nobody."""
        self._selector.close()
        self._hears.close()
        self._rings.close()
