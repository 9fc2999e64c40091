"""What devices say of others → relations between CIs: what is powered by what, who stands in for whom.

Only what leads to one CI and no other is a relation: a name, an address or a serial number that two bear, or that
nobody bears, says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from collector.model import CONTAINS
from wire.topology import Device, Estate

POWERED_BY: Final = "powered_by"
HA_PEER: Final = "ha_peer"
"""Two that stand in for each other; the one with the smaller id comes first. Neither depends on the other."""
KINDS: Final = (
    POWERED_BY, "runs_on", "installed_on", CONTAINS, HA_PEER, "depends_on", "stored_on", "located_in",
)  # fmt: skip
"""What one CI can be to another by people's word. The last three no device tells."""
SECTIONS: Final = ("attached", "outlets", "redundancy")
"""What is read here."""
_SUPPLIES: Final = frozenset({"ups", "pdu"})
_PAIRED: Final = "ha"

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, order=True)
class Related:
    """`a` is `kind` `b`, by the word of `teller`; all are CIs."""

    a: int
    kind: str
    b: int
    teller: int


@dataclass(frozen=True, slots=True)
class Tied:
    """A relation that began or ended: last known as before at `lo`, first known otherwise at `hi` (ms).

    `was_held`: anybody said so until then. Not `is_world`: we have come to know, or no longer know, what was so.
    """

    a: int
    kind: str
    b: int
    lo: int
    hi: int
    was_held: bool
    is_world: bool = True

    @property
    def tie(self) -> tuple[int, str, int]:
        return self.a, self.kind, self.b


def related(estate: Estate, told: Mapping[int, Mapping[str, Iterable[Row]]]) -> frozenset[Related]:
    """Return the relations that hold by what these CIs say; `told`: CI → section → rows, of `SECTIONS`."""
    found = {each for ci_id, sections in told.items() for each in _of(estate, ci_id, sections)}
    fed = {(each.a, each.b) for each in found if each.kind == POWERED_BY}
    # Two that feed each other: one label at least is wrong, and nobody knows which.
    return frozenset(each for each in found if each.kind != POWERED_BY or (each.b, each.a) not in fed)


def _of(estate: Estate, ci_id: int, sections: Mapping[str, Iterable[Row]]) -> Iterator[Related]:
    own = estate.devices.get(str(ci_id))
    if own is not None and own.about.get("type") in _SUPPLIES:
        for name in _fed(sections):
            other = _named(estate, name)
            if other not in (None, ci_id):
                yield Related(int(other or 0), POWERED_BY, ci_id, ci_id)
    for name in _peers(sections.get("redundancy", ())):
        other = _named(estate, name)
        if other not in (None, ci_id):
            yield Related(min(ci_id, int(other or 0)), HA_PEER, max(ci_id, int(other or 0)), ci_id)


def _fed(sections: Mapping[str, Iterable[Row]]) -> Iterator[str]:
    """Yield what a supply says it feeds: who is logged in to it (RFC 9271, `LIST CLIENT`), or whose name it bears."""
    yield from (str(row.get("name") or "") for row in sections.get("attached", ()))
    yield from (str(row.get("attached") or "") for row in sections.get("outlets", ()))


def _peers(rows: Iterable[Row]) -> Iterator[str]:
    """Yield how a member of a group calls the others: by serial number, else by name or address."""
    for row in rows:
        if row.get("protocol") == _PAIRED and row.get("mode") == "standalone":
            continue
        told = str(row.get("peer_serial") or row.get("peer") or "")
        yield from (each.strip() for each in told.split(","))


def _named(estate: Estate, name: str) -> int | None:
    """Return the CI that bears that name, address or serial number; a name with a domain is not that of another one."""
    found = estate.find(name)
    if found is None or not _bears(found, name.casefold()):
        return None
    return int(found.id)


def _bears(device: Device, said: str) -> bool:
    own = str(device.about.get("name") or "").casefold()
    return said in device.names() or own == said.partition(".")[0]
