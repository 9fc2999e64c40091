"""VLANs and what they make of ports: Q-BRIDGE-MIB (RFC 4363), and Cisco's own tables where that is silent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from discovery.asking import Index, Script, Value
from discovery.explore.values import bits, positive, word
from discovery.explore.visit import Table, Visit

_STATIC: Final = "1.3.6.1.2.1.17.7.1.4.3.1"
_CURRENT: Final = "1.3.6.1.2.1.17.7.1.4.2.1"
_PVID: Final = "1.3.6.1.2.1.17.7.1.4.5.1.1"
_VTP: Final = "1.3.6.1.4.1.9.9.46.1.3.1.1"
_TRUNKS: Final = "1.3.6.1.4.1.9.9.46.1.6.1.1"
_ACCESS: Final = "1.3.6.1.4.1.9.9.68.1.2.2.1.2"  # vmVlan
_VOICE: Final = "1.3.6.1.4.1.9.9.68.1.5.1.1.1"  # vmVoiceVlanId
_HH3C: Final = Table("1.3.6.1.4.1.25506.8.35.2.1.1.1", {"name": 2})
_HUAWEI: Final = Table("1.3.6.1.4.1.2011.5.25.42.3.1.1.1.1", {"name": 2})
_JUNIPER: Final = "1.3.6.1.4.1.2636."
_LIST: Final = frozenset(b"0123456789,")
LAST: Final = 4094


@dataclass(slots=True)
class Membership:
    """Per interface: the VLANs it carries with and without a tag, and the one untagged frames go to."""

    tagged: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    untagged: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    port_vlan: dict[str, int] = field(default_factory=dict)
    voice: dict[str, int] = field(default_factory=dict)
    trunks: set[str] = field(default_factory=set)

    def rows(self) -> Iterable[dict[str, Any]]:
        """Return what to add to the rows of `interfaces`."""
        for name in sorted(self.tagged.keys() | self.untagged.keys() | self.voice.keys() | self.trunks):
            tagged = self.tagged.get(name, set()) - {0}
            yield {"name": name, "mode": self._mode(name), "vlan": self._own(name), "voice_vlan": self.voice.get(name),
                   "tagged_vlans": ranges(tagged) or None}  # fmt: skip

    def _own(self, name: str) -> int | None:
        """Return the untagged VLAN. A PVID counts where the port is in that VLAN: 1 is only its default."""
        untagged, told = self.untagged.get(name, set()), self.port_vlan.get(name)
        if len(untagged) == 1:
            return next(iter(untagged))
        return told if told in untagged else None

    def _mode(self, name: str) -> str | None:
        if name in self.trunks:
            return "trunk"
        tagged, untagged = self.tagged.get(name), self.untagged.get(name, set())
        if len(untagged) > 1:
            return "hybrid"
        return "trunk" if tagged else "access" if untagged else None


def vlans(visit: Visit) -> Script[None]:
    """Find `vlans`, and add modes and VLANs to `interfaces`."""
    found = Membership()
    names = yield from _bridged(visit, found)
    if not names:
        names = yield from _vtp(visit, found)
    for table in () if names else (_HH3C, _HUAWEI):
        told = yield from visit.rows(table)
        names |= {index[-1]: row.get("name") for index, row in told.rows.items()}
    rows = ({"vlan": vlan, "name": name} for vlan, name in names.items() if 0 < vlan <= LAST)
    visit.findings.add("vlans", rows)
    visit.findings.add("interfaces", found.rows())


def _bridged(visit: Visit, found: Membership) -> Script[dict[int, str | None]]:
    static = yield from visit.rows(Table(_STATIC, {"name": 1, "egress": (2, _octets), "untagged": (4, _octets)}))
    rows: Mapping[Index, dict[str, Any]] = static.rows
    if not any("egress" in row for row in rows.values()):
        current = yield from visit.rows(Table(_CURRENT, {"egress": (4, _octets), "untagged": (5, _octets)}))
        rows = {index: {**row, **static.rows.get(index[-1:], {})} for index, row in current.rows.items()} or rows
        visit.findings.failed("vlans", current.failure)
    visit.findings.failed("vlans", static.failure)
    visit.findings.failed("interfaces", static.failure)
    comma = visit.device.sysobjectid.startswith(_JUNIPER)
    for index, row in rows.items():
        untagged = set(_ports(row.get("untagged", b""), comma))
        for port in _ports(row.get("egress", b""), comma):
            name = visit.ports.of_bridge(port)
            if name:
                (found.untagged if port in untagged else found.tagged)[name].add(index[-1])
    pvids, _ = yield from visit.column(_PVID, positive, wanted=bool(rows))
    found.port_vlan = {name: vlan for at, vlan in pvids.items() if (name := visit.ports.of_bridge(at[-1]))}
    return {index[-1]: row.get("name") for index, row in rows.items()}


def _octets(value: Value) -> bytes | None:
    return value if isinstance(value, bytes) else None


@lru_cache(maxsize=4096)
def _ports(raw: bytes, comma: bool) -> tuple[int, ...]:
    """Return the bridge ports of a PortList, the first bit being port 1; Junos may print them as a list."""
    if comma and raw and _LIST.issuperset(raw):
        return tuple(int(part) for part in raw.split(b",") if part and len(part) < 9)
    return tuple(bit + 1 for bit in bits(raw))


def _vtp(visit: Visit, found: Membership) -> Script[dict[int, str | None]]:
    """Read CISCO-VTP-MIB and CISCO-VLAN-MEMBERSHIP-MIB; VLANs of other media than Ethernet are left out."""
    told = yield from visit.rows(Table(_VTP, {"type": (3, word({1: "ethernet"})), "name": 4}))
    names = {index[-1]: row.get("name") for index, row in told.rows.items() if row.get("type") == "ethernet"}
    visit.findings.failed("vlans", told.failure)
    if not names:
        return names
    access, failure = yield from visit.column(_ACCESS, positive)
    voice, _ = yield from visit.column(_VOICE, positive)
    yield from _trunks(visit, found, set(names))
    visit.findings.failed("interfaces", failure)
    for at, vlan in access.items():
        name = visit.ports.names.get(at[-1])
        if name and name not in found.trunks:
            found.untagged[name] = {vlan}
    found.voice = {visit.ports.names[at[-1]]: vlan for at, vlan in voice.items()
                   if at[-1] in visit.ports.names and vlan <= LAST}  # fmt: skip
    return names


def _trunks(visit: Visit, found: Membership, known: set[int]) -> Script[None]:
    fields = {"native": (5, positive), "status": (14, word({1: "trunking"})), "1": (4, _octets), "2": (17, _octets),
              "3": (18, _octets), "4": (19, _octets)}  # fmt: skip
    told = yield from visit.rows(Table(_TRUNKS, fields))
    for index, row in told.rows.items():
        name = visit.ports.names.get(index[-1])
        if name and row.get("status") == "trunking":
            enabled = {1024 * at + bit for at in range(4) for bit in bits(row.get(str(at + 1), b""))}
            found.trunks.add(name)
            found.tagged[name] = (enabled & known) - {row.get("native", 0)}
            found.untagged[name] = {row["native"]} if "native" in row else set()


def ranges(numbers: Iterable[int]) -> str:
    """Return numbers as ranges: 10,20-29."""
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in parts)
