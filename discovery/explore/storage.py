"""Storage systems: pools, volumes, disks and controllers as their makers' MIBs tell them."""

from __future__ import annotations

from typing import Any, Final

from discovery.asking import Index
from discovery.explore.listing import Listing, Maker, reading
from discovery.explore.values import counted, ip, serial, word, wwn
from discovery.explore.visit import Table, Visit

_MEGA: Final = counted(2**20)
_KILO: Final = counted(1024)
_BYTES: Final = counted(1)

_OCEANSTOR: Final = "1.3.6.1.4.1.34774.4.1.23."
_OCEANSTOR_HEALTH: Final = word({
    1: "ok", 2: "failed", 3: "predicted_failure", 4: "failed", 5: "degraded", 9: "degraded", 12: "battery_low",
}, "unknown")  # fmt: skip
_NETAPP: Final = "1.3.6.1.4.1.789.1."
_ISILON: Final = "1.3.6.1.4.1.12124.2."
_SYNOLOGY: Final = "1.3.6.1.4.1.6574."
_QNAP: Final = "1.3.6.1.4.1.24681.1.2."
_COMPELLENT: Final = "1.3.6.1.4.1.674.11000.2000.500.1.2."
_COMPELLENT_STATES: Final = word({1: "ok", 2: "failed", 3: "degraded"})
_SYNOLOGY_RAID: Final = {
    1: "ok", 2: "rebuilding", 3: "migrating", 4: "expanding", 7: "rebuilding", 8: "degraded", 11: "degraded",
    12: "failed",
}  # fmt: skip


def _slot(_: Visit, index: Index, row: Any) -> dict[str, Any]:
    """Name a disk by where it sits: what is exchanged there is a change of that place."""
    return {**row, "name": row.get("slot") or row.get("name") or str(index[-1])}


def _share(_: Visit, index: Index, row: Any) -> dict[str, Any]:
    """Return a row of NetApp's dfTable: file systems are volumes, what bears no path is an aggregate's."""
    return {**row, "kind": "snapshot" if "/.snapshot" in row["name"] else "filesystem"}


_MAKERS: Final = (
    Maker(("1.3.6.1.4.1.34774.", "1.3.6.1.4.1.2011.2.91.", "1.3.6.1.4.1.2011.2.251."), (
        Listing("storage_pools", Table(f"{_OCEANSTOR}4.2.1", {
            "id": 1, "name": 2, "state": (5, _OCEANSTOR_HEALTH), "size_bytes": (7, _MEGA), "used_bytes": (8, _MEGA),
        }), need=("name",)),
        Listing("storage_volumes", Table(f"{_OCEANSTOR}4.8.1", {
            "id": 1, "name": 2, "pool": 4, "size_bytes": (5, _MEGA), "used_bytes": (6, _MEGA),
            "state": (9, _OCEANSTOR_HEALTH), "wwn": (13, wwn),
        }), {"kind": "lun"}, need=("name",)),
        Listing("disks", Table(f"{_OCEANSTOR}5.1.1", {
            "state": (2, _OCEANSTOR_HEALTH), "slot": 4, "size_bytes": (6, _MEGA), "model": 12, "version": 13,
            "vendor": 14, "serial": (15, serial), "pool": 18,
        }), form=_slot),
        Listing("storage_controllers", Table(f"{_OCEANSTOR}5.2.1", {
            "id": 1, "state": (2, _OCEANSTOR_HEALTH), "name": 5, "version": 11,
        })),
        Listing("components", Table(f"{_OCEANSTOR}5.3.1", {"name": 2, "state": (3, _OCEANSTOR_HEALTH)}),
                {"class": "power_supply"}),
        Listing("components", Table(f"{_OCEANSTOR}5.6.1", {"name": 2, "state": (4, _OCEANSTOR_HEALTH)}),
                {"class": "enclosure"}),
    )),
    Maker(("1.3.6.1.4.1.789.",), (
        Listing("storage_controllers", Table(f"{_NETAPP}25.2.1", {"name": 1, "model": 4, "serial": (5, serial)}),
                need=("name",)),
        Listing("storage_volumes", Table(f"{_NETAPP}5.4.1", {
            "name": 2, "size_bytes": (29, _KILO), "used_bytes": (30, _KILO), "pool": 34,
        }), need=("name",), form=_share),
    )),
    Maker(("1.3.6.1.4.1.12124.",), (
        Listing("components", Table(f"{_ISILON}51.1", {"serial": (3, serial), "model": 4}), {"class": "chassis"}),
        Listing("disks", Table(f"{_ISILON}52.1", {
            "slot": 1, "name": 4, "state": 5, "model": 6, "serial": (7, serial), "version": 8,
            "size_bytes": (9, _BYTES),
        })),
    )),
    Maker(("1.3.6.1.4.1.6574.", "1.3.6.1.4.1.8072."), (
        Listing("disks", Table(f"{_SYNOLOGY}2.1.1", {
            "name": 2, "model": 3, "transport": 4,
            "state": (5, word({1: "ok", 2: "ok", 3: "absent", 4: "degraded", 5: "failed"})),
        }), need=("name",)),
        Listing("storage_pools", Table(f"{_SYNOLOGY}3.1.1", {
            "name": 2, "state": (3, word(_SYNOLOGY_RAID, "unknown")), "size_bytes": (5, _BYTES),
        }), need=("name",)),
    )),
    Maker(("1.3.6.1.4.1.24681.", "1.3.6.1.4.1.55062."), (
        Listing("disks", Table(f"{_QNAP}11.1", {
            "name": 2, "model": 5, "health": 7, "state": (4, word({0: "ok", -5: "absent", -6: "failed", -9: "failed"})),
        }), need=("name",)),
        Listing("storage_volumes", Table(f"{_QNAP}17.1", {"name": 2, "state": 6}), {"kind": "filesystem"},
                need=("name",)),
    )),
    Maker(("1.3.6.1.4.1.674.11000.",), (
        Listing("storage_controllers", Table(f"{_COMPELLENT}13.1", {
            "state": (3, _COMPELLENT_STATES), "name": 4, "address": (5, ip), "model": 7,
        })),
        Listing("disks", Table(f"{_COMPELLENT}14.1", {"state": (3, _COMPELLENT_STATES), "slot": 4}),
                form=_slot),
        Listing("components", Table(f"{_COMPELLENT}15.1", {
            "state": (3, _COMPELLENT_STATES), "name": 4, "model": 7,
        }), {"class": "enclosure"}),
    )),
)  # fmt: skip

storage = reading(_MAKERS)
"""Find `storage_pools`, `storage_volumes`, `storage_controllers`, `disks` and `components`."""

__all__ = ["storage"]
