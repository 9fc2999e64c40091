"""What can happen to a simulated device: values it tells from then on, and words it puts otherwise everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from discovery.lab.encoding import text
from discovery.lab.tree import Tree
from discovery.snmp.ber import OCTETS, encode_oid, inside


@dataclass(frozen=True, slots=True)
class Story:
    """`told`: instance → encoded value. `retold`: text → text, over SNMP and in the configuration alike.

    `restarts`: the device starts anew with it.
    """

    told: Mapping[str, bytes] = field(default_factory=dict)
    retold: Mapping[str, str] = field(default_factory=dict)
    restarts: bool = False

    def tree(self, before: Tree) -> Tree:
        """Return what a device tells once it has happened."""
        after = {name: self._value(value) for name, value in before}
        return Tree((after | {encode_oid(instance): value for instance, value in self.told.items()}).items())

    def retell(self, before: str) -> str:
        """Return a text as it reads once it has happened."""
        for old, new in self.retold.items():
            before = before.replace(old, new)
        return before

    def _value(self, value: bytes) -> bytes:
        if not self.retold or value[0] != OCTETS:
            return value
        start, stop = inside(value, 0, len(value), OCTETS)
        try:
            said = value[start:stop].decode()
        except UnicodeDecodeError:  # octets, no text
            return value
        return text(self.retell(said))
