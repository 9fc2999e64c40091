"""Access points as their controller knows them; each table is indexed by the access point's MAC."""

from __future__ import annotations

from typing import Any, Final

from discovery.asking import Index
from discovery.explore.listing import Listing, Maker, reading
from discovery.explore.values import ip, mac, serial, word
from discovery.explore.visit import Fields, Table, Visit

_UP_DOWN: Final = word({1: "up", 2: "down"})


def _by_mac(_: Visit, index: Index, row: Any) -> dict[str, Any] | None:
    """Take the MAC a table tells before the one in its index, which may be that of the radio."""
    octets = index[-6:]
    own = row.get("mac") or (mac(bytes(octets)) if len(octets) == 6 and max(octets) < 256 else None)
    return {**row, "mac": own} if own else None


def _known(entry: str, fields: Fields) -> Listing:
    return Listing("access_points", Table(entry, fields), form=_by_mac)


access_points = reading((
    Maker(("1.3.6.1.4.1.9.", "1.3.6.1.4.1.14179."), (_known("1.3.6.1.4.1.14179.2.2.1.1", {  # AIRESPACE bsnAPTable
        "name": 3, "location": 4, "state": (6, word({1: "up", 2: "down", 3: "upgrading"})), "version": 8, "model": 16,
        "serial": (17, serial), "address": (19, ip), "mac": (33, mac),
    }),)),
    Maker(("1.3.6.1.4.1.14823.",), (
        _known("1.3.6.1.4.1.14823.2.2.1.5.2.1.4.1", {  # WLSX-WLAN wlanAPTable
            "address": (2, ip), "name": 3, "location": 4, "serial": (6, serial), "model": 13, "state": (19, _UP_DOWN),
            "version": 34,
        }),
        _known("1.3.6.1.4.1.14823.2.3.3.1.2.1.1", {  # AI-AP-MIB, the members of an Instant cluster
            "mac": (1, mac), "name": 2, "address": (3, ip), "serial": (4, serial), "model": 6, "state": (11, _UP_DOWN),
        }),
    )),
    Maker(("1.3.6.1.4.1.25053.",), (_known("1.3.6.1.4.1.25053.1.2.2.1.1.2.1.1", {  # ruckusZDWLANAPTable
        "mac": (1, mac), "name": 2, "state": (3, word({0: "down", 1: "up", 2: "pending", 3: "upgrading"})), "model": 4,
        "serial": (5, serial), "version": 7, "address": (10, ip),
    }),)),
    Maker(("1.3.6.1.4.1.2011.",), (_known("1.3.6.1.4.1.2011.6.139.13.3.3.1", {  # hwWlanApTable
        "serial": (2, serial), "name": 4,
    }),)),
))  # fmt: skip
"""Find `access_points`."""
