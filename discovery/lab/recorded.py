"""A recording as a tree, with the types that were recorded.

The usual lines, numbers and plain or hexadecimal octets, are read here, because a lab loads millions of them; the
others are read by `discovery.recording`, which also says what is no recording at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from discovery.asking import Address, Index, Oid, Value
from discovery.lab.encoding import ADDRESS, COUNTER64, identifier, number, text
from discovery.lab.tree import Tree
from discovery.netsnmp import snmprec_of_walk
from discovery.recording import BadRecording, Recording
from discovery.snmp.ber import INTEGER, MAX_SUBID, MAX_SUBIDS, OCTETS, tlv

_SNMPREC: Final = re.compile(rb"^[0-9.]+\|[0-9]+[xe]?\|", re.MULTILINE)
_UNSIGNED: Final = frozenset({0x41, 0x42, 0x43, 0x46, 0x47})
_NUMBERS: Final = {b"2": INTEGER, b"65": 0x41, b"66": 0x42, b"67": 0x43, b"70": 0x46}
_MAX_DIGITS: Final = 20


def tree_of(file: Path) -> Tree:
    """Return what `file` recorded. Raises BadRecording."""
    try:
        data = file.read_bytes()
        recording = Recording(data, str(file))
        return Tree.numbered(_variables(data if _SNMPREC.search(data) else snmprec_of_walk(data), recording))
    except OSError as error:
        raise BadRecording(f"{file}: {error.strerror}") from error
    except ValueError as error:
        raise BadRecording(f"{file}: {error}") from error


def _variables(data: bytes, recording: Recording) -> Iterator[tuple[Index, bytes]]:
    """Yield instances with encoded values, as they stand; what no message can carry is left out. Raises ValueError."""
    for line in data.split(b"\n"):
        line = line.removesuffix(b"\r")
        if line and not line.startswith(b"#"):
            instance, tag, raw = line.split(b"|", 2)
            numbers = tuple(map(int, instance.split(b".")))
            value = _usual(tag, raw) or _other(recording, instance, tag)
            if value and _is_name(numbers):
                yield numbers, value


def _is_name(numbers: Index) -> bool:
    """Return whether an encoding can carry these numbers (X.690 §8.19)."""
    few = 1 < len(numbers) <= MAX_SUBIDS and min(numbers) >= 0 and max(numbers) <= MAX_SUBID
    return few and ((numbers[0] < 2 and numbers[1] < 40) or (numbers[0] == 2 and numbers[1] <= MAX_SUBID - 80))


def _usual(tag: bytes, raw: bytes) -> bytes | None:
    if tag == b"4x":
        return text(bytes.fromhex(raw.decode("ascii")))
    if tag == b"4":
        return text(raw)
    kind = _NUMBERS.get(tag)
    return _integer(int(raw), kind) if kind and len(raw) <= _MAX_DIGITS else None


def _other(recording: Recording, instance: bytes, tag: bytes) -> bytes | None:
    value = recording.get(instance.decode("ascii"))
    return None if value is None else _encoded(value, int(tag.rstrip(b"xe")))


def _encoded(value: Value, tag: int) -> bytes | None:
    if isinstance(value, Oid):
        return _identifier(value)
    if isinstance(value, Address):
        return tlv(ADDRESS if len(value) == 4 else OCTETS, value)
    if isinstance(value, int):
        return _integer(value, tag if tag in _UNSIGNED else INTEGER)
    return text(value) if tag == OCTETS else tlv(tag, value)


def _identifier(value: Oid) -> bytes | None:
    try:
        return identifier(value)
    except ValueError:
        return None


def _integer(value: int, tag: int) -> bytes:
    """Return a number under its tag; as Counter64 where it is too large for that."""
    if tag in _UNSIGNED and value < 0:
        value &= 0xFFFFFFFF
    return number(value, COUNTER64 if value >= (2**31 if tag == INTEGER else 2**32) else tag)


def recordings_in(folder: Path) -> list[Path]:
    """Return the recordings in a folder, by name: `.snmprec`, `.snmpwalk`, `.walk`, `.txt`. Raises BadRecording."""
    kinds = {".snmprec", ".snmpwalk", ".walk", ".txt"}
    found = sorted(each for each in folder.glob("*") if each.suffix in kinds) if folder.is_dir() else []
    if not found:
        raise BadRecording(f"{folder}: no recordings in it")
    return found
