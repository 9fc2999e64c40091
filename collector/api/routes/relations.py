"""`/api/v1/cis/{id}/relations`: what people say one CI is to another."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services import relations

log = structlog.get_logger(__name__)
router = APIRouter(tags=["cis"], dependencies=[requires(Permission.CIS_WRITE)])


class RelationAsked(BaseModel):
    """The CI is `kind` the one with the id `to`."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(max_length=40, description=f"one of {', '.join(relations.KINDS)}")
    to: str = Field(max_length=64)


@router.post("/cis/{uid}/relations", operation_id="relateCi", status_code=204)
async def relate(request: Request, uid: str, asked: RelationAsked) -> Response:
    """Say that a CI is related to another, in the classes one administers; it holds until it is taken back."""
    async with acting(request) as act:
        await relations.tie(act, request.state.principal.roles, uid, asked.kind, asked.to, context_of(request).tied)
    log.info("relation said", ci=uid, kind=asked.kind, by=request.state.principal.name)
    return Response(status_code=204)


@router.delete("/cis/{uid}/relations/{kind}/{other}", operation_id="unrelateCi", status_code=204)
async def unrelate(request: Request, uid: str, kind: str, other: str) -> Response:
    """Take back a relation people said; one that a device tells stands as long as it does."""
    async with acting(request) as act:
        await relations.untie(act, request.state.principal.roles, uid, kind, other, context_of(request).tied)
    log.info("relation taken back", ci=uid, kind=kind, by=request.state.principal.name)
    return Response(status_code=204)
