"""Who may speak and how fast; what is understood goes into the folds, what is not heard is counted by its cause."""

from __future__ import annotations

import ipaddress
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

from discovery.receiver.folding import Folds
from discovery.receiver.listening import Listening
from discovery.receiver.notices import Notices, Unheard
from discovery.receiver.syslog import read
from discovery.receiver.translating import Translation
from discovery.snmp.ber import Malformed

MOST_OCTETS: Final = 16_384
"""Of a datagram; no notification of a device is longer."""
MOST_OF_ONE: Final = 1_000
"""Datagrams or lines of one address that are read within one second."""
MOST: Final = 10_000
"""Of all addresses."""
MOST_KNOWN: Final = 65_536
"""Addresses of which it is remembered whether they may speak."""


class Hearing:
    """`counts`: what came (`traps`, `informs`, `lines`), and what was not heard, by cause. `clock` in epoch ms."""

    def __init__(
        self, listening: Listening, translation: Translation, folds: Folds, clock: Callable[[], int] | None = None
    ) -> None:
        self._listening, self._translation, self.folds = listening, translation, folds
        self._clock = clock or (lambda: round(time.time() * 1000))
        self._notices = Notices(listening)
        self.counts = Counter[str]()
        self._admitted: dict[str, bool] = {}
        self._second, self._pace, self._total = 0, Counter[str](), 0

    def datagram(self, data: bytes, address: str) -> bytes:
        """Take in what came to the trap port; return what its sender is told, empty for nothing."""
        now = self._clock()
        if len(data) > MOST_OCTETS:
            self.counts["oversized"] += 1
            return b""
        if not self._may_speak(address, now):
            return b""
        try:
            notice = self._notices.read(data, address)
        except Unheard as error:
            self.counts[error.cause] += 1
            return error.answer
        except Malformed:
            self.counts["malformed"] += 1
            return b""
        self.counts["informs" if notice.answer else "traps"] += 1
        heard = self._translation.of_notification(notice.notification, notice.authentic)
        if not self.folds.add(address, heard, now):
            self.counts["no_room"] += 1
        return notice.answer

    def line(self, data: bytes, address: str) -> None:
        """Take in a line of syslog."""
        now = self._clock()
        if not self._may_speak(address, now):
            return
        self.counts["lines"] += 1
        heard = self._translation.of_line(read(data))
        if heard is None:
            self.counts["of_no_interest"] += 1
        elif not self.folds.add(address, heard, now):
            self.counts["no_room"] += 1

    def is_expected(self, address: str) -> bool:
        """Return whether this address may speak at all."""
        known = self._admitted.get(address)
        if known is None:
            if len(self._admitted) >= MOST_KNOWN:
                self._admitted.clear()
            known = self._admitted[address] = address in self._listening.where
        return known

    def _may_speak(self, address: str, now: int) -> bool:
        if not self.is_expected(address):
            self.counts["unexpected_address"] += 1
            return False
        if now // 1000 != self._second:
            self._second, self._pace, self._total = now // 1000, Counter(), 0
        self._total += 1
        if self._total <= MOST:
            self._pace[address] += 1
        if self._total > MOST or self._pace[address] > MOST_OF_ONE:
            self.counts["too_fast"] += 1
            self.folds.dropped(address, now)
            return False
        return True


def plain(address: str) -> str:
    """Return an address as it is usually written: an IPv4 one without IPv6 clothes, none with a zone."""
    bare = address.partition("%")[0]
    told = ipaddress.ip_address(bare)
    return str(told.ipv4_mapped or told) if isinstance(told, ipaddress.IPv6Address) else bare
