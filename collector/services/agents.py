"""The agents: who is enrolled, who is silent, and the line that enrols another one."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.config import Settings
from collector.security.audit import Act
from collector.services.missing import NotFound
from collector.store import probes
from collector.store.browse import agents
from collector.store.browse.agents import AgentQuery, AgentRow
from collector.store.browse.page import Page, Window


def silent_before(settings: Settings, now: int) -> int:
    """Return the time (ms) before which an agent's last word makes it silent."""
    return now - settings.silent_after_s * 1000


async def listed(connection: AsyncConnection, query: AgentQuery, window: Window) -> Page[AgentRow]:
    """Return one page of agents; raise `BadCursor`."""
    return await agents.list_agents(connection, query, window)


async def one(connection: AsyncConnection, uid: str, settings: Settings, now: int) -> AgentRow:
    """Return the agent with that id; raise `NotFound`."""
    found = await agents.one_agent(connection, uid, silent_before(settings, now))
    if found is None:
        raise NotFound("agent", uid)
    return found


async def appoint(act: Act, uid: str, zones: Collection[str]) -> None:
    """Make an agent the probe of those zones and of no other, none: a probe no longer; raise `NotFound`."""
    before = await probes.appointed(act.tx, uid)
    if not await probes.appoint(act.tx, uid, zones):
        raise NotFound("agent", uid)
    act.tell("probe.appoint", f"agent/{uid}", {"zones": before}, {"zones": sorted(zones)})


def enrol_url(settings: Settings) -> str:
    """Return the address of the enrolment listener, as agents dial it."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"https://{host}:{settings.enroll_port}"


def enrol_line(url: str, token: str) -> str:
    """Return the one command that enrols another machine."""
    return f"muster-agent enroll {url} --token {token}"
