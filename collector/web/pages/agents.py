"""Agents: the list, one of them, the line that enrols another, and the ban."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from collector.api.access import requires
from collector.api.acting import who
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.security.tokens import Terms
from collector.services import agents
from collector.services.missing import NotFound
from collector.store.browse.agents import AgentQuery, AgentRow
from collector.web import units
from collector.web.catalogue import Texts
from collector.web.list_page import ListPage
from collector.web.listing import Column, Listing, Spec
from collector.web.render import page
from collector.web.viewer import viewer_of

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False)
_READ = [requires(Permission.AGENTS_READ)]
_BAN = [requires(Permission.AGENTS_BAN)]

SPEC = Spec(
    "/agents",
    (
        Column("hostname", "hostname"),
        Column("state"),
        Column("last_seen", "seen"),
        Column("address"),
        Column("version"),
        Column("certificate"),
        Column("spool", numeric=True),
        Column("failing"),
        Column("memory", numeric=True, shown=False),
        Column("clock_offset", numeric=True, shown=False),
        Column("enrolled", "enrolled", shown=False),
    ),
    {"state": ("active", "silent", "banned", "retired")},
    "hostname",
)
LIVES = {"1h": 3600, "1d": 86_400, "7d": 7 * 86_400}
"""How long an enrolment token may be asked to live, in seconds."""
USES = (1, 10, 100, 1000)


def _query(request: Request, asked: Listing) -> AgentQuery:
    context = context_of(request)
    before = agents.silent_before(context.settings, context.clock())
    return AgentQuery(before, asked.chosen["state"], asked.q, asked.sort)


def _cells(row: AgentRow, texts: Texts) -> dict[str, object]:
    times = {"last_seen": row.last_seen, "certificate": row.certificate_until, "enrolled": row.enrolled_at}
    return {name: units.exact(at) if at else "" for name, at in times.items()} | {
        "hostname": row.hostname, "state": texts.label("agent_state", row.state), "address": row.address,
        "version": row.version, "spool": row.spool_depth, "memory": row.rss_bytes, "clock_offset": row.clock_offset_ms,
        "failing": [texts.label("section", each) for each in row.failing_sections],
    }  # fmt: skip


LIST = ListPage(SPEC, _query, agents.listed, _cells)


@router.get("/agents", dependencies=_READ)
async def agents_page(request: Request) -> Response:
    return await _list(request)


async def _list(request: Request, line: str = "") -> Response:
    where = context_of(request).where_to_enrol
    return await LIST.page(request, "agents.html", line=line, url=where, lives=LIVES, uses=USES)


@router.get("/agents.csv", dependencies=_READ)
async def agents_csv(request: Request) -> Response:
    return LIST.csv(request)


@router.post("/agents/enrol", dependencies=[requires(Permission.AGENTS_ENROL)])
async def enrol(request: Request) -> Response:
    """Make a token and show its line, the only time it is seen."""
    form = await request.form()
    life = LIVES.get(str(form.get("life", "")), LIVES["1h"])
    uses = next((each for each in USES if str(each) == form.get("uses")), 1)
    context = context_of(request)
    by = request.state.principal.name
    token = await context.mint(Terms(life, uses, str(form.get("note", ""))[:200]), who(request))
    log.info("enrolment token made", by=by, uses=uses, life_s=life)
    return await _list(request, agents.enrol_line(context.where_to_enrol, token))


@router.get("/agents/{uid}", dependencies=_READ)
async def agent_page(request: Request, uid: str) -> HTMLResponse:
    return await _one(request, uid, "agent.html")


async def _one(request: Request, uid: str, template: str, status: int = 200, error: str = "") -> HTMLResponse:
    context = context_of(request)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await agents.one(connection, uid, context.settings, viewer.now)
    return page(viewer, template, status, agent=found, error=error)


@router.get("/agents/{uid}/ban", dependencies=_BAN)
async def ban_page(request: Request, uid: str) -> HTMLResponse:
    return await _one(request, uid, "ban.html")


@router.post("/agents/{uid}/ban", dependencies=_BAN)
async def ban(request: Request, uid: str) -> Response:
    """Ban an agent whose name was typed and for which a reason was given."""
    form = await request.form()
    context = context_of(request)
    async with context.store.read() as connection:
        found = await agents.one(connection, uid, context.settings, context.clock())
    reason = str(form.get("reason", "")).strip()[:200]
    if str(form.get("name", "")).strip() != (found.hostname or found.uid):
        return await _one(request, uid, "ban.html", 400, "ban.wrong_name")
    if not reason:
        return await _one(request, uid, "ban.html", 400, "ban.no_reason")
    by = request.state.principal.name
    if not await context.ban(uid, reason, who(request)):
        raise NotFound("agent", uid)
    log.info("agent banned", agent=uid, by=by, reason=reason)
    return RedirectResponse(f"/agents/{uid}", 303)
