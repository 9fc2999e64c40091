"""The names of a device's interfaces, and how other tables point at them: by ifIndex, bridge port, MAC or text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Ports:
    """`names`: ifIndex → name. `bridge`: bridge port → ifIndex, from dot1dBasePortIfIndex only.

    `texts` and `macs` lead back to ifIndexes; what is not of one interface alone leads nowhere.
    """

    names: dict[int, str] = field(default_factory=dict)
    bridge: dict[int, int] = field(default_factory=dict)
    texts: dict[str, int] = field(default_factory=dict)
    macs: dict[str, int] = field(default_factory=dict)

    def name(self, index: int) -> str:
        """Return the name of an interface, its number where the device does not know it itself."""
        return self.names.get(index) or f"#{index}"

    def of_bridge(self, port: int) -> str | None:
        return self.names.get(self.bridge.get(port, -1))

    def find(self, text: str | None) -> str | None:
        """Return the interface a text names: its ifName, its ifDescr or what was entered for it."""
        at = self.texts.get(text.casefold()) if text else None
        return None if at is None else self.names[at]

    def of_mac(self, mac: str | None) -> str | None:
        at = self.macs.get(mac) if mac else None
        return None if at is None else self.names[at]


def unique(columns: list[Mapping[int, str]]) -> dict[str, int]:
    """Return text → ifIndex over some columns, the first column that tells wins, without what two interfaces share."""
    found: dict[str, int] = {}
    for column in columns:
        folded = {at: value.casefold() for at, value in column.items() if value}
        shared = Counter(folded.values())
        for at, value in folded.items():
            if shared[value] == 1:
                found.setdefault(value, at)
    return found


def named(indexes: list[int], columns: list[Mapping[int, str]]) -> dict[int, str]:
    """Return ifIndex → name: the first column that names an interface and no other, else its number.

    A name that a better column gave to another interface is not given again.
    """
    taken: dict[str, int] = {}
    names: dict[int, str] = {}
    for column in columns:
        shared = Counter(column.get(at) for at in indexes)
        for at in indexes:
            name = column.get(at)
            if at not in names and name and shared[name] == 1 and name not in taken:
                names[at] = name
                taken[name] = at
    return {at: names.get(at) or f"#{at}" for at in indexes}
