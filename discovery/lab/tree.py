"""What a device tells, sorted and encoded: a question costs a search and a slice.

Keys sort as identifiers do, which their encoded bytes do not: sub-identifiers below 128 stand as they are, larger ones
as five octets behind 255.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from discovery.asking import Index
from discovery.snmp.ber import OBJECT, SEQUENCE, encode_index, index, inside, tlv


def key(name: bytes) -> bytes:
    """Return what sorts an identifier, given as content octets. Raises Malformed."""
    return name if name.isascii() else _long_key(name)


@lru_cache(maxsize=65_536)
def _long_key(name: bytes) -> bytes:
    return b"".join(map(_sorting, index(name)))


@lru_cache(maxsize=16_384)
def _sorting(subid: int) -> bytes:
    return bytes((subid,)) if subid < 0x80 else b"\xff" + subid.to_bytes(4, "big")


@lru_cache(maxsize=16_384)
def _encoded(subid: int) -> bytes:
    return encode_index((subid,))


def binding(name: bytes, value: bytes) -> bytes:
    """Return a variable: content octets of its name, and its encoded value."""
    return tlv(SEQUENCE, tlv(OBJECT, name) + value)


def apart(bound: bytes) -> tuple[bytes, bytes]:
    """Return the name and the encoded value of a variable."""
    start, stop = inside(bound, 0, len(bound), SEQUENCE)
    name, end = inside(bound, start, stop, OBJECT)
    return bound[name:end], bound[end:stop]


class Tree:
    """Sorted variables, never changed: devices with the same recording share one."""

    __slots__ = ("bindings", "keys")

    def __init__(self, variables: Iterable[tuple[bytes, bytes]]) -> None:
        """Take names, as content octets, with encoded values."""
        self._fill({key(name): binding(name, value) for name, value in variables})

    def _fill(self, by_key: Mapping[bytes, bytes]) -> None:
        self.keys = sorted(by_key)
        self.bindings = [by_key[each] for each in self.keys]

    @classmethod
    def numbered(cls, variables: Iterable[tuple[Index, bytes]]) -> Tree:
        """Return a tree of names given as numbers, with encoded values; where one stands twice, the first counts."""
        made, found = cls(()), dict[bytes, bytes]()
        for (first, second, *rest), value in variables:
            numbers = (first * 40 + second, *rest)
            ordered = b"".join(map(_sorting, numbers))
            if ordered not in found:
                found[ordered] = binding(b"".join(map(_encoded, numbers)), value)
        made._fill(found)
        return made

    @classmethod
    def of(cls, facts: Mapping[str, bytes]) -> Tree:
        """Return a tree of facts: instance → encoded value. ValueError where an instance is no identifier."""
        return cls.numbered((tuple(map(int, instance.split("."))), value) for instance, value in facts.items())

    def after(self, name: bytes) -> int:
        """Return the place of the first variable behind `name`; the length when there is none."""
        return bisect_right(self.keys, key(name))

    def at(self, name: bytes) -> int | None:
        """Return the place of a variable."""
        wanted = key(name)
        place = bisect_right(self.keys, wanted) - 1
        return place if place >= 0 and self.keys[place] == wanted else None

    def value(self, name: bytes) -> bytes | None:
        """Return the encoded value of a variable."""
        place = self.at(name)
        return None if place is None else apart(self.bindings[place])[1]

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        return map(apart, self.bindings)

    def __len__(self) -> int:
        return len(self.keys)
