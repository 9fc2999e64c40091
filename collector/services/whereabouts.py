"""Where is this MAC, address or host? The port it is plugged in at, and everything that was heard of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.services import topology
from collector.services.macs import Line, address_in, mac_in, own
from collector.services.topology import LinkRow, Port
from collector.services.wiring import Cables, Wired, Wiring
from collector.store.browse import wiring as kept
from collector.store.browse.cis import CiQuery, list_cis
from collector.store.browse.page import Window
from collector.store.browse.ref import CiRef
from wire.topology import Device, End

MAX_FOUND: Final = 20
"""MACs one answer tells of; a switch has hundreds, and its own page names them."""
MAX_NAMED: Final = 8
"""CIs a name may mean."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One line of a table in which the MAC stands: `kind` fdb (at a port, in a VLAN; 0: not told) or arp (an address).

    `leads_on`: there is another switch behind that port, so this is no place to be plugged in. `at`: ms.
    """

    kind: str
    port: Port
    vlan: int
    address: str
    leads_on: bool
    at: int


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What is known of one MAC. `owner`: the CI whose interface it is. `place`: where it is plugged in, when known.

    `others`: ports that are as likely; `heard`: how many MACs are behind that port; `links`: cables of the owner's
    port; `seen`: when the table or the link that shows the place was last confirmed (ms, 0: never).
    """

    mac: str
    addresses: tuple[str, ...] = ()
    owner: Port | None = None
    place: Port | None = None
    vlan: int = 0
    heard: int = 0
    others: tuple[Port, ...] = ()
    seen: int = 0
    evidence: tuple[Heard, ...] = ()
    links: tuple[LinkRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """`kind`: what was asked for: mac, address, name or nothing. `count`: how many MACs that is in all."""

    q: str
    kind: str
    found: tuple[Whereabouts, ...] = ()
    count: int = 0


async def find(connection: AsyncConnection, wiring: Wiring, q: str) -> Answer:
    """Return where the MAC, the address, or the host called `q` is."""
    text = q.replace("\0", "").strip()  # PostgreSQL takes no NUL, in a question either
    if not text:
        return Answer("", "nothing")
    wired = await wiring.whole(connection)
    if mac := mac_in(text):
        return await _answer(connection, wired, Answer(text, "mac"), [mac])
    if address := address_in(text):
        return await _answer(connection, wired, Answer(text, "address"), _macs_at(wired.cables, address))
    return await _answer(connection, wired, Answer(text, "name"), await _macs_of(connection, wired.cables, text))


def _macs_at(cables: Cables, address: str) -> list[str]:
    """Return the MACs that answer at an address, and those of the interfaces that carry it."""
    return [mac for some in (cables.addresses, cables.carried) for mac, told in some.items() if address in told]


async def _macs_of(connection: AsyncConnection, cables: Cables, name: str) -> list[str]:
    """Return the MACs of the CI called `name`, else of those that `name` finds."""
    found = (await list_cis(connection, CiQuery(q=name), Window(MAX_NAMED))).items
    meant = [row for row in found if row.name.casefold() == name.casefold()] or found
    devices = [Device(str(row.id), cables.devices.get(str(row.id), {})) for row in meant]
    return [mac for device in devices for mac in own(device)]


async def _answer(connection: AsyncConnection, wired: Wired, asked: Answer, macs: Iterable[str]) -> Answer:
    cables, every = wired.cables, dict.fromkeys(macs)
    known = [mac for mac in every if mac in cables.lines or cables.estate.find(mac)]
    shown = known[:MAX_FOUND]
    ids = {int(end.device) for mac in shown for end in _ends(cables, mac)}
    cis = {str(ci_id): ref for ci_id, ref in (await kept.named(connection, sorted(ids))).items()}
    found = []
    for mac in shown:
        owner = _owner(cables, mac)
        links = [link for link in cables.topology.links if owner in (link.a, link.b)]
        rows = (await topology.as_map(connection, wired, links)).links
        found.append(_whereabouts(mac, wired, cis, rows))
    return Answer(asked.q, asked.kind, tuple(found), len(known))


def _ends(cables: Cables, mac: str) -> Iterator[End]:
    """Yield every end an answer about `mac` names."""
    yield from (line.end for line in cables.lines.get(mac, ()))
    if owner := _owner(cables, mac):
        yield owner


def _owner(cables: Cables, mac: str) -> End | None:
    """Return the interface that has this MAC; without its name where several share it, as in an aggregate."""
    device = cables.estate.find(mac)
    if device is None:
        return None
    names = [row["name"] for row in device.rows("interfaces") if row.get("mac") == mac]
    return End(device.id, names[0] if len(names) == 1 else "")


def _whereabouts(mac: str, wired: Wired, cis: Mapping[str, CiRef], links: tuple[LinkRow, ...]) -> Whereabouts:
    cables = wired.cables
    owner, plugged = _port(_owner(cables, mac), wired, cis), cables.places.get(mac)
    place = _port(plugged.end, wired, cis) if plugged else None
    seen = wired.at.get((plugged.end.device, "fdb"), 0) if plugged else 0
    if place is None and owner and links:  # no table has it, a neighbour does
        best = min(links, key=lambda link: topology.STATES.index(link.state))
        place, seen = best.far(owner.ci.uid), best.seen
    told = sorted(cables.addresses.get(mac, set()) | cables.carried.get(mac, set()))
    others = (_port(end, wired, cis) for end in (plugged.others if plugged else ()))
    heard = tuple(_heard(line, wired, cis) for line in cables.lines.get(mac, ()) if line.end.device in cis)
    return Whereabouts(
        mac, tuple(told), owner, place, plugged.vlan if plugged else 0, plugged.heard if plugged else 0,
        tuple(each for each in others if each), seen, heard, links,
    )  # fmt: skip


def _port(end: End | None, wired: Wired, cis: Mapping[str, CiRef]) -> Port | None:
    return topology.port(end, wired, cis) if end and end.device in cis else None


def _heard(line: Line, wired: Wired, cis: Mapping[str, CiRef]) -> Heard:
    leads_on = line.section == "fdb" and line.end.interface in wired.cables.uplinks.get(line.end.device, ())
    at = wired.at.get((line.end.device, line.section), 0)
    return Heard(line.section, topology.port(line.end, wired, cis), line.vlan, line.address, leads_on, at)
