"""Link aggregation: IEEE8023-LAG-MIB (IEEE 802.1AX), and ifStackTable (RFC 2863) where that is silent."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

from discovery.asking import Script
from discovery.explore.values import mac, positive
from discovery.explore.visit import Table, Visit

_AGGREGATES: Final = Table("1.2.840.10006.300.43.1.1.1.1", {"system_id": (4, mac), "partner_id": (8, mac)})
_PORTS: Final = Table("1.2.840.10006.300.43.1.2.1.1", {"selected": (12, positive), "attached": (13, positive)})
_STACK: Final = "1.3.6.1.2.1.31.1.2.1.3"  # ifStackStatus
_PAGP: Final = "1.3.6.1.4.1.9.9.98.1.1.1.1.8"  # pagpGroupIfIndex


def lags(visit: Visit) -> Script[None]:
    """Find `lags`, and say in `interfaces` which one a port belongs to."""
    members: dict[int, set[int]] = defaultdict(set)
    active: dict[int, set[int]] = defaultdict(set)
    ports = yield from visit.rows(_PORTS)
    for index, row in ports.rows.items():
        for found, at in ((members, row.get("selected")), (active, row.get("attached"))):
            if at and at != index[-1]:  # an individual port is an aggregate of itself
                found[at].add(index[-1])
    aggregates = yield from visit.rows(_AGGREGATES)
    lacp = set(members) | set(active)
    for at, some in (yield from _stacked(visit)).items():
        members[at] |= some
    for at, some in active.items():
        members[at] |= some
    for at in sorted(at for at in members if at in visit.ports.names):
        about = aggregates.rows.get((at,), {})
        mode = "lacp" if at in lacp else "static" if ports.rows else None  # without the table nothing tells
        _add(visit, at, members[at], active[at], {**about, "mode": mode})
    visit.findings.failed("lags", ports.failure or aggregates.failure)
    if ports.rows:
        visit.findings.is_none("lags")


def _add(visit: Visit, at: int, members: set[int], active: set[int], about: dict[str, Any]) -> None:
    name, names = visit.ports.names[at], visit.ports.names
    own = sorted(names[each] for each in members if each in names and each != at)
    if own:
        attached = sorted(names[each] for each in active if each in names)
        visit.findings.add("lags", [{**about, "name": name, "members": own, "active": attached or None}])
        visit.findings.add("interfaces", ({"name": each, "master": name} for each in own))


def _stacked(visit: Visit) -> Script[dict[int, set[int]]]:
    """Return aggregate → members of those interfaces whose type says that they are aggregates."""
    bonds = {row["index"] for row in visit.findings.rows.get("interfaces", {}).values() if row.get("kind") == "bond"}
    stack, failure = yield from visit.column(_STACK, positive, wanted=bool(bonds))
    pagp, _ = yield from visit.column(_PAGP, positive, wanted=visit.device.sysobjectid.startswith("1.3.6.1.4.1.9."))
    found: dict[int, set[int]] = defaultdict(set)
    for higher, lower in (index for index in stack if len(index) == 2):
        if higher in bonds and lower and _is_port(visit, lower):
            found[higher].add(lower)
    for index, group in pagp.items():
        if group != index[-1] and group in visit.ports.names:
            found[group].add(index[-1])
    visit.findings.failed("lags", failure)
    return found


def _is_port(visit: Visit, at: int) -> bool:
    return visit.findings.row("interfaces", visit.ports.names.get(at, "")).get("kind") == "ethernet"
