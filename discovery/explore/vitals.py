"""How busy a network device is: processors, memory and temperature as its maker's MIB tells them, into `health`."""

from __future__ import annotations

from typing import Any, Final

from discovery.asking import Index, Script
from discovery.explore.listing import Listing, Maker, numbered, reading
from discovery.explore.values import positive, times, whole
from discovery.explore.visit import Scalars, Table, Visit

_PERCENT: Final = times(0.01, 1)
"""Percent as a ratio. Zero is what parts say that have no processor or memory of their own."""

_CISCO_CPUS: Final = Table("1.3.6.1.4.1.9.9.109.1.1.1.1", {"entity": (2, positive), "value": (8, times(0.01, 0))})
_CISCO_POOLS: Final = Table("1.3.6.1.4.1.9.9.48.1.1.1", {"name": 2, "used": (5, whole), "free": (6, whole)})
_FORTINET: Final[Scalars] = {
    "cpu_used_ratio": ("1.3.6.1.4.1.12356.101.4.1.3.0", times(0.01, 0)),
    "memory_used_ratio": ("1.3.6.1.4.1.12356.101.4.1.4.0", times(0.01, 0)),
}
_HOTTEST: Final = 150


def _of(metric: str) -> Any:
    """Return what makes a measurement of a part out of a row that says `value`, named by the part's path."""

    def form(visit: Visit, index: Index, row: Any) -> dict[str, Any] | None:
        if "value" not in row or (metric == "temperature_celsius" and not 0 < row["value"] < _HOTTEST):
            return None
        part = visit.parts.get(index[0]) or row.get("name") or ("" if index == (0,) else numbered(index))
        return {"metric": metric, "instance": part, "value": float(row["value"])}

    return form


def _reading(metric: str, table: Table) -> Listing:
    return Listing("health", table, form=_of(metric), apart="instance")


def _parts(entry: str, cpu: int, memory: int, temperature: int) -> tuple[Listing, ...]:
    """Return the three readings of a table that is indexed by entPhysicalIndex."""
    return (
        _reading("cpu_used_ratio", Table(entry, {"value": (cpu, _PERCENT)})),
        _reading("memory_used_ratio", Table(entry, {"value": (memory, _PERCENT)})),
        _reading("temperature_celsius", Table(entry, {"value": (temperature, positive)})),
    )


_JUNIPER: Final = "1.3.6.1.4.1.2636.3.1.13.1"
_RUIJIE: Final = "1.3.6.1.4.1.4881.1.1.10.2."
_MAKERS: Final = (
    Maker(("1.3.6.1.4.1.2011.",), _parts("1.3.6.1.4.1.2011.5.25.31.1.1.1.1", 5, 7, 11)),
    Maker(("1.3.6.1.4.1.25506.",), _parts("1.3.6.1.4.1.25506.2.6.1.1.1.1", 6, 8, 12)),
    Maker(
        ("1.3.6.1.4.1.2636.",),
        (
            _reading("cpu_used_ratio", Table(_JUNIPER, {"name": 5, "value": (8, _PERCENT)})),
            _reading("memory_used_ratio", Table(_JUNIPER, {"name": 5, "value": (11, _PERCENT)})),
            _reading("temperature_celsius", Table(_JUNIPER, {"name": 5, "value": (7, positive)})),
        ),
    ),
    Maker(
        ("1.3.6.1.4.1.4881.",),
        (
            _reading("cpu_used_ratio", Table(f"{_RUIJIE}36.1.1", {"value": (3, _PERCENT)})),
            _reading("memory_used_ratio", Table(f"{_RUIJIE}35.1.1.1", {"value": (3, _PERCENT)})),
        ),
    ),
)


def vitals(visit: Visit) -> Script[None]:
    """Add to `health`."""
    yield from reading(_MAKERS)(visit)
    if visit.device.sysobjectid.startswith("1.3.6.1.4.1.9."):
        yield from _cisco(visit)
    if visit.device.sysobjectid.startswith("1.3.6.1.4.1.12356."):
        told, failure = yield from visit.values(_FORTINET)
        visit.findings.failed("health", failure)
        visit.findings.add("health", ({"metric": metric, "instance": "", "value": told[metric]} for metric in told))


def _cisco(visit: Visit) -> Script[None]:
    """Read CISCO-PROCESS-MIB over five minutes, and CISCO-MEMORY-POOL-MIB."""
    cpus = yield from visit.rows(_CISCO_CPUS)
    pools = yield from visit.rows(_CISCO_POOLS)
    visit.findings.failed("health", cpus.failure or pools.failure)
    for index, row in cpus.rows.items():
        if "value" in row:
            part = visit.parts.get(row.get("entity", 0)) or ("" if len(cpus.rows) == 1 else numbered(index))
            visit.findings.add("health", [{"metric": "cpu_used_ratio", "instance": part, "value": row["value"]}])
    for index, row in pools.rows.items():
        used, whole_pool = row.get("used", 0), row.get("used", 0) + row.get("free", 0)
        if 0 <= used <= whole_pool and whole_pool:
            name = row.get("name") or numbered(index)
            ratio = round(used / whole_pool, 4)
            visit.findings.add("health", [{"metric": "memory_used_ratio", "instance": name, "value": ratio}])
