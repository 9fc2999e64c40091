"""Sets of addresses: CIDR, first-last, single ones; kept as intervals of numbers, however many they hold."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

MAX_TEXT: Final = 100
FOUR_BITS: Final = 24
SIX_BITS: Final = 64
"""Leading bits that addresses of one subnet share, as far as limits and reports are concerned."""

Interval = tuple[int, int]
"""First and last number of a run of addresses."""


class BadRange(ValueError):
    """A text that names no range of addresses; the message says why."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """Addresses as ascending intervals that neither touch nor overlap, by IP version."""

    four: tuple[Interval, ...] = ()
    six: tuple[Interval, ...] = ()

    def __contains__(self, address: str) -> bool:
        """Return whether `address` is one of these; ValueError when it is no address."""
        number, version = _number(ip_address(address))
        return self.holds(number, version)

    def holds(self, number: int, version: int = 4) -> bool:
        """Return whether the address of this number is one of these."""
        some = self.four if version == 4 else self.six
        at = bisect_right(some, (number, 1 << 128)) - 1
        return at >= 0 and number <= some[at][1]

    def __bool__(self) -> bool:
        return bool(self.four or self.six)

    def __or__(self, other: Ranges) -> Ranges:
        return Ranges(_merged((*self.four, *other.four)), _merged((*self.six, *other.six)))

    def __sub__(self, other: Ranges) -> Ranges:
        return Ranges(_without(self.four, other.four), _without(self.six, other.six))

    def __and__(self, other: Ranges) -> Ranges:
        return self - (self - other)

    @property
    def texts(self) -> tuple[str, ...]:
        """These addresses as `first-last` or single ones, which `ranges` reads as the same set."""
        four = (_text(IPv4Address(first), IPv4Address(last)) for first, last in self.four)
        six = (_text(IPv6Address(first), IPv6Address(last)) for first, last in self.six)
        return (*four, *six)

    def addresses(self) -> Iterator[str]:
        """Yield each of these addresses: to be asked only of few."""
        yield from (str(IPv4Address(number)) for first, last in self.four for number in range(first, last + 1))
        yield from (str(IPv6Address(number)) for first, last in self.six for number in range(first, last + 1))

    @property
    def subnets(self) -> frozenset[str]:
        """The subnets these addresses are in, as `subnet_of` names them: to be asked only of few IPv6 addresses."""
        four = {number for first, last in self.four for number in range(first >> 8, (last >> 8) + 1)}
        six = {number for first, last in self.six for number in range(first >> 64, (last >> 64) + 1)}
        return frozenset((
            *(f"{IPv4Address(number << 8)}/{FOUR_BITS}" for number in four),
            *(f"{IPv6Address(number << 64)}/{SIX_BITS}" for number in six),
        ))  # fmt: skip

    @property
    def size(self) -> int:
        """How many addresses these are."""
        return sum(last - first + 1 for first, last in (*self.four, *self.six))


def ranges(texts: Iterable[str], to_sweep: bool = False) -> Ranges:
    """Return the addresses that `texts` name; raise `BadRange`.

    `to_sweep` leaves out network and broadcast address of an IPv4 prefix up to /30 (RFC 3021 gives /31 two hosts), and
    refuses ranges of IPv6: nobody waits for the end of a /64.
    """
    four: list[Interval] = []
    six: list[Interval] = []
    for text in texts:
        interval, version = _interval(text, to_sweep)
        if to_sweep and version == 6 and interval[0] != interval[1]:
            raise BadRange(f"{text[:MAX_TEXT]!r}: IPv6 is swept by single addresses that are known, not by ranges")
        (four if version == 4 else six).append(interval)
    return Ranges(_merged(four), _merged(six))


def subnet_of(address: str) -> str:
    """Return the /24 of an IPv4 address, the /64 of an IPv6 address. ValueError when it is none."""
    if ":" not in address:
        return f"{address.rpartition('.')[0]}.0/{FOUR_BITS}"
    return str(ip_network((address, SIX_BITS), strict=False))


def _interval(text: str, to_sweep: bool) -> tuple[Interval, int]:
    plain = text.strip()
    if not plain or len(plain) > MAX_TEXT or "%" in plain:
        raise BadRange(f"{plain[:MAX_TEXT]!r} is no range of addresses")
    try:
        if "/" in plain:
            return _prefix(plain, to_sweep)
        if "-" in plain:
            return _between(*map(str.strip, plain.split("-", 1)))
        number, version = _number(ip_address(plain))
    except BadRange:
        raise
    except ValueError as error:
        raise BadRange(f"{plain!r} is no range of addresses: {error}") from error
    return (number, number), version


def _prefix(plain: str, to_sweep: bool) -> tuple[Interval, int]:
    network = ip_network(plain, strict=False)
    first, last = int(network.network_address), int(network.broadcast_address)
    trimmed = to_sweep and network.version == 4 and network.prefixlen <= 30
    return ((first + 1, last - 1) if trimmed else (first, last)), network.version


def _between(first: str, last: str) -> tuple[Interval, int]:
    """Return `first-last`; the last may be the last octet alone (192.0.2.10-20)."""
    if last.isdecimal() and "." in first:
        last = f"{first.rpartition('.')[0]}.{last}"
    start, version = _number(ip_address(first))
    end, also = _number(ip_address(last))
    if version != also or start > end:
        raise BadRange(f"{first}-{last} runs backwards or from one IP version to the other")
    return (start, end), version


def _number(address: IPv4Address | IPv6Address) -> tuple[int, int]:
    """Return number and version; an IPv4 address in IPv6 clothes (::ffff:192.0.2.1) is the IPv4 address."""
    plain = (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
    return int(plain), plain.version


def _text(first: IPv4Address | IPv6Address, last: IPv4Address | IPv6Address) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _union(some: Iterable[Ranges]) -> Ranges:
    found = Ranges()
    for each in some:
        found |= each
    return found


def _merged(some: Iterable[Interval]) -> tuple[Interval, ...]:
    found: list[Interval] = []
    for first, last in sorted(some):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def _without(some: tuple[Interval, ...], others: tuple[Interval, ...]) -> tuple[Interval, ...]:
    """Return `some` less `others`; both ascend, so each is gone through once."""
    found: list[Interval] = []
    at = 0
    for first, last in some:
        start = first
        while at < len(others) and others[at][0] <= last:
            if others[at][0] > start:
                found.append((start, others[at][0] - 1))
            start = max(start, others[at][1] + 1)
            if start > last:
                break  # it may reach into the next one, too
            at += 1
        if start <= last:
            found.append((start, last))
    return tuple(found)


SPECIAL: Final = ranges(
    ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "::/127", "fe80::/10", "fd00:ec2::254", "ff00::/8"]
)
"""This host, link-local addresses and a cloud's metadata service, multicast (RFC 6890): only meant when spelled out."""

NEVER: Final = ranges(["0.0.0.0/8", "224.0.0.0/3", "::", "ff00::/8"])
"""No single host stands there: this network, multicast, reserved, broadcast."""


def meant(texts: Iterable[str]) -> Ranges:
    """Return the addresses `texts` name; special ones only where a text names nothing else. Raise `BadRange`."""
    each = [ranges([text]) for text in texts]
    return (_union(each) - SPECIAL) | _union(some for some in each if not some - SPECIAL)
