"""What takes over for what: VRRP (RFC 2787, RFC 6527), HSRP, and the pairs of firewalls and load balancers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

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
_PALO_ALTO: Final[Scalars] = {
    "state": ("1.3.6.1.4.1.25461.2.1.2.1.11.0", one_of({"active": "active", "passive": "standby"}, "other")),
    "mode": ("1.3.6.1.4.1.25461.2.1.2.1.13.0",
             one_of({"active-p": "active_passive", "active-a": "active_active", "dis": "standalone"})),
}  # fmt: skip
_ASA: Final = Table("1.3.6.1.4.1.9.9.147.1.2.1.1.1", {"unit": 2, "state": (3, word({9: "active", 10: "standby"}))})
_F5: Final[Scalars] = {
    "state": ("1.3.6.1.4.1.3375.2.1.14.3.1.0", word({1: "offline", 2: "offline", 3: "standby", 4: "active"}))
}


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
        yield from _scalars(visit, _F5)
    elif prefix.startswith(_CISCO):
        yield from _asa(visit)


def _scalars(visit: Visit, oids: Scalars) -> Script[None]:
    told, failure = yield from visit.values(oids)
    visit.findings.failed("redundancy", failure)
    if "state" in told:
        visit.findings.add("redundancy", [{**told, "protocol": "ha", "group": "", "interface": ""}])


def _fortinet(visit: Visit) -> Script[None]:
    told, failure = yield from visit.values(_FORTINET)
    units = yield from visit.rows(_FORTINET_UNITS)
    visit.findings.failed("redundancy", failure or units.failure)
    if "mode" not in told:
        return
    own = visit.identified.serial
    others = [row for row in units.rows.values() if row.get("serial") not in (None, own)]
    masters = {row.get("master") or row.get("serial") for row in units.rows.values() if row.get("serial") == own}
    visit.findings.add("redundancy", [{
        **told, "protocol": "ha", "group": told.get("group", ""), "interface": "",
        "state": ("active" if own in masters else "standby") if masters and len(units.rows) > 1 else None,
        "peer": _one(row.get("name") for row in others), "peer_serial": _one(row.get("serial") for row in others),
    }])  # fmt: skip
    if len(units.rows) > 1:
        visit.findings.add("members", (
            {"number": str(index[-1]), "serial": row["serial"]} for index, row in units.rows.items() if "serial" in row
        ))  # fmt: skip


def _one(values: Iterable[str | None]) -> str | None:
    told = sorted({value for value in values if value})
    return ", ".join(told)[:255] or None


def _asa(visit: Visit) -> Script[None]:
    """Read CISCO-FIREWALL-MIB: of the two units the one says that it is this device."""
    told = yield from visit.rows(_ASA)
    visit.findings.failed("redundancy", told.failure)
    own = next((row for row in told.rows.values() if "this device" in row.get("unit", "").casefold()), None)
    if own and own.get("state"):
        visit.findings.add("redundancy", [
            {"protocol": "ha", "group": "", "interface": "", "mode": "active_passive", "state": own["state"]}
        ])  # fmt: skip
