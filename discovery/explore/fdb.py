"""The forwarding table: which MAC was learned on which port, per VLAN (Q-BRIDGE-MIB RFC 4363, BRIDGE-MIB RFC 4188)."""

from __future__ import annotations

from typing import Any, Final

from discovery.asking import Index, Script
from discovery.explore.values import positive, whole, word
from discovery.explore.visit import SILENT, Table, Visit

_KINDS: Final = {1: "other", 2: "invalid", 3: "learned", 4: "self", 5: "static"}
_COLUMNS: Final = {"port": (2, whole), "kind": (3, word(_KINDS, "other"))}
_Q: Final = Table("1.3.6.1.2.1.17.7.1.2.2.1", _COLUMNS, rows=50_000)
_D: Final = Table("1.3.6.1.2.1.17.4.3.1", _COLUMNS, rows=50_000)
_FDB_ID: Final = "1.3.6.1.2.1.17.7.1.4.2.1.3"  # dot1qVlanFdbId
_BASE: Final = Table("1.3.6.1.2.1.17.1.4.1", {"interface": (2, positive)})
_CISCO: Final = "1.3.6.1.4.1.9."
_RESERVED: Final = range(1002, 1006)  # token ring and FDDI, there on every Cisco switch
CONTEXTS: Final = 256
"""VLANs whose own tables are asked for at most."""


def fdb(visit: Visit) -> Script[None]:
    """Find `fdb`."""
    told = yield from visit.rows(_Q)
    visit.findings.failed("fdb", told.failure)
    vlans = yield from _vlans(visit, bool(told.rows))
    for index, row in told.rows.items():
        if len(index) == 7:
            _add(visit, vlans.get(index[0], index[0]), index[1:], row, visit.ports.bridge)
    if not told.rows:
        plain = yield from visit.rows(_D)
        visit.findings.failed("fdb", plain.failure)
        for index, row in plain.rows.items():
            _add(visit, 0, index, row, visit.ports.bridge)
        if visit.device.sysobjectid.startswith(_CISCO):
            yield from _contexts(visit)
    if visit.ports.bridge:
        visit.findings.is_none("fdb")


def _vlans(visit: Visit, wanted: bool) -> Script[dict[int, int]]:
    """Return filtering database → VLAN; one that several VLANs share has no VLAN of its own."""
    told, _ = yield from visit.column(_FDB_ID, whole, wanted)
    found: dict[int, int] = {}
    for index, at in told.items():
        found[at] = 0 if at in found and found[at] != index[-1] else index[-1]
    return found


def _add(visit: Visit, vlan: int, address: Index, row: dict[str, Any], bridge: dict[int, int]) -> None:
    """Add one entry. Port 0 and `invalid` say that the entry is not in use, a group address is nobody's."""
    port = row.get("port", 0)
    if len(address) != 6 or max(address) > 255 or address[0] & 1 or row.get("kind") == "invalid":
        return
    name = visit.ports.names.get(bridge.get(port, -1))
    if name or row.get("kind") == "self":
        mac = bytes(address).hex(":")
        vlan = vlan if 0 < vlan <= 4094 else 0
        visit.findings.add("fdb", [{"vlan": vlan, "mac": mac, "interface": name, "kind": row.get("kind")}])


def _contexts(visit: Visit) -> Script[None]:
    """Ask for the table of each VLAN, which IOS keeps apart; stop at the first that does not answer."""
    known = visit.findings.rows.get("vlans", {}).values()
    vlans = sorted(row["vlan"] for row in known if row["vlan"] not in _RESERVED)
    if len(vlans) > CONTEXTS:
        visit.findings.failed("fdb", "budget")
    for vlan in vlans[:CONTEXTS]:
        context = f"vlan-{vlan}"
        told = yield from visit.rows(_D, context)
        visit.findings.failed("fdb", told.failure)
        if told.failure in SILENT:
            return
        if not told.rows:
            continue
        ports = yield from visit.rows(_BASE, context)
        bridge = {index[0]: row["interface"] for index, row in ports.rows.items()}
        for index, row in told.rows.items():
            _add(visit, vlan, index, row, bridge)
