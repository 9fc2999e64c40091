"""Power over Ethernet: POWER-ETHERNET-MIB (RFC 3621)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from discovery.asking import Index, Script
from discovery.explore.values import positive, times, truth, whole, word
from discovery.explore.visit import Table, Visit

_STATES: Final = {1: "disabled", 2: "searching", 3: "delivering", 4: "fault", 5: "test", 6: "fault"}
_PRIORITIES: Final = {1: "critical", 2: "high", 3: "low"}
_PORTS: Final = Table("1.3.6.1.2.1.105.1.1.1", {
    "enabled": (3, truth), "state": (6, word(_STATES)), "priority": (7, word(_PRIORITIES)),
    "power_class": (10, lambda value: number - 1 if (number := positive(value)) else None),
})  # fmt: skip
_SUPPLIES: Final = Table("1.3.6.1.2.1.105.1.3.1.1", {
    "rated_watts": (2, positive), "state": (3, word({1: "on", 2: "off", 3: "faulty"})), "used_watts": (4, whole),
})  # fmt: skip
_CISCO: Final = Table("1.3.6.1.4.1.9.9.402.1.2.1", {"power_watts": (7, times(0.001, 0)), "entity": (11, positive)})
"""cpeExtPsePortPwrConsumption (mW), cpeExtPsePortEntPhyIndex."""


def poe(visit: Visit) -> Script[None]:
    """Find `poe` and `poe_supplies`."""
    told = yield from visit.rows(_PORTS)
    supplies = yield from visit.rows(_SUPPLIES)
    visit.findings.failed("poe", told.failure)
    visit.findings.failed("poe_supplies", supplies.failure)
    visit.findings.add("poe_supplies", ({**row, "group": str(index[-1])} for index, row in supplies.rows.items()))
    cisco = visit.device.sysobjectid.startswith("1.3.6.1.4.1.9.") and bool(told.rows)
    more = (yield from visit.rows(_CISCO)).rows if cisco else {}
    names = _names(visit, told.rows, more)
    for index, row in told.rows.items():
        power = more.get(index, {}).get("power_watts")
        visit.findings.add("poe", [{**row, "power_watts": power, "interface": names[index]}])


def _names(visit: Visit, rows: Mapping[Index, Any], more: Mapping[Index, dict[str, Any]]) -> dict[Index, str]:
    """Return row → port. No standard says which interface a PSE port is: the vendor's pointer does, or that all
    numbers of one group are those of interfaces or of bridge ports; else the port is named by group and number.
    """
    by_part = {row["component"]: row["name"] for row in visit.findings.rows.get("interfaces", {}).values()
               if row.get("component")}  # fmt: skip
    numbers, one_group = [index[-1] for index in rows], len({index[:1] for index in rows}) == 1
    plain: dict[int, str] = {}
    if one_group and all(number in visit.ports.bridge for number in numbers):
        plain = {number: visit.ports.of_bridge(number) or "" for number in numbers}
    elif all(number in visit.ports.names for number in numbers):
        plain = {number: visit.ports.names[number] for number in numbers}
    pointed = {index: by_part.get(visit.parts.get(row.get("entity", 0), "")) for index, row in more.items()}
    return {index: pointed.get(index) or plain.get(index[-1]) or "/".join(map(str, index)) for index in rows}
