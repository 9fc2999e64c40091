"""Syslog over a stream (RFC 6587): lines by their length, or by the line end behind them; both may be mixed."""

from __future__ import annotations

from typing import Final

MAX_LINE: Final = 8192
"""Octets of one line that are read (RFC 5424 §6.1 asks for 2048 at least); the rest of a longer one is passed over."""
MAX_DIGITS: Final = 6
"""Of a length before a line: no honest one has more."""


class BadFrame(ValueError):
    """A length that is none: nobody can tell where the next line begins."""


class Framing:
    """Cuts what one connection brings into lines. It holds no more than one line."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._skip = 0  # octets of a counted line that is too long
        self._passing = False  # inside a line that is too long, up to its end
        self.cut = 0
        """Lines that were longer than is read, count."""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that are whole now; raise `BadFrame`."""
        self._held += data
        found: list[bytes] = []
        while self._held and (line := self._next()) is not None:
            if line:
                found.append(line)
        return found

    def rest(self) -> list[bytes]:
        """Return the line that was begun when the stream ended, if it has any end to wait for."""
        begun, self._held = bytes(self._held), bytearray()
        return [begun] if begun and not (self._skip or self._passing or 0x31 <= begun[0] <= 0x39) else []

    def _next(self) -> bytes | None:
        """Return the next line, empty for one that is not to be read, None while it is not whole."""
        if self._skip:
            passed = min(self._skip, len(self._held))
            del self._held[:passed]
            self._skip -= passed
            return b"" if not self._skip else None
        if not self._passing and 0x31 <= self._held[0] <= 0x39:
            return self._counted()
        return self._ended()

    def _counted(self) -> bytes | None:
        blank = self._held.find(b" ", 0, MAX_DIGITS + 1)
        digits = bytes(self._held[: blank if blank >= 0 else MAX_DIGITS + 1])
        if not digits.isdigit() or len(digits) > MAX_DIGITS:
            raise BadFrame("a length that is none")
        if blank < 0:
            return None
        size, begins = int(digits), blank + 1
        if len(self._held) - begins < min(size, MAX_LINE):
            return None
        line = bytes(self._held[begins : begins + min(size, MAX_LINE)])
        del self._held[: begins + len(line)]
        self._skip = size - len(line)
        self.cut += bool(self._skip)
        return line.rstrip(b"\r\n\0")

    def _ended(self) -> bytes | None:
        end = self._end()
        if end < 0 and len(self._held) <= MAX_LINE:
            return None
        was_passing, self._passing = self._passing, end < 0
        line = b"" if was_passing else bytes(self._held[: end if end >= 0 else MAX_LINE])
        self.cut += end < 0 and not was_passing
        del self._held[: end + 1 if end >= 0 else MAX_LINE + 1]
        return line.rstrip(b"\r")

    def _end(self) -> int:
        """Return where the line that is held ends, -1 where its end is further than a line may go."""
        feed = self._held.find(b"\n", 0, MAX_LINE + 1)
        null = self._held.find(b"\0", 0, feed if feed >= 0 else MAX_LINE + 1)
        return null if null >= 0 else feed
