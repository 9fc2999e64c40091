"""One search for everything a person may read: a few of each kind, and how many there are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.security.roles import Permission
from collector.services import knowledge, whereabouts
from collector.services.agents import listed as agents_listed
from collector.services.changes.seen import listed as changes_listed
from collector.services.cis import listed as cis_listed
from collector.services.incidents.listed import listed as incidents_listed
from collector.services.knowledge import Question
from collector.services.macs import address_in, mac_in
from collector.services.problems.seen import listed as problems_listed
from collector.services.whereabouts import Whereabouts
from collector.services.wiring import Wiring
from collector.store.browse.agents import AgentQuery, AgentRow
from collector.store.browse.changes import ChangeQuery, ChangeRow
from collector.store.browse.cis import NEAREST, CiQuery, CiRow
from collector.store.browse.incident_query import IncidentQuery
from collector.store.browse.incidents import IncidentRow
from collector.store.browse.page import Page, Window
from collector.store.browse.problems import ProblemQuery, ProblemRow
from collector.store.browse.search import MAX_QUERY, finding_numbered

GROUP = 8
"""How many of each kind are shown; the lists have the rest."""
Query = TypeVar("Query")
Row = TypeVar("Row")
Lister = Callable[[AsyncConnection, Query, Window], Awaitable[Page[Row]]]


@dataclass(frozen=True, slots=True)
class Found:
    """What matches, by kind, and how many there are of each; of what the asker may not read there is none."""

    q: str
    cis: tuple[CiRow, ...] = ()
    cis_count: int = 0
    incidents: tuple[IncidentRow, ...] = ()
    incidents_count: int = 0
    problems: tuple[ProblemRow, ...] = ()
    problems_count: int = 0
    changes: tuple[ChangeRow, ...] = ()
    changes_count: int = 0
    articles: tuple[knowledge.Listed, ...] = ()
    articles_count: int = 0
    agents: tuple[AgentRow, ...] = ()
    agents_count: int = 0
    finding: int | None = None
    places: tuple[Whereabouts, ...] = ()

    @property
    def is_empty(self) -> bool:
        lists = self.cis, self.incidents, self.problems, self.changes, self.articles, self.agents, self.places
        return not (self.finding or any(lists))


async def find(
    connection: AsyncConnection, q: str, allowed: frozenset[Permission], silent_before: int, wiring: Wiring
) -> Found:
    """Return what matches `q` among what the asker may read; a MAC or an address with where it is plugged in."""
    text = q.replace("\0", "").strip()[:MAX_QUERY]  # PostgreSQL takes no NUL, in a question either
    if not text:
        return Found("")

    async def first(needs: Permission, listed: Lister[Query, Row], query: Query) -> tuple[tuple[Row, ...], int]:
        if needs not in allowed:
            return (), 0
        page = await listed(connection, query, Window(GROUP))
        return page.items, page.count

    finding = await finding_numbered(connection, text) if Permission.FINDINGS_READ in allowed else None
    plugged = Permission.CIS_READ in allowed and (mac_in(text) or address_in(text))
    places = (await whereabouts.find(connection, wiring, text)).found if plugged else ()
    return Found(
        text,
        *await first(Permission.CIS_READ, cis_listed, CiQuery(q=text, sort=NEAREST)),
        *await first(Permission.INCIDENTS_READ, incidents_listed, IncidentQuery(q=text)),
        *await first(Permission.INCIDENTS_READ, problems_listed, ProblemQuery(q=text)),
        *await first(Permission.CHANGES_READ, changes_listed, ChangeQuery(q=text)),
        *await first(Permission.KNOWLEDGE_READ, _articles, Question(q=text)),
        *await first(Permission.AGENTS_READ, agents_listed, AgentQuery(silent_before, q=text)),
        finding=finding, places=places,
    )  # fmt: skip


async def _articles(connection: AsyncConnection, question: Question, window: Window) -> Page[knowledge.Listed]:
    """Return the published articles that answer best."""
    found = await knowledge.listed(connection, question)
    return Page(tuple(found[: window.limit]), len(found))
