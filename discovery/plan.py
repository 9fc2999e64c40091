"""Which addresses a sweep asks, and in which order.

Every address comes once. Neighbours in the order are in different /24s as far as there are any, and inside a /24 the
order is shuffled: no subnet and no firewall's session table sees a burst. Nothing is kept but the ranges, so a /8 costs
as much memory as one address; a cursor, how many addresses were drawn, is enough to go on later.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address
from itertools import accumulate
from math import gcd
from random import Random
from typing import Final

from discovery.blackout import Calendar
from wire.ranges import NEVER, Interval, Ranges, ranges

AT_ONCE: Final = 1024
"""Subnets whose addresses are interleaved."""

GOLDEN: Final = 0.6180339887
"""The stride, as a share of all subnets, that keeps successive ones far apart."""


@dataclass(frozen=True)
class Plan:
    """`targets` to sweep, already without what is excluded, but for the first `cursor` of them.

    `seed` decides the order, which the same plan keeps; `zone` says whose network it is.
    """

    targets: Ranges
    seed: int = 0
    zone: str = ""
    calendar: Calendar = field(default_factory=Calendar)
    cursor: int = 0

    @property
    def size(self) -> int:
        """How many addresses there are, with those before the cursor."""
        return self.targets.size

    def addresses(self) -> Iterator[str]:
        """Yield addresses in order, from the cursor on."""
        cursor = self.cursor
        for window in self._windows():
            total = sum(map(self._count, window))
            if cursor >= total:
                cursor -= total
                continue
            for drawn, number in enumerate(self._interleaved(window)):
                if drawn >= cursor:
                    yield str(IPv4Address(number))
            cursor = 0
        for number in self._shuffled_six()[cursor:]:
            yield str(IPv6Address(number))

    # --- subnets

    @cached_property
    def _subnets(self) -> tuple[list[Interval], list[int]]:
        """Runs of /24 numbers, and at which place among all subnets each run ends."""
        runs: list[Interval] = []
        for first, last in self.targets.four:
            start, end = first >> 8, last >> 8
            if runs and start <= runs[-1][1] + 1:
                runs[-1] = (runs[-1][0], max(end, runs[-1][1]))
            else:
                runs.append((start, end))
        return runs, list(accumulate(last - first + 1 for first, last in runs))

    def _windows(self) -> Iterator[list[int]]:
        """Yield /24 numbers in the order they are drawn, some at a time."""
        runs, ends = self._subnets
        total = ends[-1] if ends else 0
        stride = max(1, int(total * GOLDEN))
        while gcd(stride, total) > 1:
            stride += 1
        start = Random(self.seed).randrange(total) if total else 0  # noqa: S311  order, not secrecy
        for at in range(0, total, AT_ONCE):
            places = ((start + step * stride) % total for step in range(at, min(at + AT_ONCE, total)))
            yield [_nth(runs, ends, place) for place in places]

    def _pieces(self, subnet: int) -> Iterator[Interval]:
        """Yield what of a /24 belongs to the targets, as offsets."""
        four, base = self.targets.four, subnet << 8
        at = max(0, bisect_right(four, (base, 1 << 32)) - 1)
        while at < len(four) and four[at][0] <= base | 255:
            if four[at][1] >= base:
                yield max(four[at][0], base) - base, min(four[at][1], base | 255) - base
            at += 1

    def _count(self, subnet: int) -> int:
        return sum(last - first + 1 for first, last in self._pieces(subnet))

    def _shuffled(self, subnet: int) -> bytes:
        """Return the offsets of a /24's targets in the order they are drawn."""
        offsets = [offset for first, last in self._pieces(subnet) for offset in range(first, last + 1)]
        Random(f"{self.seed}/{subnet}").shuffle(offsets)  # noqa: S311  order, not secrecy
        return bytes(offsets)

    def _interleaved(self, window: list[int]) -> Iterator[int]:
        turns = [(subnet << 8, self._shuffled(subnet)) for subnet in window]
        turn = 0
        while turns:
            for base, order in turns:
                yield base + order[turn]
            turn += 1
            turns = [each for each in turns if len(each[1]) > turn]

    def _shuffled_six(self) -> list[int]:
        numbers = [number for first, last in self.targets.six for number in range(first, last + 1)]
        Random(f"{self.seed}/6").shuffle(numbers)  # noqa: S311  order, not secrecy
        return numbers


def plan(
    texts: Iterable[str], exclude: Iterable[str] = (), seed: int = 0, zone: str = "", calendar: Calendar | None = None
) -> Plan:
    """Return the plan for ranges without exclusions; raise `BadRange`. IPv6 comes as single addresses only."""
    wanted = ranges(texts, to_sweep=True) - ranges(exclude) - NEVER
    return Plan(wanted, seed, zone, calendar or Calendar())


def _nth(runs: list[Interval], ends: list[int], place: int) -> int:
    """Return the subnet at `place` among all."""
    at = bisect_right(ends, place)
    first, last = runs[at]
    return last - (ends[at] - 1 - place) if first != last else first
