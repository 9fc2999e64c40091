"""Which devices there are, and which cable runs where: two sites, each with core, distribution, access and edge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, cycle, islice
from random import Random
from typing import Final

from discovery.lab.estate.products import ACCESS, CORES, DISTRIBUTIONS, ENDS, FIREWALLS, Product

SITES: Final = ("bj", "cd")
FIRST: Final = ("core", "acc", "fw", "core", "fw", "dist", "dist", "acc", "bmc", "prn", "ups", "stor", "env", "pdu",
                "san", "stor")  # fmt: skip
"""The first devices of a site, in this order."""

THEN: Final = ("acc", "bmc", "acc", "prn", "acc", "bmc", "acc", "pdu", "acc", "bmc", "ups", "acc", "bmc", "prn", "env",
               "acc", "bmc", "pdu", "acc", "dist")  # fmt: skip
"""What comes again and again after them."""

NETWORK: Final = frozenset({"core", "dist", "acc", "fw"})
_RANK: Final = ("acc", "dist", "core")
_MODELS_OF_SITE: Final = {"core": CORES, "dist": DISTRIBUTIONS, "fw": FIREWALLS}
_LETTERS: Final = "ABCDEFGHJKLMNPRSTUVWXYZ"
OFFICE, SERVERS, MANAGEMENT, POWER = 10, 20, 30, 40
VLANS: Final = {OFFICE: "office", SERVERS: "servers", MANAGEMENT: "management", POWER: "power"}
_VLAN_OF: Final = {"stor": SERVERS, "san": MANAGEMENT, "bmc": MANAGEMENT, "ups": POWER, "pdu": POWER, "env": POWER,
                   "prn": OFFICE}  # fmt: skip
SECOND_SITE_FROM: Final = 32
MOST: Final = 5000
"""Devices; the ports of a core are the limit."""


@dataclass(frozen=True, slots=True)
class Node:
    """A device. `number` is unique in the estate, `host` in its VLAN at its site."""

    name: str
    site: int
    role: str
    product: Product
    number: int
    serial: str
    description: str
    vlan: int
    address: str

    @property
    def mac(self) -> bytes:
        """The first of its 256 MACs."""
        return bytes.fromhex(self.product.oui.replace(":", "")) + (self.number << 8).to_bytes(3, "big")


@dataclass(frozen=True, slots=True)
class Station:
    """A PC: it has a MAC and an address, and tells nothing."""

    mac: bytes
    address: str
    vlan: int = OFFICE


@dataclass(frozen=True, slots=True)
class Cable:
    """Ports by the number of the port in its device (0-based). `lag`: number of the aggregate at each end, 0 for none.

    `blocked` by the spanning tree: up, but nothing is learned there.
    """

    a: Node
    a_port: int
    b: Node
    b_port: int
    lag: tuple[int, int] = (0, 0)
    blocked: bool = False


@dataclass(slots=True)
class Plan:
    """`cables`: between what forwards. `edge`: device → port → what is plugged in there."""

    nodes: list[Node] = field(default_factory=list)
    cables: list[Cable] = field(default_factory=list)
    edge: dict[str, dict[int, Node | Station]] = field(default_factory=dict)
    _free: dict[str, Iterator[int]] = field(default_factory=dict)

    def of(self, site: int, role: str) -> list[Node]:
        return [node for node in self.nodes if node.site == site and node.role == role]

    def take(self, node: Node) -> int:
        """Return the next port for a cable between switches: the last ports of a switch, the first of a core."""
        count = size(node)
        ports = range(count) if node.role in ("core", "fw") else range(count - 1, -1, -1)
        return next(self._free.setdefault(node.name, iter(ports)))


def size(node: Node) -> int:
    """Return how many ports a device has."""
    return sum(len(each.numbers) for each in node.product.ports)


def roles(devices: int) -> list[tuple[int, str]]:
    """Return site and role of so many devices."""
    second = devices // 3 if devices >= SECOND_SITE_FROM else 0
    found = []
    for site, some in enumerate((devices - second, second)):
        found += [(site, role) for role in islice((*FIRST, *islice(cycle(THEN), max(0, some - len(FIRST)))), some)]
    return found


def planned(devices: int, seed: int = 0) -> Plan:
    """Return an estate of so many devices, the same for the same seed. ValueError when there are too many."""
    if not 0 < devices <= MOST:
        raise ValueError(f"an estate has 1 to {MOST} devices")
    chance, plan = Random(seed), Plan()  # noqa: S311  no secret
    seen: Counter[tuple[int, str]] = Counter()
    for number, (site, role) in enumerate(roles(devices), start=1):
        seen[site, role] += 1
        plan.nodes.append(_node(number, site, role, seen[site, role], chance))
    for site in range(len(SITES)):
        _wire(plan, site)
        _plug(plan, site, chance)
    if plan.of(1, "core"):
        _join(plan, plan.of(0, "core")[0], plan.of(1, "core")[0])
    return plan


def _node(number: int, site: int, role: str, nth: int, chance: Random) -> Node:
    if role in _MODELS_OF_SITE:
        product = _MODELS_OF_SITE[role][site]
    else:
        products = ACCESS[site] if role == "acc" else ENDS[role]
        product = products[(nth - 1) % len(products)]
    vlan = _VLAN_OF.get(role, MANAGEMENT)
    return Node(
        f"{SITES[site]}-{role}-{nth:02}", site, role, product, number, _filled(product.serial, chance),
        _filled(product.description, chance), vlan, host(site, vlan, number),
    )  # fmt: skip


def host(site: int, vlan: int, number: int) -> str:
    """Return the address of a host in the network of a VLAN, a /16; the gateway is its first."""
    return f"10.{16 * (site + 1) + vlan // 10}.{1 + number // 250}.{1 + number % 250}"


def _filled(form: str, chance: Random) -> str:
    return "".join(
        str(chance.randint(1, 9)) if each == "#" else chance.choice(_LETTERS) if each == "?" else each for each in form
    )


def _join(plan: Plan, a: Node, b: Node, cables: int = 1, blocked: bool = False) -> None:
    """Run cables, more than one as an aggregate."""
    number = (_next_lag(plan, a), _next_lag(plan, b)) if cables > 1 else (0, 0)
    for _ in range(cables):
        plan.cables.append(Cable(a, plan.take(a), b, plan.take(b), number, blocked))


def _next_lag(plan: Plan, node: Node) -> int:
    used = [each.lag[0] for each in plan.cables if each.a is node] + [
        each.lag[1] for each in plan.cables if each.b is node
    ]
    return max(used, default=0) + 1


def _wire(plan: Plan, site: int) -> None:
    """Run the cables between switches: each distribution to every core, each access to one distribution by two."""
    cores, lower = plan.of(site, "core"), plan.of(site, "dist")
    if len(cores) > 1:
        _join(plan, cores[0], cores[1], cables=2)
    firewalls = plan.of(site, "fw")
    for at, firewall in enumerate(firewalls):
        _join(plan, cores[at % len(cores)], firewall)
    if len(firewalls) > 1:
        _join(plan, firewalls[0], firewalls[1])
    for node in lower:
        for core in cores:
            _join(plan, core, node, blocked=core is not cores[0])
    for at, node in enumerate(plan.of(site, "acc")):
        above = lower or cores[:1]
        _join(plan, above[at % len(above)], node, cables=2)


def _plug(plan: Plan, site: int, chance: Random) -> None:
    """Plug in what has no switch of its own, the devices first, in turn over the switches; then PCs."""
    switches = next((some for role in _RANK if (some := plan.of(site, role))), [])
    for at, node in enumerate(node for node in plan.nodes if node.site == site and node.role not in NETWORK):
        _plug_in(plan, switches[at % len(switches)], node)
    numbers = count(1)
    for switch in plan.of(site, "acc"):
        for number in islice(numbers, chance.randint(5, 15)):
            mac = bytes.fromhex("1866da") + (site << 20 | number).to_bytes(3, "big")
            _plug_in(plan, switch, Station(mac, host(site, OFFICE, 20_000 + number)))


def _plug_in(plan: Plan, switch: Node, what: Node | Station) -> None:
    ports = plan.edge.setdefault(switch.name, {})
    ports[len(ports)] = what
