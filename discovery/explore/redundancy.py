"""What takes over for what: VRRP (RFC 2787, RFC 6527), HSRP, and the pairs of firewalls and load balancers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from discovery.asking import Index, Script
from discovery.explore.values import ip, ip_of, mac, one_of, serial, whole, word
from discovery.explore.visit import Scalars, Table, Visit

_VRRP_STATES: Final = {1: "init", 2: "standby", 3: "active"}
_VRRP2: Final = Table("1.3.6.1.2.1.68.1.3.1", {
    "mac": (2, mac), "state": (3, word(_VRRP_STATES)), "priority": (5, whole), "peer": (7, ip),
})  # fmt: skip
_VRRP2_ADDRESSES: Final = "1.3.6.1.2.1.68.1.4.1.2"  # vrrpAssoIpAddrRowStatus
_VRRP3: Final = Table("1.3.6.1.2.1.207.1.1.1.1", {
    "peer": (3, ip), "mac": (5, mac), "state": (6, word(_VRRP_STATES)), "priority": (7, whole),
})  # fmt: skip
_VRRP3_ADDRESSES: Final = "1.3.6.1.2.1.207.1.1.2.1.2"  # vrrpv3AssociatedIpAddrRowStatus
_HSRP: Final = Table("1.3.6.1.4.1.9.9.106.1.2.1.1", {
    "priority": (3, whole), "address": (11, ip), "peer": (14, ip), "mac": (16, mac),
    "state": (15, word({1: "init", 2: "init", 3: "listen", 4: "speak", 5: "standby", 6: "active"})),
})  # fmt: skip
_CISCO: Final = "1.3.6.1.4.1.9."

_MODES: Final = {1: "standalone", 2: "active_active", 3: "active_passive"}
_FORTINET: Final[Scalars] = {"mode": ("1.3.6.1.4.1.12356.101.13.1.1.0", word(_MODES)),
                    "group": "1.3.6.1.4.1.12356.101.13.1.7.0"}  # fmt: skip
_FORTINET_UNITS: Final = Table(
    "1.3.6.1.4.1.12356.101.13.2.1.1", {"serial": (2, serial), "name": 11, "master": (16, serial)}
)
_PAN_STATES: Final = {
    "active": "active", "passive": "standby", "unknown": "lost", "non-func": "failed", "suspended": "failed",
}  # fmt: skip
_PAN_MODES: Final = {"active-p": "active_passive", "active-a": "active_active", "dis": "standalone"}
_PALO_ALTO: Final[Scalars] = {
    "state": ("1.3.6.1.4.1.25461.2.1.2.1.11.0", one_of(_PAN_STATES, "other")),
    "peer_state": ("1.3.6.1.4.1.25461.2.1.2.1.12.0", one_of(_PAN_STATES, "other")),
    "mode": ("1.3.6.1.4.1.25461.2.1.2.1.13.0", one_of(_PAN_MODES)),
}  # fmt: skip
_ASA: Final = Table("1.3.6.1.4.1.9.9.147.1.2.1.1.1", {
    "unit": 2, "detail": 4, "state": (3, word({3: "lost", 4: "failed", 9: "active", 10: "standby"})),
})  # fmt: skip
_ASA_UNITS: Final = frozenset({6, 7})
"""cfwHardwareType: primaryUnit, secondaryUnit."""
_F5_STATES: Final = {0: "lost", 1: "failed", 2: "failed", 3: "standby", 4: "active"}
_F5: Final[Scalars] = {
    "state": ("1.3.6.1.4.1.3375.2.1.14.3.1.0", word({1: "offline", 2: "offline", 3: "standby", 4: "active"}))
}
_F5_GROUPS: Final = Table(  # sysCmTrafficGroupStatusTable: DeviceName, FailoverStatus
    "1.3.6.1.4.1.3375.2.1.14.5.2.1", {"name": 2, "state": (3, word(_F5_STATES))}
)
_SOPHOS_STATES: Final = {1: "standby", 3: "active", 4: "failed", 5: "standby"}
_SOPHOS: Final[Scalars] = {  # SFOS-FIREWALL-MIB: sfosXGHAStats
    "enabled": ("1.3.6.1.4.1.2604.5.1.4.1.0", whole), "peer_serial": ("1.3.6.1.4.1.2604.5.1.4.3.0", serial),
    "state": ("1.3.6.1.4.1.2604.5.1.4.4.0", word(_SOPHOS_STATES, "other")),
    "peer_state": ("1.3.6.1.4.1.2604.5.1.4.5.0", word({**_SOPHOS_STATES, 0: "lost"})),
    "mode": ("1.3.6.1.4.1.2604.5.1.4.6.0", one_of(_PAN_MODES)),
}  # fmt: skip


def redundancy(visit: Visit) -> Script[None]:
    """Find `redundancy`."""
    yield from _vrrp(visit, _VRRP2, _VRRP2_ADDRESSES, 2)
    yield from _vrrp(visit, _VRRP3, _VRRP3_ADDRESSES, 3)
    if visit.device.sysobjectid.startswith(_CISCO):
        yield from _hsrp(visit)


def _vrrp(visit: Visit, table: Table, addresses: str, size: int) -> Script[None]:
    """Read one version of VRRP; its rows are named by ifIndex and VRID, and in version 3 by the kind of address."""
    told = yield from visit.rows(table)
    visit.findings.failed("redundancy", told.failure)
    linked, _ = yield from visit.column(addresses, whole, wanted=bool(told.rows))
    of: dict[Index, set[str]] = defaultdict(set)
    for index in linked:
        octets = index[size + (size == 3) :]  # in version 3 their number stands before them
        address = ip_of(octets) if octets else None
        if address:
            of[index[:2]].add(address)
    for index, row in told.rows.items():
        if len(index) == size:
            group = {"protocol": "vrrp", "group": str(index[1]), "interface": visit.ports.name(index[0])}
            visit.findings.add("redundancy", [{**row, **group, "addresses": sorted(of[index[:2]]) or None}])


def _hsrp(visit: Visit) -> Script[None]:
    told = yield from visit.rows(_HSRP)
    visit.findings.failed("redundancy", told.failure)
    for index, row in told.rows.items():
        if len(index) == 2:
            address = row.pop("address", None)
            group = {"protocol": "hsrp", "group": str(index[1]), "interface": visit.ports.name(index[0])}
            visit.findings.add("redundancy", [{**row, **group, "addresses": [address] if address else None}])


def high_availability(visit: Visit) -> Script[None]:
    """Add the pair a firewall or load balancer is one of."""
    prefix = f"{visit.device.sysobjectid}."
    if prefix.startswith("1.3.6.1.4.1.12356."):
        yield from _fortinet(visit)
    elif prefix.startswith("1.3.6.1.4.1.25461."):
        yield from _scalars(visit, _PALO_ALTO)
    elif prefix.startswith("1.3.6.1.4.1.3375."):
        yield from _f5(visit)
    elif prefix.startswith("1.3.6.1.4.1.2604."):
        yield from _scalars(visit, _SOPHOS)
    elif prefix.startswith(_CISCO):
        yield from _asa(visit)


def _pair(visit: Visit, told: Mapping[str, Any]) -> None:
    """Add what is told of the one pair of a device; of one that stands alone nothing is heard, and nothing missed."""
    row = {"protocol": "ha", "group": "", "interface": "", **told}
    if row.get("mode") == "standalone":
        row["peer_state"] = None
    visit.findings.add("redundancy", [row])


def _scalars(visit: Visit, oids: Scalars) -> Script[None]:
    told, failure = yield from visit.values(oids)
    visit.findings.failed("redundancy", failure)
    if told.pop("enabled", 1) == 0:
        told["mode"] = "standalone"
    if "state" in told:
        _pair(visit, told)


def _fortinet(visit: Visit) -> Script[None]:
    """Read fgHaStatsTable, which has a row for each unit of the cluster that is heard of; all answer at one address.

    Rows are numbered anew when another unit leads, so members are told apart by their serial numbers.
    """
    told, failure = yield from visit.values(_FORTINET)
    units = yield from visit.rows(_FORTINET_UNITS)
    visit.findings.failed("redundancy", failure or units.failure)
    if "mode" not in told:
        return
    own, known = visit.identified.serial, {row["serial"]: row for row in units.rows.values() if "serial" in row}
    others = [row for number, row in known.items() if number != own]
    masters = {row.get("master") or number for number, row in known.items() if number == own}
    leads = "active" if own in masters else "standby"
    leaders = {row.get("master") for row in known.values()}
    is_alone = own in known and not others and units.failure is None
    _pair(visit, {
        **told, "state": leads if masters and others else None,
        "peer_state": "lost" if is_alone else _other(leads, told["mode"]) if masters and others else None,
        "peer": _one(row.get("name") for row in others), "peer_serial": _one(row["serial"] for row in others),
    })  # fmt: skip
    if told["mode"] != "standalone":
        visit.findings.failed("members", units.failure)
        visit.findings.add("members", (
            {"number": number, "serial": number, "role": "master" if number in leaders else None} for number in known
        ))  # fmt: skip


def _other(state: str, mode: str) -> str:
    """Return how the other stands that is heard of, when this one is `state`."""
    return "standby" if state == "active" and mode == "active_passive" else "active"


def _one(values: Iterable[str | None]) -> str | None:
    told = sorted({value for value in values if value})
    return ", ".join(told)[:255] or None


def _f5(visit: Visit) -> Script[None]:
    """Read F5-BIGIP-SYSTEM-MIB: which devices the traffic groups may be on, by name with its folder before it."""
    told, failure = yield from visit.values(_F5)
    groups = yield from visit.rows(_F5_GROUPS)
    visit.findings.failed("redundancy", failure or groups.failure)
    if "state" not in told:
        return
    own = _label(visit.identified.name)
    others = [row for row in groups.rows.values() if own and row.get("name") and _label(row["name"]) != own]
    # It may stand by for one group and be active for another: the best it does is what it does.
    states = {row.get("state") for row in others}
    _pair(visit, {
        **told, "peer": _one(row["name"].rpartition("/")[2] for row in others),
        "peer_state": next((each for each in ("active", "standby", "failed", "lost") if each in states), None),
        "mode": "active_passive" if others else "standalone" if own and groups.failure is None else None,
    })  # fmt: skip


def _label(name: str | None) -> str:
    """Return the first label of a device's name, which may stand in a folder and have a domain."""
    return (name or "").rpartition("/")[2].partition(".")[0].casefold()


def _asa(visit: Visit) -> Script[None]:
    """Read CISCO-FIREWALL-MIB: of the two units the one says that it is this device."""
    told = yield from visit.rows(_ASA)
    visit.findings.failed("redundancy", told.failure)
    units = [row for index, row in told.rows.items() if index[-1] in _ASA_UNITS]
    own = [row for row in units if "this device" in row.get("unit", "").casefold()]
    peer = [row for row in units if row not in own]
    is_off = any(row.get("detail", "").casefold() == "failover off" for row in units)
    if not is_off and len(own) == 1 and own[0].get("state") in ("active", "standby"):
        state = peer[0].get("state") if peer else None
        _pair(visit, {"mode": "active_passive", "state": own[0]["state"], "peer_state": state})
