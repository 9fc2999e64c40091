"""Bridge ports: which interface a number in a forwarding or VLAN table means (dot1dBasePortTable, RFC 4188)."""

from __future__ import annotations

from typing import Final

from discovery.asking import Script
from discovery.explore.values import positive
from discovery.explore.visit import Visit

_IF_INDEX: Final = "1.3.6.1.2.1.17.1.4.1.2"  # dot1dBasePortIfIndex


def bridge(visit: Visit) -> Script[None]:
    """Learn the bridge ports; nothing else says which interface they are."""
    told, _ = yield from visit.column(_IF_INDEX, positive)
    visit.ports.bridge = {at[0]: number for at, number in told.items() if len(at) == 1}
