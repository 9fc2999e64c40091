"""Network UPS Tools without a login: what version its server says it is (RFC 9271 §4.2.4, VER)."""

from __future__ import annotations

from discovery.fingerprint.wire import connected
from discovery.text import cleaned, shown

MAX_LINE = 512


class BadGreeting(ValueError):
    """What came is no answer of a UPS server."""


async def nut(address: str, port: int, seconds: float) -> str:
    """Return the version line. Raises one of `wire.BROKEN`."""
    async with connected(address, port, seconds) as wire:
        await wire.send(b"VER\n")
        line = shown(cleaned((await wire.line(MAX_LINE)).decode("utf-8", "replace")))
    if "UPS" not in line.upper():
        raise BadGreeting("not a UPS server")
    return line
