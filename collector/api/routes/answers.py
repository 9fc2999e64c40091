"""`/api/v1/findings/…`: answers to what moved without approval."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import APIRouter, Path, Request, Response

from collector.api import trouble_shapes as shapes
from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services import reverting

log = structlog.get_logger(__name__)
router = APIRouter(tags=["findings"])
_ANSWER = [requires(Permission.FINDINGS_ANSWER)]
Number = Annotated[int, Path(ge=1, lt=2**62)]


@router.post("/findings/accept", operation_id="acceptFindings", response_model=shapes.AnsweredShape,
             dependencies=_ANSWER)  # fmt: skip
async def accept_findings(request: Request, asked: shapes.AnswerAlike) -> object:
    """Accept several findings as one decision, as far as each of them can be."""
    ids, roles = set(asked.ids), request.state.principal.roles
    async with acting(request) as act:
        left = await context_of(request).answering.accept_alike(act, roles, ids, asked.reason)
        if len(left) == len(ids):
            act.tell("finding.accept", "finding", {}, {"left": [each.id for each in left]})
    log.info("findings accepted", count=len(ids) - len(left), by=request.state.principal.name)
    return {"accepted": len(ids) - len(left), "left": left}


@router.post("/findings/{number}/accept", operation_id="acceptFinding", status_code=204, dependencies=_ANSWER)
async def accept_finding(request: Request, number: Number, asked: shapes.Answer) -> Response:
    """Say that what moved is right as it is: it is what is authorised from then on."""
    async with acting(request) as act:
        await context_of(request).answering.accept(act, request.state.principal.roles, number, asked.reason)
    return Response(status_code=204)


@router.post("/findings/{number}/waive", operation_id="waiveFinding", status_code=204, dependencies=_ANSWER)
async def waive_finding(request: Request, number: Number, asked: shapes.Waiver) -> Response:
    """Let a finding stand without an incident until a day."""
    until, roles = int(asked.until.timestamp() * 1000), request.state.principal.roles
    async with acting(request) as act:
        await context_of(request).answering.waive(act, roles, number, until, asked.reason)
    return Response(status_code=204)


@router.post("/findings/{number}/undo", operation_id="undoFinding", status_code=204, dependencies=_ANSWER)
async def undo_finding(request: Request, number: Number, asked: shapes.Undoing) -> Response:
    """Ask somebody to put it back; the finding closes when it is seen to be as authorised."""
    roles, due_at = request.state.principal.roles, int(asked.due_at.timestamp() * 1000) if asked.due_at else 0
    async with acting(request) as act:
        await context_of(request).answering.undo(act, roles, number, asked.assignee, asked.reason, due_at)
    return Response(status_code=204)


@router.post("/findings/{number}/put-back", operation_id="sayFindingIsPutBack", status_code=204,
             dependencies=[requires(Permission.CHANGES_WRITE)])  # fmt: skip
async def put_back(request: Request, number: Number, asked: shapes.PutBack) -> Response:
    """Say that it is put back, as whom it was asked of; it is looked at, and over when it is seen."""
    async with acting(request) as act:
        await reverting.done(act, number, asked.note)
    return Response(status_code=204)


@router.post("/findings/{number}/call-off", operation_id="callOffRevert", status_code=204, dependencies=_ANSWER)
async def call_off(request: Request, number: Number, asked: shapes.Answer) -> Response:
    """Let it not be put back any more: it waits for another answer."""
    async with acting(request) as act:
        await context_of(request).answering.call_off(act, request.state.principal.roles, number, asked.reason)
    return Response(status_code=204)
