"""The BRIDGE-MIB of a Linux bridge (RFC 4188) for net-snmp's `pass_persist`: its address, ports and what it learned.

    pass_persist .1.3.6.1.2.1.17 python3 -IS bridge_mib.py br0

net-snmp itself does not speak of bridges; network systems made of Linux bring a program like this one along.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from pathlib import Path

BRIDGE_MIB = (1, 3, 6, 1, 2, 1, 17)
ENTRY = struct.Struct("=6sBBIBBH")
"""struct __fdb_entry of linux/if_bridge.h: MAC, port, whether it is the bridge's own, and what is not told here."""

Said = dict[tuple[int, ...], tuple[str, str]]
"""OID → type and value, as `pass_persist` wants them."""


def said(bridge: Path) -> Said:
    """Return all there is to say of a bridge below /sys/class/net."""
    mac = bytes.fromhex((bridge / "address").read_text().strip().replace(":", ""))
    found: Said = {(*BRIDGE_MIB, 1, 1, 0): ("octet", mac.hex(" "))}
    for port in (bridge / "brif").iterdir():
        number, index = int((port / "port_no").read_text(), 16), (bridge.parent / port.name / "ifindex").read_text()
        found[*BRIDGE_MIB, 1, 4, 1, 1, number] = ("integer", str(number))
        found[*BRIDGE_MIB, 1, 4, 1, 2, number] = ("integer", index.strip())
    for learned, number, own in _entries(bridge):
        found[*BRIDGE_MIB, 4, 3, 1, 1, *learned] = ("octet", learned.hex(" "))
        found[*BRIDGE_MIB, 4, 3, 1, 2, *learned] = ("integer", str(number))
        found[*BRIDGE_MIB, 4, 3, 1, 3, *learned] = ("integer", "4" if own else "3")
    return found


def _entries(bridge: Path) -> Iterator[tuple[bytes, int, bool]]:
    table = (bridge / "brforward").read_bytes()
    for mac, port, own, _, high, _, _ in ENTRY.iter_unpack(table):
        yield mac, port | high << 8, bool(own)


def answer(kind: str, oid: str, found: Said) -> list[str]:
    """Return the lines of an answer to `get` or `getnext`."""
    asked = tuple(map(int, oid.strip(".").split(".")))
    at = asked if kind == "get" else min((each for each in found if each > asked), default=())
    return [f".{'.'.join(map(str, at))}", *found[at]] if at in found else ["NONE"]


def main(bridge: str) -> None:
    """Answer line by line until standard input ends."""
    for line in iter(sys.stdin.readline, ""):
        word = line.strip()
        if word in ("get", "getnext"):
            lines = answer(word, sys.stdin.readline(), said(Path("/sys/class/net", bridge)))
        else:
            lines = ["PONG"] if word == "PING" else ["not-writable"]
        print("\n".join(lines), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
