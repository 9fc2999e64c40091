"""The SNMP engine at the other end: its identity, and its clock (RFC 3411 §5, RFC 3414 §2.2)."""

from __future__ import annotations

import time
from ipaddress import ip_address

from discovery.snmp.ber import Malformed

LEAST_ENGINE_ID = 5
MOST_ENGINE_ID = 32
WINDOW_S = 150
MOST_CLOCK = (1 << 31) - 1


class Peer:
    """`boots`, and the engine's time when it was last heard; `proven` when an authentic message said so."""

    __slots__ = ("_heard_at", "_latest", "boots", "engine_id", "proven")

    def __init__(self, engine_id: bytes, boots: int, seconds: int) -> None:
        if not LEAST_ENGINE_ID <= len(engine_id) <= MOST_ENGINE_ID:
            raise Malformed(f"an engine ID of {len(engine_id)} octets")
        self.engine_id, self.proven = engine_id, False
        self._set(boots, seconds)

    def _set(self, boots: int, seconds: int) -> None:
        self.boots, self._latest = boots, seconds
        self._heard_at = time.monotonic()

    @property
    def clock(self) -> tuple[int, int]:
        """Its boots and its time now, seconds."""
        return self.boots, min(MOST_CLOCK, self._latest + int(time.monotonic() - self._heard_at))

    def timely(self, boots: int, seconds: int) -> bool:
        """Take the clock of an authentic message; False when the message is too old (RFC 3414 §3.2 7 b)."""
        if not self.proven or (boots, seconds) > (self.boots, self._latest):
            self._set(boots, seconds)
            self.proven = True
        known_boots, now = self.clock
        return boots == known_boots < MOST_CLOCK and seconds >= now - WINDOW_S

    # --- what the identity tells (RFC 3411 §5, SnmpEngineID)

    @property
    def enterprise(self) -> int:
        """The private enterprise number of who made the engine."""
        return int.from_bytes(self.engine_id[:4], "big") & 0x7FFFFFFF

    @property
    def mac(self) -> str | None:
        """The MAC address in the identity, if it is made from one."""
        told = self._told(3)
        return told.hex(":") if len(told) == 6 else None

    @property
    def address(self) -> str | None:
        """The IP address in the identity, if it is made from one."""
        told = self._told(1) or self._told(2)
        return str(ip_address(told)) if len(told) in (4, 16) else None

    def _told(self, form: int) -> bytes:
        return self.engine_id[5:] if self.engine_id[0] & 0x80 and self.engine_id[4] == form else b""
