"""Which routing instance an interface is in: MPLS-L3VPN-STD-MIB (RFC 4382)."""

from __future__ import annotations

from typing import Final

from discovery.asking import Script
from discovery.explore.values import whole, words
from discovery.explore.visit import Visit

_IN_VRF: Final = "1.3.6.1.2.1.10.166.11.1.2.1.1.2"  # mplsL3VpnIfVpnClassification; the name is in the index


def vrfs(visit: Visit) -> Script[None]:
    """Add `vrf` to the rows of `interfaces`: the index is the name, its length before it, and the ifIndex."""
    told, failure = yield from visit.column(_IN_VRF, whole)
    visit.findings.failed("interfaces", failure)
    for index in told:
        if index[0] == len(index) - 2 and index[-1] in visit.ports.names and max(index[1:-1], default=0) < 256:
            name = words(bytes(index[1:-1]))
            visit.findings.add("interfaces", [{"name": visit.ports.names[index[-1]], "vrf": name}])
