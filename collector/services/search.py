"""One search for everything: CIs by name, serial, MAC or address; incidents; problems; findings; agents."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.security.roles import Permission
from collector.services import whereabouts
from collector.services.agents import listed as agents_listed
from collector.services.cis import listed as cis_listed
from collector.services.incidents.listed import listed as incidents_listed
from collector.services.macs import address_in, mac_in
from collector.services.problems.seen import listed as problems_listed
from collector.services.whereabouts import Whereabouts
from collector.services.wiring import Wiring
from collector.store.browse.agents import AgentQuery, AgentRow
from collector.store.browse.cis import CiQuery, CiRow
from collector.store.browse.incidents import IncidentQuery, IncidentRow
from collector.store.browse.page import Window
from collector.store.browse.problems import ProblemQuery, ProblemRow
from collector.store.browse.search import MAX_QUERY, finding_numbered

GROUP = 8
"""How many of each kind are shown; the lists have the rest."""


@dataclass(frozen=True, slots=True)
class Found:
    """What matches, by kind, and how many there are of each."""

    q: str
    cis: tuple[CiRow, ...] = ()
    cis_count: int = 0
    incidents: tuple[IncidentRow, ...] = ()
    incidents_count: int = 0
    agents: tuple[AgentRow, ...] = ()
    agents_count: int = 0
    problems: tuple[ProblemRow, ...] = ()
    problems_count: int = 0
    finding: int | None = None
    places: tuple[Whereabouts, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.cis or self.incidents or self.agents or self.problems or self.finding or self.places)


async def find(
    connection: AsyncConnection, q: str, allowed: frozenset[Permission], silent_before: int, wiring: Wiring
) -> Found:
    """Return what matches `q` among what the asker may read; a MAC or an address with where it is plugged in."""
    text = q.replace("\0", "").strip()[:MAX_QUERY]  # PostgreSQL takes no NUL, in a question either
    if not text:
        return Found("")
    window = Window(GROUP)
    cis = await cis_listed(connection, CiQuery(q=text), window) if Permission.CIS_READ in allowed else None
    incidents = (
        await incidents_listed(connection, IncidentQuery(q=text), window)
        if Permission.INCIDENTS_READ in allowed
        else None
    )
    problems = (
        await problems_listed(connection, ProblemQuery(q=text), window)
        if Permission.INCIDENTS_READ in allowed
        else None
    )
    agents = (
        await agents_listed(connection, AgentQuery(silent_before, q=text), window)
        if Permission.AGENTS_READ in allowed
        else None
    )
    finding = await finding_numbered(connection, text) if Permission.FINDINGS_READ in allowed else None
    plugged = Permission.CIS_READ in allowed and (mac_in(text) or address_in(text))
    places = (await whereabouts.find(connection, wiring, text)).found if plugged else ()
    return Found(
        text,
        cis.items if cis else (), cis.count if cis else 0,
        incidents.items if incidents else (), incidents.count if incidents else 0,
        agents.items if agents else (), agents.count if agents else 0,
        problems.items if problems else (), problems.count if problems else 0,
        finding, places,
    )  # fmt: skip
