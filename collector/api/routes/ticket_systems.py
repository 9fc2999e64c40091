"""`/api/v1/ticket-systems`: systems whose changes are taken over, what was taken of them, and what was not and why."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import APIRouter, Path, Request, Response

from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.api.ticket_shapes import ReportShape, SystemAsked, SystemShape, system_shape
from collector.security.roles import Permission
from collector.services.missing import NotFound
from collector.services.tickets import systems

log = structlog.get_logger(__name__)
router = APIRouter(tags=["changes"])
_READ = [requires(Permission.TICKETS_READ)]
_WRITE = [requires(Permission.CHANGES_GOVERN)]
Name = Annotated[str, Path(max_length=40)]


async def _one(request: Request, name: str) -> SystemShape:
    for system, last in await context_of(request).tickets.listed():
        if system.name == name:
            return system_shape(system, last)
    raise NotFound("ticket system", name)


@router.get("/ticket-systems", operation_id="listTicketSystems", response_model=list[SystemShape], dependencies=_READ)
async def list_systems(request: Request) -> object:
    """List the systems changes are taken from, without what logs in there, and what the last look brought."""
    return [system_shape(system, last) for system, last in await context_of(request).tickets.listed()]


@router.get("/ticket-systems/{name}", operation_id="getTicketSystem", response_model=SystemShape, dependencies=_READ)
async def get_system(request: Request, name: Name) -> object:
    """Get one system, and what the last look at it brought."""
    return await _one(request, name)


@router.put("/ticket-systems/{name}", operation_id="saveTicketSystem", response_model=SystemShape, dependencies=_WRITE)
async def save_system(request: Request, name: Name, asked: SystemAsked) -> object:
    """Set a system up, or write it anew; at another address it needs what logs in again."""
    context, secret = context_of(request), asked.secret.plain() if asked.secret else None
    async with acting(request) as act:
        await systems.save(act, context.vault, asked.plain(name), secret)
    log.info("ticket system saved", system=name, kind=asked.kind, by=request.state.principal.name)
    return await _one(request, name)


@router.delete("/ticket-systems/{name}", operation_id="removeTicketSystem", status_code=204, dependencies=_WRITE)
async def remove_system(request: Request, name: Name) -> Response:
    """Forget a system and what logs in there; what was made of its changes stays."""
    async with acting(request) as act:
        await systems.remove(act, name)
    log.info("ticket system removed", system=name, by=request.state.principal.name)
    return Response(status_code=204)


@router.post(
    "/ticket-systems/{name}/pulls", operation_id="pullTicketSystem", response_model=ReportShape, dependencies=_WRITE
)
async def pull(request: Request, name: Name) -> object:
    """Look at a system now: take its changes, follow those that are known, and say what was not taken and why."""
    async with acting(request) as act:
        await systems.ask(act, name)
    return await context_of(request).tickets.pull(name)
