"""The network as each device sees it: its interfaces, who is at the other end, and which MACs are behind each port."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from discovery.lab.estate.parts import AGGREGATE, VLAN_INTERFACE, Interface
from discovery.lab.estate.plan import MANAGEMENT, VLANS, Node, Plan, Station, host, size

_AGGREGATES: Final = {
    "huawei": ("Eth-Trunk{}", "Eth-Trunk{}", 1000), "h3c": ("Bridge-Aggregation{}", "Bridge-Aggregation{}", 1000),
    "cisco": ("Port-channel{}", "Po{}", 5000), "ruijie": ("AggregatePort {}", "AggregatePort {}", 1000),
}  # fmt: skip
"""Style → ifDescr, ifName, ifIndex before the first."""

_VLAN_INTERFACES: Final = {
    "huawei": ("Vlanif{}", "Vlanif{}"), "h3c": ("Vlan-interface{}", "Vlan-interface{}"), "cisco": ("Vlan{}", "Vl{}"),
    "ruijie": ("VLAN {}", "VLAN {}"),
}  # fmt: skip
_FIRST_VLAN_INTERFACE: Final = 2000


@dataclass(frozen=True, slots=True)
class Link:
    """One cable as its device sees it: `lag` of its own end."""

    port: int
    far: Node
    far_port: int
    lag: int
    blocked: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """A MAC in a VLAN, and where: a port, or an aggregate by its number."""

    vlan: int
    mac: bytes
    port: int
    lag: int = 0


class Wiring:
    """What follows from a plan for each device."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._links: dict[str, list[Link]] = defaultdict(list)
        for each in plan.cables:
            self._links[each.a.name].append(Link(each.a_port, each.b, each.b_port, each.lag[0], each.blocked))
            self._links[each.b.name].append(Link(each.b_port, each.a, each.a_port, each.lag[1], each.blocked))

    def links(self, node: Node) -> list[Link]:
        return self._links[node.name]

    @cached_property
    def _roots(self) -> list[Node | None]:
        return [next(iter(self.plan.of(site, "core")), None) for site in (0, 1)]

    def root(self, node: Node) -> Node | None:
        """Return the root of the spanning tree of a site: its first core, where the gateways are."""
        return self._roots[node.site]

    @cached_property
    def _parents(self) -> dict[str, str]:
        """Device → the one above it in the spanning tree of its site."""
        found: dict[str, str] = {}
        reached = [root for root in self._roots if root]
        seen = {each.name for each in reached}
        for node in reached:
            for link in self.links(node):
                far = link.far
                if far.name not in seen and not link.blocked and far.site == node.site and node.role != "fw":
                    seen.add(far.name)
                    found[far.name] = node.name
                    reached.append(far)
        return found

    def below(self, node: Node) -> Iterator[tuple[int, bytes]]:
        """Yield VLAN and MAC of all that is behind a device, the device itself first."""
        yield MANAGEMENT, node.mac
        for each in self.plan.edge.get(node.name, {}).values():
            yield each.vlan, each.mac
        for far in self._children(node):
            yield from self.below(far)

    def _children(self, node: Node) -> list[Node]:
        found = {link.far.name: link.far for link in self.links(node) if self._parents.get(link.far.name) == node.name}
        return list(found.values())

    def heard(self, node: Node) -> Iterator[Heard]:
        """Yield the forwarding table: what is behind each port below, and the gateways where the root is."""
        for port, what in self.plan.edge.get(node.name, {}).items():
            yield Heard(what.vlan, what.mac, port)
        done: set[str] = set()
        for link in self.links(node):
            if link.blocked or link.far.name in done:
                continue
            done.add(link.far.name)
            if self._parents.get(link.far.name) == node.name:
                yield from (Heard(vlan, mac, link.port, link.lag) for vlan, mac in self.below(link.far))
            elif self._parents.get(node.name) == link.far.name and (root := self.root(node)):
                yield from (Heard(vlan, root.mac, link.port, link.lag) for vlan in VLANS)

    def hosts(self, site: int) -> Iterator[Node | Station]:
        """Yield all that has an address at a site."""
        yield from (node for node in self.plan.nodes if node.site == site)
        for name, some in self.plan.edge.items():
            if name.startswith(self._site_name(site)):
                yield from (each for each in some.values() if isinstance(each, Station))

    def _site_name(self, site: int) -> str:
        root = self._roots[site]
        return f"{root.name.partition('-')[0]}-" if root else "?"

    # --- interfaces

    def interfaces(self, node: Node) -> list[Interface]:
        """Return the ports, then aggregates, then VLAN interfaces."""
        links = {link.port: link for link in self.links(node)}
        edge = self.plan.edge.get(node.name, {})
        found = []
        for port in range(size(node)):
            link = links.get(port)
            alias = f"to {link.far.name}" if link else ""
            lag = aggregate_index(node, link.lag) if link and link.lag else 0
            name, descr, speed, index = port_of(node, port)
            mac = node.mac[:5] + bytes((1 + port,))
            found.append(Interface(index, descr, name, mac, speed, bool(link) or port in edge, 6, alias, lag))
        return found + self._aggregates(node, found) + self._vlan_interfaces(node)

    def _aggregates(self, node: Node, ports: list[Interface]) -> list[Interface]:
        descr, name, base = _AGGREGATES[node.product.style]
        found = []
        for number, far in sorted({link.lag: link.far.name for link in self.links(node) if link.lag}.items()):
            speed = sum(each.speed for each in ports if each.aggregate == base + number)
            found.append(Interface(base + number, descr.format(number), name.format(number), node.mac, speed, True,
                                   AGGREGATE, f"to {far}"))  # fmt: skip
        return found

    def _vlan_interfaces(self, node: Node) -> list[Interface]:
        descr, name = _VLAN_INTERFACES[node.product.style]
        return [
            Interface(_FIRST_VLAN_INTERFACE + vlan, descr.format(vlan), name.format(vlan), node.mac, 1000, True,
                      VLAN_INTERFACE, VLANS[vlan])
            for vlan in (VLANS if node is self.root(node) else (MANAGEMENT,))
        ]  # fmt: skip

    def addresses(self, node: Node) -> list[tuple[str, int]]:
        """Return the addresses of a device and the ifIndexes they are on; the root has the gateways."""
        own = [(node.address, _FIRST_VLAN_INTERFACE + MANAGEMENT)]
        if node is not self.root(node):
            return own
        return [*own, *((gateway(node.site, vlan), _FIRST_VLAN_INTERFACE + vlan) for vlan in VLANS)]

    def arp(self, node: Node) -> Iterator[tuple[int, str, bytes]]:
        """Yield ifIndex, address and MAC of who the device has spoken to: the root to all, others to the gateway."""
        root = self.root(node)
        if node is root:
            for each in self.hosts(node.site):
                if each is not node:
                    yield _FIRST_VLAN_INTERFACE + each.vlan, each.address, each.mac
        elif root:
            yield _FIRST_VLAN_INTERFACE + MANAGEMENT, gateway(node.site, MANAGEMENT), root.mac


def gateway(site: int, vlan: int) -> str:
    """Return the address of the gateway of a VLAN."""
    return f"{host(site, vlan, 0).rsplit('.', 2)[0]}.0.1"


def port_of(node: Node, port: int) -> tuple[str, str, int, int]:
    """Return ifName, ifDescr, speed and ifIndex of a port."""
    for row in node.product.ports:
        if port < len(row.numbers):
            number = row.numbers[port]
            return row.name.format(number), row.descr.format(number), row.speed, row.index + port
        port -= len(row.numbers)
    raise IndexError(port)


def aggregate_index(node: Node, number: int) -> int:
    return _AGGREGATES[node.product.style][2] + number
