"""Who is connected to whom: links between CIs with what was said of them, and the way from one CI to another."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.services.wiring import Wired, Wiring
from collector.store.browse import wiring as kept
from collector.store.browse.ref import CiRef
from wire.topology import Candidate, End, Link

STATES = ("confirmed", "probable", "contradictory")


@dataclass(frozen=True, slots=True)
class Port:
    """One end of a link: a CI and its interface, empty where it is not known. `zone`: where a sweep found the CI."""

    ci: CiRef
    interface: str
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What one CI says it hears, over which protocol, at one of its ports; last confirmed at (ms).

    The neighbour is told by name, chassis and port as it calls them itself: text of a device.
    """

    by: Port
    protocol: str
    name: str
    chassis: str
    port: str
    platform: str
    at: int


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link. `state`: one of `STATES`; `shared`: one end hears several devices; `bundle`: aggregates of both ends."""

    a: Port
    b: Port
    state: str
    shared: bool
    evidence: tuple[Said, ...]
    bundle: tuple[str, str] | None = None

    @property
    def seen(self) -> int:
        return max((each.at for each in self.evidence), default=0)

    def near(self, uid: str) -> Port:
        """Return the end at the CI `uid`."""
        return self.a if self.a.ci.uid == uid else self.b

    def far(self, uid: str) -> Port:
        """Return the end that is not at the CI `uid`."""
        return self.b if self.a.ci.uid == uid else self.a


@dataclass(frozen=True, slots=True)
class Map:
    """All links, and what is heard and is no CI."""

    links: tuple[LinkRow, ...]
    strangers: tuple[Said, ...]


async def current(connection: AsyncConnection, wiring: Wiring) -> Map:
    """Return every link there is now."""
    wired = await wiring.links(connection)
    return await as_map(connection, wired, wired.cables.topology.links, wired.cables.topology.strangers)


async def of_ci(connection: AsyncConnection, wiring: Wiring, ci_id: int) -> Map:
    """Return the links of one CI, and what it hears that is no CI."""
    wired, device = await wiring.links(connection), str(ci_id)
    links = [link for link in wired.cables.topology.links if device in (link.a.device, link.b.device)]
    strangers = [each for each in wired.cables.topology.strangers if each.end.device == device]
    return await as_map(connection, wired, links, strangers)


async def as_map(
    connection: AsyncConnection, wired: Wired, links: Iterable[Link], strangers: Iterable[Candidate] = ()
) -> Map:
    """Return links between devices as links between CIs; a CI that went in between leaves its links behind."""
    links, strangers = tuple(links), tuple(strangers)
    ids = {int(end.device) for link in links for end in (link.a, link.b)} | {int(one.end.device) for one in strangers}
    cis = {str(ci_id): ref for ci_id, ref in (await kept.named(connection, sorted(ids))).items()}
    return Map(
        tuple(_row(link, wired, cis) for link in links if link.a.device in cis and link.b.device in cis),
        tuple(_said(each, wired, cis) for each in strangers if each.end.device in cis),
    )


def _row(link: Link, wired: Wired, cis: Mapping[str, CiRef]) -> LinkRow:
    bundle = (link.bundle[0].interface, link.bundle[1].interface) if link.bundle else None
    evidence = tuple(_said(each, wired, cis) for each in link.evidence)
    return LinkRow(port(link.a, wired, cis), port(link.b, wired, cis), link.state, link.shared, evidence, bundle)


def port(end: End, wired: Wired, cis: Mapping[str, CiRef]) -> Port:
    """Return one end of a link as people know it."""
    return Port(cis[end.device], end.interface, wired.zones.get(end.device, ""))


def _said(one: Candidate, wired: Wired, cis: Mapping[str, CiRef]) -> Said:
    row = one.row
    at = max(wired.at.get((one.end.device, section), 0) for section in ("neighbours", "lldp"))
    name, chassis, far, platform = (
        str(row.get(field) or "") for field in ("system_name", "chassis_id", "port_id", "platform")
    )
    return Said(port(one.end, wired, cis), one.protocol, name, chassis, far, platform, at)


def path(links: Iterable[LinkRow], start: str, goal: str) -> tuple[LinkRow, ...] | None:
    """Return the links of a shortest way between two CIs by uid, empty where they are one; None: there is no way.

    Of ways of one length the better evidenced is taken; a link that is contradicted is none.
    """
    ways: dict[str, list[LinkRow]] = {}
    for link in sorted(links, key=lambda each: STATES.index(each.state)):
        if link.state != "contradictory":
            ways.setdefault(link.a.ci.uid, []).append(link)
            ways.setdefault(link.b.ci.uid, []).append(link)
    came: dict[str, LinkRow | None] = {start: None}
    waiting = deque([start])
    while waiting and goal not in came:
        here = waiting.popleft()
        for link in ways.get(here, ()):
            there = link.far(here).ci.uid
            if there not in came:
                came[there] = link
                waiting.append(there)
    return _back(came, goal) if goal in came else None


def _back(came: Mapping[str, LinkRow | None], goal: str) -> tuple[LinkRow, ...]:
    found: list[LinkRow] = []
    while (link := came[goal]) is not None:
        found.append(link)
        goal = link.far(goal).ci.uid
    return tuple(reversed(found))


async def troubled(connection: AsyncConnection) -> Mapping[str, list[str]]:
    """Return CI by uid → the severities of its open incidents."""
    return await kept.troubled(connection)
