"""Change stamps: what a device says of when a table last moved, so that only what moved is walked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from discovery.asking import Value

UP_TIME: Final = "1.3.6.1.2.1.1.3.0"
ENGINE_BOOTS: Final = "1.3.6.1.6.3.10.2.1.2.0"
ENGINE_TIME: Final = "1.3.6.1.6.3.10.2.1.3.0"

STAMPS: Final = {
    "entities": "1.3.6.1.2.1.47.1.4.1.0",  # entLastChangeTime (RFC 6933)
    "interfaces": "1.3.6.1.2.1.31.1.5.0",  # ifTableLastChange (RFC 2863)
    "lldp": "1.0.8802.1.1.2.1.2.1.0",  # lldpStatsRemTablesLastChangeTime (IEEE 802.1AB)
    "packages": "1.3.6.1.2.1.25.6.1.0",  # hrSWInstalledLastChange (RFC 2790)
}
"""Table → TimeTicks of sysUpTime when it last moved; they begin anew with every start."""

CONFIGURATION: Final = {
    "1.3.6.1.4.1.9.": "1.3.6.1.4.1.9.9.43.1.1.1.0",  # ccmHistoryRunningLastChanged
    "1.3.6.1.4.1.2011.": "1.3.6.1.4.1.2011.6.10.1.1.1.1.0",  # hwCfgRunModifiedLast
    "1.3.6.1.4.1.25506.": "1.3.6.1.4.1.25506.2.4.1.1.1.0",  # hh3cCfgRunModifiedLast
    "1.3.6.1.4.1.2636.": "1.3.6.1.4.1.2636.3.18.1.2.0",  # jnxCmCfgChgLatestTime
}
"""sysObjectID prefix → TimeTicks of sysUpTime when the running configuration last moved."""

OVER: Final[Mapping[str, tuple[str, ...]]] = {
    "1.3.6.1.2.1.47.1.1.1.1.": ("entities",),  # entPhysicalTable
    "1.3.6.1.2.1.47.1.3.2.1.": ("entities", "interfaces"),  # entAliasMappingTable
    **dict.fromkeys((f"1.3.6.1.2.1.2.2.1.{at}." for at in (2, 3, 6)), ("interfaces",)),  # ifDescr, ifType, ifPhys…
    **dict.fromkeys((f"1.3.6.1.2.1.2.2.1.{at}." for at in (4, 7)), ("interfaces", "configuration")),  # ifMtu, ifAdminS…
    **dict.fromkeys((f"1.3.6.1.2.1.31.1.1.1.{at}." for at in (1, 17)), ("interfaces",)),  # ifName, ifConnectorPresent
    "1.3.6.1.2.1.31.1.1.1.18.": ("interfaces", "configuration"),  # ifAlias
    "1.0.8802.1.1.2.1.4.": ("lldp",),  # lldpRemTable, lldpRemManAddrTable
    "1.0.8802.1.1.2.1.5.4795.1.3.3.1.": ("lldp",),  # lldpXMedRemInventoryTable
    "1.0.8802.1.1.2.1.3.7.1.": ("lldp", "interfaces"),  # lldpLocPortTable
    "1.3.6.1.2.1.25.6.3.1.": ("packages",),  # hrSWInstalledTable
    "1.3.6.1.2.1.17.1.4.1.2.": ("configuration", "interfaces"),  # dot1dBasePortIfIndex
    "1.3.6.1.2.1.17.7.1.4.3.1.": ("configuration",),  # dot1qVlanStaticTable
    "1.3.6.1.2.1.17.7.1.4.5.1.1.": ("configuration",),  # dot1qPvid
    "1.3.6.1.4.1.9.9.46.1.3.1.1.": ("configuration",),  # vtpVlanTable
    "1.3.6.1.4.1.25506.8.35.2.1.1.1.": ("configuration",),  # hh3cdot1qVlanName
    "1.3.6.1.4.1.2011.5.25.42.3.1.1.1.1.": ("configuration",),  # hwL2VlanMIBTable
    "1.3.6.1.2.1.10.166.11.1.2.1.1.2.": ("configuration", "interfaces"),  # mplsL3VpnIfVpnClassification
}
"""Columns by the beginning of their OIDs → the stamps that move whenever they do. Of ifTable and ifXTable what comes
and goes with a row, and what people configure; whether a port is up moves without any stamp.
"""

FLEETING: Final = (
    "1.3.6.1.2.1.17.4.3.1.", "1.3.6.1.2.1.17.7.1.2.2.1.",  # forwarding tables
    "1.3.6.1.2.1.4.22.1.", "1.3.6.1.2.1.4.35.1.",  # ARP and ND
    "1.3.6.1.4.1.9.9.23.1.2.1.1.",  # CDP; who speaks LLDP has a stamp for it
    "1.3.6.1.4.1.1991.1.1.3.20.1.2.1.1.", "1.3.6.1.4.1.1916.1.13.2.1.",  # FDP, EDP
    "1.3.6.1.4.1.2011.6.7.5.6.1.", "1.3.6.1.4.1.25506.8.7.5.6.1.",  # NDP
    "1.2.840.10006.300.43.1.", "1.3.6.1.4.1.9.9.98.1.1.1.1.",  # LACP, PAgP
    "1.3.6.1.2.1.6.20.1.", "1.3.6.1.2.1.6.13.1.", "1.3.6.1.2.1.25.4.2.1.",  # who listens, what runs
    "1.3.6.1.4.1.14179.2.2.1.1.", "1.3.6.1.4.1.14823.2.", "1.3.6.1.4.1.25053.1.2.2.1.1.2.1.1.",  # access points
    "1.3.6.1.4.1.2011.6.139.13.3.3.1.", "1.3.6.1.3.94.5.2.1.1.", "1.3.6.1.4.1.1588.2.1.1.1.7.2.1.",  # FC name servers
    "1.3.6.1.4.1.6876.2.1.1.",  # virtual machines
)  # fmt: skip
"""Tables that fill and empty though nobody configures anything: one that is empty now is asked again the next time."""

RESTART_SLACK_S: Final = 120.0
DRIFT: Final = 0.001


@dataclass(slots=True)
class Stamps:
    """Stamps as told now and as kept from the last time; all are plain numbers, so that they can be kept anywhere."""

    before: Mapping[str, float]
    now: dict[str, float] = field(default_factory=dict)
    same_start: bool = False
    distrusted: set[str] = field(default_factory=set)

    def take(self, told: Mapping[str, Value | None], prefix: str, at: float | None) -> None:
        """Take the answers to `asked`; `at` in seconds since 1970."""
        named = {**STAMPS, "configuration": configuration_stamp(prefix), "boots": ENGINE_BOOTS, "uptime": UP_TIME}
        for name, oid in named.items():
            value = told.get(oid) if oid else None
            if isinstance(value, int):
                self.now[name] = value
        if at is not None:
            self.now["at"] = at
        self.same_start = self._same_start()

    def unmoved(self, table: str) -> bool:
        """Return whether a table stands as it stood last time."""
        stands = table in self.now and self.before.get(table) == self.now[table]
        return self.same_start and stands and table not in self.distrusted

    def distrust(self, columns: Iterable[str]) -> None:
        """Take the stamps over these columns for moved: they said something else than the rows did."""
        self.distrusted.update(stamp for column in columns for stamp in _over(column))

    def still(self, column: str) -> bool:
        """Return whether a column stands as it stood, by every stamp over it."""
        over = _over(column)
        return bool(over) and all(map(self.unmoved, over))

    def is_told(self, column: str) -> bool:
        """Return whether the device tells when this column moves."""
        over = _over(column)
        return bool(over) and self.now.keys() >= set(over)

    @property
    def nothing_moved(self) -> bool:
        """True when the agent has run through, and neither parts nor configuration moved as far as it tells."""
        return self.same_start and all(self.unmoved(name) for name in _STRUCTURE if name in self.now)

    def started(self, reckoned: float) -> float:
        """Return when the agent started, seconds since 1970: as it was reckoned first, for each time is a bit off."""
        kept = self.before.get("started") if self.same_start else None
        self.now["started"] = reckoned if kept is None else kept
        return self.now["started"]

    def _same_start(self) -> bool:
        """Return whether the agent has run through since; where that cannot be told, it has not."""
        if self.before.get("boots") != self.now.get("boots"):
            return False
        if not {"uptime", "at"} <= self.before.keys() & self.now.keys():
            return False
        elapsed = self.now["at"] - self.before["at"]
        expected = self.before["uptime"] / 100 + elapsed
        return abs(self.now["uptime"] / 100 - expected) <= RESTART_SLACK_S + DRIFT * elapsed


_STRUCTURE: Final = ("entities", "interfaces", "configuration")


@cache
def is_fleeting(column: str) -> bool:
    """Return whether rows come and go there by themselves."""
    return f"{column}.".startswith(FLEETING)


@cache
def _over(column: str) -> tuple[str, ...]:
    return next((stamps for prefix, stamps in OVER.items() if f"{column}.".startswith(prefix)), ())


def configuration_stamp(object_id: str) -> str:
    """Return the OID under which a maker keeps when its configuration moved, empty when it has none."""
    return next((oid for prefix, oid in CONFIGURATION.items() if f"{object_id}.".startswith(prefix)), "")


def asked(object_id: str) -> list[str]:
    """Return the instances to ask for."""
    vendor = configuration_stamp(object_id)
    return [UP_TIME, ENGINE_BOOTS, ENGINE_TIME, *STAMPS.values(), *([vendor] if vendor else [])]
