"""What the tests of the lab share: a user, and a device's whole tree as facts."""

from __future__ import annotations

from discovery.lab import Device, Lab
from discovery.lab.tree import Tree
from discovery.snmp import Community, Engine, Session, User
from discovery.snmp.ber import oid_text

USER = User("auditor", "sha256", "larch-cedar-4417", "aes128", "birch-maple-9035")
SYSTEM = "1.3.6.1.2.1.1."
CORE, ACCESS, FIREWALL = "127.64.0.1", "127.64.0.2", "127.64.0.3"
"""Addresses of the first devices of any estate."""


def told(device: Device) -> dict[str, bytes]:
    """Return instance → encoded value."""
    return {oid_text(name): value for name, value in device.tree}


def moved(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    """Return the instances that came, went or changed."""
    return {each for each in before.keys() | after.keys() if before.get(each) != after.get(each)}


def session(engine: Engine, lab: Lab, address: str = CORE) -> Session:
    return Session(engine, (address, lab.port), Community("anything"))


def device(tree: Tree, address: str = CORE) -> Device:
    return Device(address, "test", lambda: tree)
