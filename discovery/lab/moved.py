"""When things moved, as devices tell it: a change to what a device says moves the stamp over it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from discovery.lab.encoding import TICKS, number
from discovery.lab.tree import Tree
from discovery.snmp.ber import encode_oid

ENTITIES: Final = "1.3.6.1.2.1.47.1.4.1.0"  # entLastChangeTime (ENTITY-MIB)
INTERFACES: Final = "1.3.6.1.2.1.31.1.5.0"  # ifTableLastChange (IF-MIB)
NEIGHBOURS: Final = "1.0.8802.1.1.2.1.2.1.0"  # lldpStatsRemTablesLastChangeTime (LLDP-MIB)
CONFIGURATION: Final = {
    "1.3.6.1.4.1.9.": "1.3.6.1.4.1.9.9.43.1.1.1.0",  # ccmHistoryRunningLastChanged (CISCO-CONFIG-MAN-MIB)
    "1.3.6.1.4.1.2011.": "1.3.6.1.4.1.2011.6.10.1.1.1.1.0",  # hwCfgRunModifiedLast (HUAWEI-CONFIG-MAN-MIB)
    "1.3.6.1.4.1.25506.": "1.3.6.1.4.1.25506.2.4.1.1.1.0",  # hh3cCfgRunModifiedLast (HH3C-CONFIG-MAN-MIB)
}
"""sysObjectID prefix → when the running configuration moved."""

_BELOW: Final[Mapping[str, tuple[str, ...]]] = {
    ENTITIES: ("1.3.6.1.2.1.47.1.1.1.1",),
    INTERFACES: ("1.3.6.1.2.1.2.2.1.1", "1.3.6.1.2.1.2.2.1.2", "1.3.6.1.2.1.31.1.1.1.1"),
    NEIGHBOURS: ("1.0.8802.1.1.2.1.4",),
    **dict.fromkeys(
        CONFIGURATION.values(),
        ("1.3.6.1.2.1.17.1.4.1", "1.3.6.1.2.1.17.7.1.4", "1.3.6.1.2.1.31.1.1.1.18", "1.3.6.1.2.1.2.2.1.7"),
    ),
}
_STAMPS: Final = {
    encode_oid(stamp): tuple(encode_oid(each) for each in below) for stamp, below in _BELOW.items()
}  # fmt: skip


def configured(object_id: str) -> dict[str, int]:
    """Return where a device of this sysObjectID tells when its configuration moved, and that it did so at the start."""
    return {stamp: 4200 for prefix, stamp in CONFIGURATION.items() if object_id.startswith(prefix)}


def stamped(before: Tree, after: Tree, up_time: int) -> Tree:
    """Return `after` with those of its stamps at `up_time` (hundredths of a second) over which something changed."""
    was, now = dict(iter(before)), dict(iter(after))
    changed = [name for name in was.keys() | now.keys() if was.get(name) != now.get(name)]
    moved = [
        stamp for stamp, below in _STAMPS.items() if stamp in now and any(name.startswith(below) for name in changed)
    ]
    return Tree((now | {stamp: number(up_time, TICKS) for stamp in moved}).items()) if moved else after


def reconfigured(tree: Tree, up_time: int) -> Tree:
    """Return a tree that tells of a change of the configuration at `up_time`, where it tells of such changes."""
    stamps = {encode_oid(each) for each in CONFIGURATION.values()}
    return Tree((name, number(up_time, TICKS) if name in stamps else value) for name, value in tree)
