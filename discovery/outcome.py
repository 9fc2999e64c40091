"""What a sweep says of one target, and the object that commands print for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from discovery.evidence import NO_MAKERS, UNKNOWN
from discovery.explore import Explored, Section
from discovery.fingerprint import Fingerprint
from discovery.identify import Identified
from discovery.knowledge import NOTHING, Known
from discovery.ledger import Row
from discovery.vendors import Vendors
from discovery.visits import Source, Visited

NOTHING_SHOWN = Fingerprint()


@dataclass(frozen=True, slots=True)
class Outcome:
    """`signs`: what answered (icmp, snmp, tcp/PORT). `identified`, `explored`: what SNMP told, None where it was not
    reached; `visits`: what other protocols did.

    `vendor`: who made it as far as it shows without a credential, None when nothing says so. `known`: what is worth
    keeping of it for the next sweep. `refused`: ids of credentials it refused in a way that counts against an account.
    """

    row: Row
    signs: tuple[str, ...] = ()
    shown: Fingerprint = NOTHING_SHOWN
    vendor: str | None = None
    identified: Identified | None = None
    explored: Explored | None = None
    known: Known = NOTHING
    refused: tuple[str, ...] = ()
    visits: tuple[Visited, ...] = ()

    @property
    def it(self) -> Identified | None:
        """What it is."""
        return what_it_is(self.identified, self.visits)

    @property
    def sources(self) -> list[Source]:
        """What was told over other protocols than SNMP."""
        return [each for visited in self.visits for each in visited.sources]

    def target(self) -> dict[str, Any]:
        """Return the target object: what it is, and beside that how far the sweep came and what it saw."""
        row = self.row
        it = self.it
        said = it.target(row.address) if it else self._unidentified()
        return {
            **said,
            "error": row.cause or said["error"],
            "remedy": row.remedy,
            "stage": row.stage,
            "credential": row.credential,
            "signs": list(self.signs),
            "seconds": round(row.seconds, 3),
            "fingerprint": self.shown.shown(),
            **({"sections": _sections(self.explored.sections)} if self.explored else {}),
            **({"visits": [_visit(each) for each in self.sources]} if self.visits else {}),
        }

    def _unidentified(self) -> dict[str, Any]:
        """Return the target object of what was not asked, or did not say."""
        root = self.shown.redfish
        said = Identified(
            state="failed" if self.row.credential else "alive", class_=UNKNOWN, type=UNKNOWN, vendor=self.vendor,
            model=root.product if root else None, serial=None, os=None, version=None, name=None, matched_by=None,
        )  # fmt: skip
        return said.target(self.row.address)


def what_it_is(by_snmp: Identified | None, visits: Iterable[Visited]) -> Identified | None:
    """Return what a target is: as SNMP says, else as the first visit does."""
    return by_snmp or next((each for visited in visits for each in visited.identified), None)


def _visit(source: Source) -> dict[str, Any]:
    it = source.identified.target() if source.identified else None
    return {"protocol": source.protocol, "part": source.part, "it": it, "sections": _sections(source.sections)}


def _sections(sections: Iterable[Section]) -> dict[str, Any]:
    return {
        each.name: {
            "status": each.status.name.lower(),
            "complete": each.complete,
            "reason": each.reason or None,
            "body": each.body,
        }
        for each in sections
    }


def maker(shown: Fingerprint, vendors: Vendors) -> str | None:
    """Return who made what shows itself so: by the enterprise number of its engine, else by the root of Redfish."""
    found = vendors.by_number.get(str(shown.enterprise)) if shown.enterprise not in NO_MAKERS else None
    if found:
        return found.name
    return shown.redfish.vendor if shown.redfish else None
