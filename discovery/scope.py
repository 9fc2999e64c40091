"""Where a credential may go. What is denied beats what is allowed; who is outside never sees anything of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wire.ranges import Ranges, meant, ranges


@dataclass(frozen=True, slots=True)
class Scope:
    """`zones` and `vendors`: of any when empty.

    `silent`: also for addresses that show no sign of life, which is the only way to find what speaks nothing but
    SNMPv2c behind a filter. `unpinned`: a password also for hosts whose key or certificate was not seen before.
    """

    where: Ranges
    zones: frozenset[str] = frozenset()
    vendors: frozenset[str] = frozenset()
    silent: bool = False
    unpinned: bool = False

    def covers(self, address: str, zone: str = "", vendor: str | None = None) -> bool:
        """Return whether the credential may go there; a `vendor` that is not known is none of those asked for."""
        return (
            (not self.zones or zone in self.zones)
            and (not self.vendors or (vendor or "").casefold() in self.vendors)
            and address in self.where
        )


def scope_of(
    allow: Iterable[str], deny: Iterable[str] = (), zones: Iterable[str] = (), vendors: Iterable[str] = (),
    silent: bool = False, unpinned: bool = False,
) -> Scope:  # fmt: skip
    """Return the scope of ranges without others; raise `BadRange`.

    Loopback, link-local, metadata and multicast addresses are in no scope that does not spell them out.
    """
    where = meant(allow) - ranges(deny)
    return Scope(where, frozenset(zones), frozenset(each.casefold() for each in vendors), silent, unpinned)
