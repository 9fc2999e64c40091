"""What a switch tells beside the common parts: LLDP, bridge and VLANs, aggregates, forwarding and ARP tables."""

from __future__ import annotations

import re
from typing import Final

from discovery.lab.encoding import GAUGE, TICKS, Facts, identifier, index_of, joined, number, rows, text
from discovery.lab.estate.parts import addresses, chassis, interfaces, neighbours, system
from discovery.lab.estate.plan import OFFICE, VLANS, Node
from discovery.lab.estate.wiring import Heard, Wiring, aggregate_index, port_of
from discovery.lab.moved import NEIGHBOURS, configured

_BRIDGE: Final = "1.3.6.1.2.1.17."
_Q: Final = "1.3.6.1.2.1.17.7.1."
_LAG: Final = "1.2.840.10006.300.43.1."
_LLDP: Final = "1.0.8802.1.1.2.1."
_MAC, _NAME = 4, 5
"""LldpChassisIdSubtype macAddress, LldpPortIdSubtype interfaceName."""

_SUPPLIES: Final = re.compile(r"PWR|FPS")
"""Models with power on their ports."""

_CAPABILITIES: Final = {"fw": b"\x08", "core": b"\x28", "dist": b"\x28", "acc": b"\x20"}
"""LldpSystemCapabilitiesMap: bit 2 bridge, bit 4 router."""


def facts(node: Node, wiring: Wiring) -> Facts:
    """Return all that a switch or a firewall tells."""
    parts = [
        system(node), chassis(node), interfaces(wiring.interfaces(node)), addresses(wiring.addresses(node)),
        neighbours(wiring.arp(node)), lldp(node, wiring),
    ]  # fmt: skip
    if node.role != "fw":
        bridge = Bridge(node, wiring)
        parts += [bridge.ports(), bridge.vlans(), bridge.forwarding(), aggregates(node, wiring)]
        parts.append(power_over_ethernet(node, wiring))
    if node.product.style == "ruijie":
        parts.append(_ruijie(node))
    parts.append({stamp: number(at, TICKS) for stamp, at in configured(node.product.object_id).items()})
    return joined(parts)


def _ruijie(node: Node) -> Facts:
    """RUIJIE-SYSTEM-MIB ruijieDeviceInfo: software version and serial number of unit 1."""
    entry = "1.3.6.1.4.1.4881.1.1.10.2.21.1.2.1"
    version = node.product.version or ""
    return {f"{entry}.2.1": text(node.product.model), f"{entry}.8.1": text(version), f"{entry}.10.1": text(node.serial)}


# --- LLDP (IEEE 802.1AB-2005, LLDP-MIB)


def lldp(node: Node, wiring: Wiring) -> Facts:
    """Return who is heard; lldpLocPortNum is the place of the port, and no ifIndex."""
    local = {str(1 + at): port_of(node, at) for at in {link.port for link in wiring.links(node)}}
    return {
        f"{_LLDP}3.1.0": number(_MAC), f"{_LLDP}3.2.0": text(node.mac), f"{_LLDP}3.3.0": text(node.name),
        f"{_LLDP}3.4.0": text(node.description), NEIGHBOURS: number(4200, TICKS),
        **rows(f"{_LLDP}3.7.1", {
            2: {at: number(_NAME) for at in local}, 3: {at: text(each[0]) for at, each in local.items()},
            4: {at: text(each[1]) for at, each in local.items()},
        }),
        **_remote(node, wiring),
    }  # fmt: skip


def _remote(node: Node, wiring: Wiring) -> Facts:
    heard = {f"0.{1 + link.port}.1": link for link in wiring.links(node)}
    managed = {f"{at}.1.4.{link.far.address}": link for at, link in heard.items()}
    return {
        **rows(f"{_LLDP}4.1.1", {
            4: {at: number(_MAC) for at in heard}, 5: {at: text(link.far.mac) for at, link in heard.items()},
            6: {at: number(_NAME) for at in heard},
            7: {at: text(port_of(link.far, link.far_port)[0]) for at, link in heard.items()},
            8: {at: text(port_of(link.far, link.far_port)[1]) for at, link in heard.items()},
            9: {at: text(link.far.name) for at, link in heard.items()},
            10: {at: text(link.far.description) for at, link in heard.items()},
            11: {at: text(_CAPABILITIES[link.far.role]) for at, link in heard.items()},
            12: {at: text(_CAPABILITIES[link.far.role]) for at, link in heard.items()},
        }),
        **rows(f"{_LLDP}4.2.1", {
            3: {at: number(2) for at in managed}, 4: {at: number(1) for at in managed},
            5: {at: identifier("1.3.6.1.2.1.2.2.1.1") for at in managed},
        }),
    }  # fmt: skip


# --- bridging (RFC 4188, RFC 4363)


