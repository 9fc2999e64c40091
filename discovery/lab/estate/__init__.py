"""A believable estate of as many devices as wanted, made of facts and the same for the same seed.

`estate(200)` has two sites with core, distribution and access switches of four makers, firewall pairs, arrays, FC
switches, servers' controllers, UPS, PDU, printers and sensors. What it is (`truth`) and how it is wired (`wiring`) is
known, so a sweep of it can be checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from discovery.lab.device import Configuration, Device
from discovery.lab.estate import ends, switching
from discovery.lab.estate.configuration import configuration
from discovery.lab.estate.plan import MOST, NETWORK, Node, Plan, planned
from discovery.lab.estate.stories import stories
from discovery.lab.estate.wiring import Wiring, port_of
from discovery.lab.tree import Tree

End = tuple[str, str]
"""A device by its name, and an interface of it by ifName."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What a device is, in the words of a target object; None where no device of its kind tells it."""

    class_: str
    type: str
    vendor: str
    model: str
    serial: str | None
    os: str | None
    version: str | None
    name: str


class Estate:
    """Devices by name."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self._wiring = plan, Wiring(plan)
        self.nodes = {node.name: node for node in plan.nodes}

    @property
    def truth(self) -> dict[str, Truth]:
        return {node.name: _truth(node) for node in self.plan.nodes}

    @property
    def wiring(self) -> set[tuple[End, End]]:
        """Every cable between two devices that hear each other, the lesser end first."""
        found = set()
        for each in self.plan.cables:
            a, b = sorted(
                ((each.a.name, port_of(each.a, each.a_port)[0]), (each.b.name, port_of(each.b, each.b_port)[0]))
            )
            found.add((a, b))
        return found

    def tree(self, name: str) -> Tree:
        """Return all that a device tells."""
        node = self.nodes[name]
        if node.role in NETWORK:
            return Tree.of(switching.facts(node, self._wiring))
        return Tree.of(ends.facts(node, self.plan.of(node.site, "stor") if node.role == "san" else ()))

    def device(self, name: str, address: str) -> Device:
        """Return a device that answers at an address of the lab."""
        made = Device(address, f"estate/{name}", partial(self.tree, name), lambda: self._configuration(name))
        made.stories = stories(self.nodes[name], self.plan)
        return made

    def _configuration(self, name: str) -> Configuration:
        node = self.nodes[name]
        if node.role not in NETWORK:
            return {}
        told = {"style": node.product.style, "name": name, "version": node.description}
        text = configuration(node, self._wiring)
        return {**told, "text": text, "saved": text}


def _truth(node: Node) -> Truth:
    it = node.product
    return Truth(it.class_, it.type, it.vendor, it.model, node.serial or None, it.os, it.version, node.name)


def estate(devices: int, seed: int = 0) -> Estate:
    """Return an estate. ValueError when it would be too large."""
    return Estate(planned(devices, seed))


__all__ = ["MOST", "Estate", "Truth", "estate"]
