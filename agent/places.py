"""Where a probe listens, as an administrator writes it: `ADDRESS`, `ADDRESS:PORT`, `:PORT`, `[::]:PORT`."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

TRAP_PORT = 162
"""RFC 3417 §3.2."""
SYSLOG_PORT = 514
"""RFC 5426 §3.3; over TCP, what devices use."""
ANYWHERE = "0.0.0.0"  # noqa: S104  devices speak from everywhere in the zone; who is heard is decided by address

Place = tuple[str, int]


class BadPlace(ValueError):
    """A text that names no place to listen at."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where to listen for traps and for syslog; None: not at all."""

    traps: Place | None = None
    syslog: Place | None = None

    def __bool__(self) -> bool:
        return bool(self.traps or self.syslog)


def places(traps: str, syslog: str) -> Places:
    """Return the places two texts name; an empty one names none. Raise `BadPlace`."""
    return Places(
        place(traps, TRAP_PORT) if traps else None,
        place(syslog, SYSLOG_PORT) if syslog else None,
    )


def place(text: str, port: int) -> Place:
    """Return the place `text` names, at `port` where it names none; raise `BadPlace`."""
    address, bracket, rest = text.rpartition("]")
    if bracket:
        address, said = address.removeprefix("["), rest.removeprefix(":")
    elif text.count(":") == 1:
        address, _, said = text.partition(":")
    else:
        address, said = text, ""
    try:
        found = str(ipaddress.ip_address(address or ANYWHERE)), int(said) if said else port
    except ValueError as error:
        raise BadPlace(f"{text[:60]!r} is no address with a port, as in 192.0.2.1:{port}") from error
    if not 0 <= found[1] < 65_536:
        raise BadPlace(f"{text[:60]!r} has no port of this world")
    return found
