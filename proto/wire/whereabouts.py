"""Where a MAC is plugged in, and which addresses it answers at: out of forwarding and ARP tables and the links.

A MAC is in the forwarding table of every switch on its way. It is plugged in where the fewest others are heard, on a
port that leads to no other switch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from wire.topology import Bodies, Device, End, Topology

_FORWARDS: Final = frozenset({"bridge", "wlan", "repeater"})
"""Capabilities of a neighbour that has more behind it; a telephone passes one PC on and is none of these."""

_ENDS: Final = frozenset({"telephone", "station"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a MAC is plugged in. `heard`: MACs on that port. `others`: ports that hear as few."""

    end: End
    vlan: int
    heard: int
    others: tuple[End, ...] = ()


def infrastructure(devices: Mapping[str, Bodies]) -> dict[str, str]:
    """Return MAC → device of all that forwards frames: what hears MACs on its ports."""
    found: dict[str, str] = {}
    for name, bodies in devices.items():
        device = Device(name, bodies)
        if device.rows("fdb"):
            macs = [device.about.get("base_mac"), *(row.get("mac") for row in device.rows("interfaces"))]
            found.update({mac: name for mac in macs if mac})
    return found


def uplinks(devices: Mapping[str, Bodies], topology: Topology, infra: Mapping[str, str]) -> dict[str, set[str]]:
    """Return device → its ports (aggregates, where they are in one) that lead to something that forwards.

    A port does when a link of it ends at a device with a forwarding table, when a stranger on it says that it forwards,
    or when the MAC of another forwarding device is learned there.
    """
    known = {name: Device(name, bodies) for name, bodies in devices.items()}
    found: dict[str, set[str]] = {name: set() for name in known}
    for end in _leading_on(topology, set(infra.values())):
        found[end.device].add(known[end.device].port(end.interface))
    for name, device in known.items():
        for row in device.rows("fdb"):
            if row.get("interface") and infra.get(row["mac"], name) != name:
                found[name].add(device.port(row["interface"]))
    return found


def _leading_on(topology: Topology, forwarding: set[str]) -> Iterator[End]:
    for link in topology.links:
        if link.b.device in forwarding:
            yield link.a
        if link.a.device in forwarding:
            yield link.b
    for stranger in topology.strangers:
        told = set(stranger.row.get("capabilities", []))
        if told & _FORWARDS and not told & _ENDS:
            yield stranger.end


def places(devices: Mapping[str, Bodies], topology: Topology) -> dict[str, Place]:
    """Return MAC → where it is plugged in, for what is no forwarding device itself."""
    infra = infrastructure(devices)
    closed = uplinks(devices, topology, infra)
    heard: dict[str, dict[End, int]] = defaultdict(dict)
    counts: dict[End, set[str]] = defaultdict(set)
    for name, bodies in devices.items():
        device = Device(name, bodies)
        for row in device.rows("fdb"):
            port = device.port(row.get("interface", ""))
            if port and row.get("kind", "learned") in ("learned", "static") and row["mac"] not in infra:
                counts[End(name, port)].add(row["mac"])
                if port not in closed[name]:
                    heard[row["mac"]].setdefault(End(name, port), row["vlan"])
    return {mac: _nearest(some, counts) for mac, some in heard.items()}


def _nearest(some: Mapping[End, int], counts: Mapping[End, set[str]]) -> Place:
    ordered = sorted(some, key=lambda end: (len(counts[end]), end))
    best, fewest = ordered[0], len(counts[ordered[0]])
    others = tuple(end for end in ordered[1:] if len(counts[end]) == fewest)
    return Place(best, some[best], fewest, others)


def addresses(devices: Mapping[str, Bodies]) -> dict[str, set[str]]:
    """Return MAC → the addresses it answers at, as the ARP and neighbour tables of all devices say."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, bodies in devices.items():
        for row in Device(name, bodies).rows("arp"):
            found[row["mac"]].add(row["address"])
    return dict(found)
