"""How a sweep behaves to another one beside it in the same probe: a watch goes first, and together they keep one pace.

What an exploration may send to its networks is less by what a watch sends there. A device that has just answered the
exploration is not asked over SNMP by the watch: an answer is a sign of life, whoever asked.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from discovery.board import Board, places
from discovery.snmp.limits import Bucket
from wire.ranges import Ranges

RECENT_S: Final = 10.0
"""How long an answer is a sign of life."""
DEBT_S: Final = 1.0
"""How much a sweep owes at most, in seconds of its pace: a burst of the watch holds it up no longer."""
LOOK_S: Final = 0.02
"""How often it is looked at what others have taken: to look is work."""

Clock = Callable[[], float]


class Beside:
    """What a sweep knows of another one beside it; of this kind: nothing, for there is none."""

    def bucket(self, rate: float | None, now: float) -> Bucket:
        """Return what paces this sweep; `now` by the loop's clock."""
        return Bucket(rate, now)

    def answered(self, address: str) -> None:
        """An address has answered this sweep over SNMP."""

    def is_answered(self, address: str) -> bool:
        """Return whether an address has just answered the other sweep over SNMP."""
        return False


class Watching(Beside):
    """A watch: it tells what it sends, and waits for nobody."""

    def __init__(self, board: Board, clock: Clock = time.time) -> None:
        self._board, self._clock = board, clock

    def bucket(self, rate: float | None, now: float) -> Bucket:
        return _Told(rate, now, self._board)

    def is_answered(self, address: str) -> bool:
        return 0 <= self._clock() - self._board.answered(address) <= RECENT_S


class Exploring(Beside):
    """Another sweep, of `targets`: it tells who answers, and gives way to the watch in its own networks."""

    def __init__(self, board: Board, targets: Ranges, clock: Clock = time.time) -> None:
        self._board, self._clock = board, clock
        self._places = places(targets.subnets)

    def bucket(self, rate: float | None, now: float) -> Bucket:
        if rate is None:
            return Bucket(rate, now)
        return _Yielding(rate, now, lambda: self._board.sent(self._places))

    def answered(self, address: str) -> None:
        self._board.answers(address, self._clock())


class _Told(Bucket):
    """A bucket that tells where its tokens go."""

    __slots__ = ("_board",)

    def __init__(self, rate: float | None, now: float, board: Board) -> None:
        super().__init__(rate, now)
        self._board = board

    def spent(self, address: str) -> None:
        self._board.sends(address)


class _Yielding(Bucket):
    """A bucket out of which somebody else takes as well."""

    __slots__ = ("_looked_at", "_others", "_seen")

    def __init__(self, rate: float, now: float, others: Callable[[], int]) -> None:
        super().__init__(rate, now)
        self._others, self._seen, self._looked_at = others, others(), now

    def take(self, now: float, wanted: int = 1) -> int:
        if now - self._looked_at >= LOOK_S:
            self._looked_at = now
            self._owe(self._others())
        return super().take(now, wanted)

    def _owe(self, sent: int) -> None:
        assert self.rate is not None
        self._tokens = max(self._tokens - max(0, sent - self._seen), -self.rate * DEBT_S)
        self._seen = sent
