"""A sample of a device: what a definition of it is written from, small, without what is its owner's.

The system group, ENTITY-MIB's first rows, the first ports, where standard MIBs keep identity, and the beginning of
what the device serves below its maker's number. A `.snmprec` like any other: `muster-discover identify` reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from discovery.asking import Address, Answer, Index, Oid, Script, Value, Walk
from discovery.device import SYS_CONTACT, SYS_DESCR, SYS_LOCATION, SYS_NAME, Device
from discovery.evidence import NO_MAKERS
from discovery.failures import Failed
from discovery.scrub import Scrub, address_in, speaks_of
from discovery.vendors import ENTERPRISES

MAX_ROWS: Final = 800
MAX_CHARACTERS: Final = 64 * 1024
OWN_ROWS: Final = 1500
ALIKE: Final = 4
"""Instances of one column that are kept: more say nothing new about where something stands."""

_ENTITY: Final = tuple(f"1.3.6.1.2.1.47.1.1.1.1.{column}" for column in (2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13))
_PARTS: Final[tuple[tuple[tuple[str, ...], int], ...]] = (
    (("1.3.6.1.2.1.1",), 40),  # system and sysORTable (RFC 3418)
    (_ENTITY, 24),
    (("1.3.6.1.2.1.2.1", "1.3.6.1.2.1.2.2.1.2", "1.3.6.1.2.1.2.2.1.3"), 12),  # ifNumber, ifDescr, ifType
    (("1.3.6.1.2.1.33.1.1", "1.3.6.1.2.1.43.5.1.1", "1.3.6.1.2.1.16.19"), 20),  # UPS-MIB, Printer-MIB, RMON2
    (("1.3.6.1.2.1.25.3.2.1.2", "1.3.6.1.2.1.25.3.2.1.3"), 12),  # hrDeviceType, hrDeviceDescr
    (("1.0.8802.1.1.2.1.5.4795.1.2", "1.3.6.1.3.94.1.6.1", "1.3.6.1.2.1.69.1"), 24),  # LLDP-MED, FCMGMT, DOCSIS
)
_SILENT: Final = frozenset({"timeout", "no_answer", "budget"})


def sample(device: Device, hidden: Iterable[str] = ()) -> Script[str]:
    """Return what the device answers as lines of a `.snmprec`; `device` is the one it was identified with.

    `hidden`: words to take out beside what the device says of name, place and contact: the community it was asked
    with. What cannot be read is left out.
    """
    told: dict[Index, Value] = {}
    for columns, rows in (*_PARTS, ((_own_tree(device.sysobjectid),), OWN_ROWS)):
        answer = yield from _asked(Walk(columns, rows))
        told.update(_instances(answer.columns))
        if answer.failure in _SILENT:
            break
    return "".join(_lines(told, Scrub((*hidden, *_names(device)))))


def _names(device: Device) -> list[str]:
    """Return what the device says of name, place and contact, but for what sysDescr says as well: a default name."""
    described = device.told(SYS_DESCR).casefold()
    said = map(device.told, (SYS_NAME, SYS_LOCATION, SYS_CONTACT))
    return [each for each in said if each.casefold() not in described]


def _asked(walk: Walk) -> Script[Answer]:
    try:
        return (yield walk)
    except Failed as failed:  # a live session throws what it cannot answer at all
        return Answer(failure=failed.cause)


def _own_tree(sysobjectid: str) -> str:
    """Return what lies below the maker's number; of all makers where sysObjectID names the agent's software only."""
    number = sysobjectid.removeprefix(ENTERPRISES).partition(".")[0]
    own = sysobjectid.startswith(ENTERPRISES) and number.isdigit() and int(number) not in NO_MAKERS
    return f"{ENTERPRISES}{number}" if own else ENTERPRISES.rstrip(".")


def _instances(columns: Mapping[str, Mapping[Index, Value]]) -> Iterator[tuple[Index, Value]]:
    for column, rows in columns.items():
        start = tuple(map(int, column.split(".")))
        yield from ((start + index, value) for index, value in rows.items())


def _lines(told: Mapping[Index, Value], scrub: Scrub) -> Iterator[str]:
    """Yield the lines, sorted as an agent would walk them, within the bounds."""
    addresses = {each for each in map(address_in, told.values()) if each}
    kept, size, alike = 0, 0, dict[Index, int]()
    for oid, value in sorted(told.items()):
        alike[oid[:-1]] = alike.get(oid[:-1], 0) + 1
        standard = oid[:6] == (1, 3, 6, 1, 2, 1)
        if (alike[oid[:-1]] > ALIKE and not standard) or (not standard and speaks_of(oid[7:], addresses)):
            continue
        name = ".".join(map(str, oid))
        line = f"{name}|{_told(scrub.value(name, value))}\n"
        kept, size = kept + 1, size + len(line)
        if kept > MAX_ROWS or size > MAX_CHARACTERS:
            return
        yield line


def _told(value: Value) -> str:
    """Return tag and value as a `.snmprec` writes them."""
    if isinstance(value, Address):
        return f"64|{'.'.join(map(str, value))}"
    if isinstance(value, Oid):
        return f"6|{value}"
    if isinstance(value, int):
        return f"{2 if -(2**31) <= value < 2**31 else 70}|{value}"
    plain = all(32 <= octet < 127 for octet in value)
    return f"4|{value.decode('ascii')}" if plain else f"4x|{value.hex()}"


__all__ = ["MAX_CHARACTERS", "MAX_ROWS", "sample"]
