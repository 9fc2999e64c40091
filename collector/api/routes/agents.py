"""`/api/v1/agents` and `/api/v1/enrolment-tokens`."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from collector.api import asking, shapes
from collector.api.access import requires
from collector.api.acting import acting, who
from collector.api.answer import tagged
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.security.sessions import Principal
from collector.security.tokens import MAX_LIFE_S, MAX_USES, Terms
from collector.services import agents
from collector.services.missing import NotFound
from collector.store.browse.agents import AgentQuery

log = structlog.get_logger(__name__)
router = APIRouter(tags=["agents"])
_READ = [requires(Permission.AGENTS_READ)]


class TermsAsked(BaseModel):
    """What the token is to be good for."""

    model_config = ConfigDict(extra="forbid")

    life_s: int = Field(3600, ge=60, le=MAX_LIFE_S, description="seconds it lives")
    uses: int = Field(1, ge=1, le=MAX_USES, description="machines it admits")
    note: str = Field("", max_length=200)


class BanAsked(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=200)


class ZonesAsked(BaseModel):
    """The zones it is to be the probe of; the empty text is the default zone, an empty list ends it."""

    model_config = ConfigDict(extra="forbid")

    zones: list[Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{0,64}$")]] = Field(max_length=100)


@router.get("/agents", operation_id="listAgents", response_model=shapes.Paged[shapes.Agent], dependencies=_READ)
async def list_agents(request: Request, asked: Annotated[asking.AgentsAsked, Query()]) -> object:
    """List agents."""
    context = context_of(request)
    before = agents.silent_before(context.settings, context.clock())
    async with context.store.read() as connection:
        query = AgentQuery(before, tuple(asked.states), asked.q, asked.sort)
        return await agents.listed(connection, query, asked.window)


@router.get("/agents/{uid}", operation_id="getAgent", response_model=shapes.Agent, dependencies=_READ)
async def get_agent(request: Request, uid: str) -> Response:
    """Get one agent."""
    context = context_of(request)
    async with context.store.read() as connection:
        found = await agents.one(connection, uid, context.settings, context.clock())
    return tagged(request, shapes.Agent.model_validate(found))


@router.post(
    "/agents/{uid}/ban", operation_id="banAgent", status_code=204, dependencies=[requires(Permission.AGENTS_BAN)]
)
async def ban_agent(request: Request, uid: str, asked: BanAsked) -> Response:
    """Ban an agent: its certificate is refused from now on."""
    principal: Principal = request.state.principal
    if not await context_of(request).ban(uid, asked.reason, who(request)):
        raise NotFound("agent", uid)
    log.info("agent banned", agent=uid, by=principal.name, reason=asked.reason)
    return Response(status_code=204)


@router.put(
    "/agents/{uid}/zones", operation_id="appointProbe", status_code=204,
    dependencies=[requires(Permission.CREDENTIALS_WRITE)],
)  # fmt: skip
async def appoint_probe(request: Request, uid: str, asked: ZonesAsked) -> Response:
    """Make an agent the probe of those zones and of no other: it is given their sweeps and lent their credentials."""
    principal: Principal = request.state.principal
    async with acting(request) as act:
        await agents.appoint(act, uid, asked.zones)
    log.info("probe appointed", agent=uid, zones=asked.zones, by=principal.name)
    return Response(status_code=204)


@router.post(
    "/enrolment-tokens", operation_id="createEnrolmentToken", status_code=201,
    response_model=shapes.EnrolmentToken, dependencies=[requires(Permission.AGENTS_ENROL)],
)  # fmt: skip
async def create_token(request: Request, asked: TermsAsked) -> shapes.EnrolmentToken:
    """Make an enrolment token; this is the only time it is seen."""
    context = context_of(request)
    principal: Principal = request.state.principal
    text = await context.mint(Terms(asked.life_s, asked.uses, asked.note), who(request))
    log.info("enrolment token made", by=principal.name, uses=asked.uses, life_s=asked.life_s)
    return shapes.EnrolmentToken(token=text, command=agents.enrol_line(context.where_to_enrol, text))
