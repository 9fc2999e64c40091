"""The why-not ledger: how far each target came, why not further, and what to do about it; coverage by subnet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from discovery.failures import REMEDIES
from wire.ranges import subnet_of

Stage = Literal["sweep", "fingerprint", "authenticate", "identify", "explore"]
STAGES: Final[tuple[Stage, ...]] = ("sweep", "fingerprint", "authenticate", "identify", "explore")


@dataclass(frozen=True, slots=True)
class Row:
    """One target's end. `stage`: the last it reached. `cause`: a word of `failures.REMEDIES`, None when all is well.

    `alive`: something answered. `seconds`: how long it was worked on. `credential`: the id of the accepted one.
    """

    address: str
    stage: Stage
    alive: bool
    cause: str | None = None
    detail: str = ""
    seconds: float = 0.0
    credential: str | None = None

    @property
    def remedy(self) -> str | None:
        return REMEDIES[self.cause] if self.cause else None


@dataclass(slots=True)
class Coverage:
    """One subnet in numbers. `causes` counts what did not go all the way, silent addresses among it."""

    swept: int = 0
    alive: int = 0
    admitted: int = 0
    causes: Counter[str] = field(default_factory=Counter)

    @property
    def share(self) -> float:
        """The part of those alive that took a credential, 1 when none is alive."""
        return self.admitted / self.alive if self.alive else 1.0


@dataclass(slots=True)
class Ledger:
    """Numbers by subnet; rows go to whoever asked for the sweep and are not kept."""

    subnets: dict[str, Coverage] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        subnet = subnet_of(row.address)
        numbers = self.subnets.get(subnet)
        if numbers is None:
            numbers = self.subnets[subnet] = Coverage()
        numbers.swept += 1
        numbers.alive += row.alive
        numbers.admitted += row.credential is not None
        if row.cause:
            numbers.causes[row.cause] += 1

    @property
    def total(self) -> Coverage:
        """Return the numbers of all subnets together."""
        found = Coverage()
        for each in self.subnets.values():
            found.swept += each.swept
            found.alive += each.alive
            found.admitted += each.admitted
            found.causes += each.causes
        return found

    def __iter__(self) -> Iterator[tuple[str, Coverage]]:
        return iter(self.subnets.items())
