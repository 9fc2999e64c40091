"""When nothing may be swept: blackouts and change freezes, as values that are passed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from discovery.failures import Failed
from wire.ranges import Ranges


@dataclass(frozen=True, slots=True)
class Closed:
    """From `begins` until before `ends` (aware times); for `where` alone, everywhere when None."""

    begins: datetime
    ends: datetime
    kind: Literal["blackout", "freeze"] = "blackout"
    where: Ranges | None = None


@dataclass(frozen=True, slots=True)
class Calendar:
    """Asked before every stage of every target; whoever knows of weekly windows spells them out."""

    closed: tuple[Closed, ...] = ()

    def everywhere(self, now: datetime) -> Closed | None:
        """Return what closes every address now."""
        return next((each for each in self.closed if each.where is None and each.begins <= now < each.ends), None)

    def at(self, address: str, now: datetime) -> Closed | None:
        """Return what closes `address` now."""
        for each in self.closed:
            if each.begins <= now < each.ends and (each.where is None or address in each.where):
                return each
        return None

    def check(self, address: str, now: datetime) -> None:
        """Raise Failed when `address` is closed now."""
        found = self.at(address, now) if self.closed else None
        if found:
            raise Failed("blackout", f"{found.kind} until {found.ends.isoformat(timespec='minutes')}")