class Bridge:
    """Bridge ports: physical ports by their place, aggregates behind them; a member is no bridge port."""

    def __init__(self, node: Node, wiring: Wiring) -> None:
        self._node, self._wiring = node, wiring
        links = {link.port: link for link in wiring.links(node)}
        self._trunks = {self._number(port, link.lag) for port, link in links.items()}
        self._edge = {1 + port: what.vlan for port, what in wiring.plan.edge.get(node.name, {}).items()}
        self._if_index = {1 + at: index for at, index in self._physical() if not (at in links and links[at].lag)}
        self._if_index |= {
            self._number(0, link.lag): aggregate_index(node, link.lag) for link in links.values() if link.lag
        }

    def _physical(self) -> list[tuple[int, int]]:
        count = sum(len(each.numbers) for each in self._node.product.ports)
        return [(at, port_of(self._node, at)[3]) for at in range(count)]

    def _number(self, port: int, lag: int) -> int:
        return 200 + lag if lag else 1 + port

    def ports(self) -> Facts:
        return {
            f"{_BRIDGE}1.1.0": text(self._node.mac), f"{_BRIDGE}1.2.0": number(len(self._if_index)),
            f"{_BRIDGE}1.3.0": number(2),
            **rows(f"{_BRIDGE}1.4.1", {
                1: {str(at): number(at) for at in self._if_index},
                2: {str(at): number(index) for at, index in self._if_index.items()},
            }),
        }  # fmt: skip

    def _vlan_of(self, port: int) -> int:
        """Return the VLAN of untagged frames; what nothing is plugged into is in the office's."""
        return self._edge.get(port, OFFICE)

    def vlans(self) -> Facts:
        access = [port for port in self._if_index if port not in self._trunks]
        untagged = {vlan: [port for port in access if self._vlan_of(port) == vlan] for vlan in VLANS}
        return {
            **rows(f"{_Q}4.3.1", {
                1: {str(vlan): text(name) for vlan, name in VLANS.items()},
                2: {str(vlan): text(_port_list([*untagged[vlan], *self._trunks])) for vlan in VLANS},
                3: {str(vlan): text(_port_list([])) for vlan in VLANS},
                4: {str(vlan): text(_port_list(untagged[vlan])) for vlan in VLANS},
                5: {str(vlan): number(1) for vlan in VLANS},
            }),
            **rows(f"{_Q}4.5.1", {1: {str(port): number(self._vlan_of(port)) for port in access}}),
        }  # fmt: skip

    def forwarding(self) -> Facts:
        heard = {f"{each.vlan}.{index_of(each.mac)}": each for each in self._wiring.heard(self._node)}
        return rows(f"{_Q}2.2.1", {
            2: {at: number(self._place(each)) for at, each in heard.items()}, 3: {at: number(3) for at in heard},
        })  # fmt: skip

    def _place(self, heard: Heard) -> int:
        return self._number(heard.port, heard.lag)


def _port_list(ports: list[int]) -> bytes:
    """Return a PortList (RFC 4363): the first bit of the first octet is port 1."""
    octets = bytearray(32)
    for port in ports:
        octets[(port - 1) // 8] |= 0x80 >> (port - 1) % 8
    return bytes(octets)


# --- Power over Ethernet (RFC 3621)


def power_over_ethernet(node: Node, wiring: Wiring) -> Facts:
    """Return pethPsePortTable of the switches that supply power: what hangs there and needs it gets it."""
    if not _SUPPLIES.search(node.product.model):
        return {}
    edge = wiring.plan.edge.get(node.name, {})
    fed = {port for port, what in edge.items() if isinstance(what, Node) and what.role == "env"}
    ports = {f"1.{1 + port}": port for port in range(len(node.product.ports[0].numbers) // 8 * 8)}
    return {
        **rows("1.3.6.1.2.1.105.1.1.1", {
            3: {at: number(1) for at in ports}, 6: {at: number(3 if port in fed else 2) for at, port in ports.items()},
            7: {at: number(3) for at in ports}, 10: {at: number(4 if port in fed else 1) for at, port in ports.items()},
        }),
        **rows("1.3.6.1.2.1.105.1.3.1.1", {
            2: {"1": number(740, GAUGE)}, 3: {"1": number(1)}, 4: {"1": number(12 * len(fed), GAUGE)},
        }),
    }  # fmt: skip


# --- aggregates, by IEEE8023-LAG-MIB


def aggregates(node: Node, wiring: Wiring) -> Facts:
    """Return dot3adAggTable, and dot3adAggPortTable for the members."""
    members = {str(port_of(node, link.port)[3]): link for link in wiring.links(node) if link.lag}
    groups = {str(aggregate_index(node, link.lag)): link for link in members.values()}
    on = {at: number(aggregate_index(node, link.lag)) for at, link in members.items()}
    return {
        **rows(f"{_LAG}1.1.1", {
            2: {at: text(node.mac) for at in groups}, 4: {at: text(node.mac) for at in groups},
            8: {at: text(link.far.mac) for at, link in groups.items()},
        }),
        **rows(f"{_LAG}2.1.1", {3: {at: text(node.mac) for at in members}, 12: on, 13: on}),
    }  # fmt: skip
