"""`/api/v1/audit`: who did what, and whether what is told of it is still what was written."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from collector.api import asking, audit_shapes, shapes
from collector.api.access import requires
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services import audit
from collector.store.browse.audit import AuditQuery

router = APIRouter(tags=["audit"], dependencies=[requires(Permission.AUDIT_READ)])

MAX_STRETCH = 5000


@router.get("/audit", operation_id="listAudit", response_model=shapes.Paged[audit_shapes.Row])
async def list_audit(request: Request, asked: Annotated[asking.AuditAsked, Query()]) -> object:
    """List what was done, newest first."""
    since, until = asking.moment(asked.since, "since"), asking.moment(asked.until, "until")
    query = AuditQuery(asked.actor, tuple(asked.actions), asked.object, since, until, asked.q)
    async with context_of(request).store.read() as connection:
        return await audit.listed(connection, query, asked.window)


@router.get("/audit/chain", operation_id="readAuditChain", response_model=list[audit_shapes.Link])
async def read_chain(
    request: Request,
    after: Annotated[int, Query(ge=0, lt=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_STRETCH)] = 1000,
) -> object:
    """Read the log as it is chained, oldest first, behind number `after`: anyone can check it."""
    async with context_of(request).store.read() as connection:
        return await audit.stretch(connection, after, limit)


@router.get("/audit/anchor", operation_id="getAuditAnchor", response_model=audit_shapes.Anchor)
async def get_anchor(request: Request) -> object:
    """Get the present head, signed; keep it where whoever owns the database has no say."""
    context = context_of(request)
    async with context.store.read() as connection:
        return await audit.anchored(connection, context.authority)


@router.get("/audit/anchors", operation_id="listAuditAnchors", response_model=list[audit_shapes.DayAnchor])
async def list_anchors(request: Request) -> object:
    """List the anchor of each day, oldest first."""
    async with context_of(request).store.read() as connection:
        return await audit.daily(connection)


@router.post("/audit/verification", operation_id="verifyAudit", response_model=audit_shapes.Verdict)
async def verify(request: Request, asked: audit_shapes.VerificationAsked) -> object:
    """Check the whole chain, and that it holds the anchors of all days and the given ones; name the first row that is
    not what was written, and the days whose anchors are not.
    """
    context = context_of(request)
    heads = audit.heads(context.authority, [each.model_dump() for each in asked.anchors])
    async with context.store.read() as connection:
        return await audit.checked(connection, context.authority, heads)
