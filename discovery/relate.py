"""Relate: what one sweep's devices say of each other, before anything of it reaches the collector.

The matching itself is `wire.topology` and `wire.whereabouts`, which the collector runs over all it knows.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping

from discovery.explore import Section
from wire.sections import Body
from wire.topology import Bodies, Topology, topology


def speaking(sections: Iterable[Section]) -> dict[str, Body]:
    """Return the bodies of those sections that say something, an incomplete one too: what is heard is there."""
    return {section.name: section.body for section in sections if section.status.speaks}


def related(devices: Mapping[str, Iterable[Section]]) -> Topology:
    """Return links and strangers among the devices of a sweep, by their ids."""
    return topology({name: speaking(sections) for name, sections in devices.items()})


def addresses_beyond(found: Topology, devices: Mapping[str, Bodies]) -> list[str]:
    """Return the management addresses of strangers: who is there, and was in no range of the sweep.

    Only unicast addresses that can be reached from elsewhere are told, in order.
    """
    own = {str(row.get("address")) for bodies in devices.values() for row in _rows(bodies.get("device"))}
    told = {str(each.row.get("management_address") or "") for each in found.strangers} - own
    return [
        str(each) for each in sorted(filter(None, map(_reachable, told)), key=lambda each: (each.version, int(each)))
    ]


def _reachable(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    odd = address.is_multicast or address.is_loopback or address.is_link_local or address.is_unspecified
    return None if odd or address.is_reserved else address


def _rows(body: Body | None) -> list[dict[str, object]]:
    return [body] if isinstance(body, dict) else body or []
