"""`/api/v1/duplicates/…`, `/cis/{id}/identity`, `/merges` and `/quarantine`: which CI is which, and who decided it."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import APIRouter, Path, Request, Response

from collector.api import identity_shapes as shapes
from collector.api.access import requires
from collector.api.acting import acting
from collector.api.answer import tagged
from collector.api.context import context_of
from collector.model import Identifier
from collector.security.roles import Permission
from collector.services import cis, duplicates

log = structlog.get_logger(__name__)
router = APIRouter(tags=["cis"])
_READ = [requires(Permission.CIS_READ)]
_WRITE = [requires(Permission.CIS_WRITE)]
Number = Annotated[int, Path(ge=1, lt=2**62)]


@router.get(
    "/duplicates/{number}", operation_id="getDuplicate", response_model=shapes.CaseWhole, dependencies=_READ
)  # fmt: skip
async def get_duplicate(request: Request, number: Number) -> Response:
    """Get one doubt about identity, with what its CIs are known by and how much waits for it."""
    async with context_of(request).store.read() as connection:
        found = await duplicates.one(connection, number)
    held = [{"kind": kind, "value": value, "cis": list(uids)} for kind, value, uids in found.identifiers]
    told = {"case": found.case, "waiting": found.waiting, "frozen": found.frozen, "identifiers": held}
    return tagged(request, shapes.CaseWhole.model_validate(told))


@router.post("/duplicates/decide", operation_id="decideDuplicates", response_model=shapes.DecidedShape,
             dependencies=_WRITE)  # fmt: skip
async def decide_duplicates(request: Request, asked: shapes.DecidedAlike) -> object:
    """Decide several doubts of one kind alike, as far as each of them can be."""
    decider, ids = context_of(request).decider, set(asked.ids)
    async with acting(request) as act:
        left = await decider.decide_many(act, request.state.principal.roles, ids, asked.value)
    decider.decided()
    log.info("cases decided", count=len(ids) - len(left), decision=asked.decision, by=request.state.principal.name)
    return {"decided": len(ids) - len(left), "left": left}


@router.post("/duplicates/{number}/decide", operation_id="decideDuplicate", status_code=204, dependencies=_WRITE)
async def decide_duplicate(request: Request, number: Number, asked: shapes.Decided) -> Response:
    """Decide one doubt; what waited for it is applied next, in the order it came."""
    decider = context_of(request).decider
    async with acting(request) as act:
        await decider.decide(act, request.state.principal.roles, number, asked.value)
    decider.decided()
    log.info("case decided", case=number, decision=asked.decision, by=request.state.principal.name)
    return Response(status_code=204)


@router.get("/cis/{uid}/identity", operation_id="getIdentity", response_model=shapes.Identity, dependencies=_READ)
async def get_identity(request: Request, uid: str) -> Response:
    """Say why a CI is one CI: who speaks of it, matched by what; what names it; what was merged or told apart."""
    async with context_of(request).store.read() as connection:
        found = await duplicates.identity(connection, await cis.one(connection, uid))
    return tagged(request, shapes.Identity.model_validate(found))


@router.post("/cis/{uid}/split", operation_id="splitCi", response_model=shapes.Made, dependencies=_WRITE)
async def split_ci(request: Request, uid: str, asked: shapes.SplitAsked) -> object:
    """Let what some of its sources say be a CI of its own."""
    decider = context_of(request).decider
    async with acting(request) as act:
        made = await decider.split(act, request.state.principal.roles, uid, set(asked.sources))
    decider.decided()
    log.info("CI split", ci=uid, made=made, by=request.state.principal.name)
    return {"id": made}


@router.post("/merges/{number}/undo", operation_id="undoMerge", status_code=204, dependencies=_WRITE)
async def undo_merge(request: Request, number: Number) -> Response:
    """Let two CIs that were merged be two again."""
    decider = context_of(request).decider
    async with acting(request) as act:
        await decider.unmerge(act, request.state.principal.roles, number)
    decider.decided()
    log.info("merge undone", merge=number, by=request.state.principal.name)
    return Response(status_code=204)


@router.get(
    "/quarantine", operation_id="listQuarantine", response_model=list[shapes.Suspect], dependencies=_READ
)  # fmt: skip
async def list_quarantine(request: Request) -> object:
    """List the identifiers that name nobody, the newest first; 1,000 at most."""
    async with context_of(request).store.read() as connection:
        return await duplicates.quarantine(connection)


@router.post("/quarantine/lift", operation_id="liftQuarantine", status_code=204, dependencies=_WRITE)
async def lift_quarantine(request: Request, asked: shapes.Named) -> Response:
    """Let an identifier name CIs again."""
    decider = context_of(request).decider
    async with acting(request) as act:
        await decider.lift(act, Identifier(asked.kind, asked.value))
    decider.decided()
    log.info("quarantine lifted", kind=asked.kind, by=request.state.principal.name)
    return Response(status_code=204)
