"""`/api/v1/presence`: who was missed, and the runs whose misses count or do not."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import APIRouter, Query, Request

from collector.api import parts, presence_shapes
from collector.api.access import requires
from collector.api.acting import acting
from collector.api.asking import Asked
from collector.api.context import context_of
from collector.api.presence_shapes import Believed
from collector.api.sweep_shapes import Part
from collector.security.roles import Permission
from collector.services import cis, presence

log = structlog.get_logger(__name__)
router = APIRouter(tags=["presence"])


@router.get(
    "/cis/{uid}/presence", operation_id="getPresence", response_model=presence_shapes.Presence,
    dependencies=[requires(Permission.CIS_READ)],
)  # fmt: skip
async def get_presence(request: Request, uid: str) -> object:
    """Get whether a CI is there: how often it was missed, since when, and how much it takes until it is missing."""
    context = context_of(request)
    async with context.store.read() as connection:
        ci = await cis.one(connection, uid)
        absence = await presence.of_ci(connection, ci.id, context.presence)
    return {"id": ci.uid, "state": ci.state, "absence": absence}


@router.get(
    "/presence/runs", operation_id="listRuns", response_model=Part[presence_shapes.Run],
    dependencies=[requires(Permission.SWEEPS_READ)],
)  # fmt: skip
async def list_runs(request: Request, asked: Annotated[Asked, Query()]) -> object:
    """List the runs in which CIs were looked for, newest first."""
    (behind,) = parts.after(asked.cursor) or ("",)
    async with context_of(request).store.read() as connection:
        found = await presence.runs(connection, asked.limit + 1, behind)
    return parts.part(found, asked.limit, lambda each: (each.reference,))


@router.post(
    "/presence/runs/{reference}/believe", operation_id="believeRun", response_model=presence_shapes.Run,
    dependencies=[requires(Permission.SWEEPS_WRITE)],
)  # fmt: skip
async def believe_run(request: Request, reference: str, asked: Believed) -> object:
    """Let the misses of a run in quarantine count: what is gone is gone."""
    async with acting(request) as act:
        await presence.believe(act, reference, asked.reason)
        found = await presence.run(act.tx, reference)
    log.info("run believed", run=reference, by=request.state.principal.name)
    return found
