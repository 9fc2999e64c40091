"""Challenges of the enrolment listener: random, one use, sixty seconds, few at a time for one address."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from dataclasses import dataclass

from collector.listeners.limits import Seconds, jittered
from collector.listeners.refusal import exhausted

LIFE_S = 60.0
MAX_OUTSTANDING = 20_000
"""Of all addresses together: what a flood from many of them can make us remember."""


@dataclass(frozen=True, slots=True)
class _Issued:
    instance_key: bytes
    network: str
    until: float


class Nonces:
    """Nonces that are out, in the order they run out. In memory only: a restart makes agents begin again."""

    def __init__(self, per_network: int, seconds: Seconds = time.monotonic) -> None:
        self._per_network, self._seconds = per_network, seconds
        self._issued: dict[bytes, _Issued] = {}
        self._outstanding: Counter[str] = Counter()

    def issue(self, instance_key: bytes, network: str) -> bytes:
        """Return a new nonce; raise `Refused` (RESOURCE_EXHAUSTED) when too many are out."""
        self._forget_expired()
        if self._outstanding[network] >= self._per_network or len(self._issued) >= MAX_OUTSTANDING:
            raise exhausted("too many enrolments at once", jittered(LIFE_S / self._per_network))
        nonce = secrets.token_bytes(32)
        self._issued[nonce] = _Issued(instance_key, network, self._seconds() + LIFE_S)
        self._outstanding[network] += 1
        return nonce

    def redeem(self, nonce: bytes, instance_key: bytes) -> bool:
        """Use a nonce up; return whether it was out, had not expired and was given to this key."""
        self._forget_expired()
        issued = self._issued.get(nonce)
        if issued is None:
            return False
        self._drop(nonce)
        return issued.instance_key == instance_key

    def _forget_expired(self) -> None:
        now = self._seconds()
        while self._issued:
            oldest = next(iter(self._issued))
            if self._issued[oldest].until > now:
                return
            self._drop(oldest)

    def _drop(self, nonce: bytes) -> None:
        network = self._issued.pop(nonce).network
        self._outstanding[network] -= 1
        if not self._outstanding[network]:
            del self._outstanding[network]
