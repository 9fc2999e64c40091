"""`/api/v1/sweeps`: what was swept, how far each target came, and why not further."""

from __future__ import annotations

from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Query, Request, Response

from collector.api import asking, parts, sweep_shapes
from collector.api.access import requires
from collector.api.acting import acting
from collector.api.answer import tagged
from collector.api.context import Context, context_of
from collector.api.shapes import CiName
from collector.api.streams import stream
from collector.api.sweep_shapes import Part, Subnet, Target
from collector.security.roles import Permission
from collector.services import sweeps, swept
from collector.services.missing import NotFound

log = structlog.get_logger(__name__)
router = APIRouter(tags=["sweeps"])
_READ = [requires(Permission.SWEEPS_READ)]
_WRITE = [requires(Permission.SWEEPS_WRITE)]


async def _one(context: Context, uid: str) -> sweeps.Sweep:
    async with context.store.read() as connection:
        found = await sweeps.one(connection, uid)
    if found is None:
        raise NotFound("sweep", uid)
    return found


@router.get("/sweeps", operation_id="listSweeps", response_model=Part[sweep_shapes.Sweep], dependencies=_READ)
async def list_sweeps(request: Request, asked: Annotated[asking.SweepsAsked, Query()]) -> object:
    """List sweeps, newest first."""
    (behind,) = parts.after(asked.cursor) or ("",)
    async with context_of(request).store.read() as connection:
        found = await sweeps.recent(connection, asked.limit + 1, behind, asked.plan or "")
    return parts.part(found, asked.limit, lambda each: (each.uid,))


@router.post(
    "/sweeps", operation_id="startSweep", status_code=201, response_model=sweep_shapes.Sweep, dependencies=_WRITE
)
async def start_sweep(request: Request, asked: sweep_shapes.SweepAsked) -> object:
    """Start a sweep of a plan: it waits for the next probe of its zone."""
    context, by = context_of(request), request.state.principal.name
    async with acting(request) as act:
        if await sweeps.plan(act.tx, asked.plan) is None:
            raise NotFound("plan", asked.plan)
        uid = await sweeps.start(act, asked.plan)
    context.wake_probes()
    log.info("sweep asked for", sweep=uid, plan=asked.plan, by=by)
    return await _one(context, uid)


@router.get("/sweeps/{uid}", operation_id="getSweep", response_model=sweep_shapes.Sweep, dependencies=_READ)
async def get_sweep(request: Request, uid: str) -> Response:
    """Get one sweep."""
    return tagged(request, sweep_shapes.Sweep.model_validate(await _one(context_of(request), uid)))


@router.post("/sweeps/{uid}/cancel", operation_id="cancelSweep", status_code=204, dependencies=_WRITE)
async def cancel_sweep(request: Request, uid: str) -> Response:
    """Cancel a sweep that waits or runs; what it has found stays. One that has ended stays as it is."""
    context, by = context_of(request), request.state.principal.name
    await _one(context, uid)
    async with acting(request) as act:
        await sweeps.cancel(act, uid)
    context.wake_probes()
    log.info("sweep cancelled", sweep=uid, by=by)
    return Response(status_code=204)


@router.post(
    "/sweeps/{uid}/again", operation_id="sweepFailedAgain", status_code=201, response_model=sweep_shapes.Sweep,
    dependencies=_WRITE,
)  # fmt: skip
async def sweep_again(request: Request, uid: str) -> object:
    """Sweep the targets of an ended sweep that failed once more."""
    context, by = context_of(request), request.state.principal.name
    await _one(context, uid)
    async with acting(request) as act:
        made = await sweeps.again(act, uid)
    context.wake_probes()
    log.info("failed targets swept again", sweep=made, of=uid, by=by)
    return await _one(context, made)


@router.get("/sweeps/{uid}/targets", operation_id="listSweepTargets", response_model=Part[Target], dependencies=_READ)
async def list_targets(request: Request, uid: str, asked: Annotated[asking.TargetsAsked, Query()]) -> object:
    """List the ledger of a sweep by address: how far each target came, and why not further."""
    context = context_of(request)
    sweep = await _one(context, uid)
    cause = "" if asked.well else asked.cause
    (behind,) = parts.after(asked.cursor) or ("",)
    async with context.store.read() as connection:
        found = await sweeps.targets(connection, uid, cause, asked.stage, behind, asked.limit + 1)
        told = parts.part(found, asked.limit, lambda each: (each.address,))
        known = await swept.cis(connection, sweep.zone, [each.address for each in told["items"]])
    return told | {"items": [_target(each, known.get(each.address)) for each in told["items"]]}


def _target(target: sweeps.Target, ci: Any) -> Target:
    shown = Target.model_validate(target)
    return shown.model_copy(
        update={
            "cause": target.cause or None,
            "credential": target.credential or None,
            "ci": CiName.model_validate(ci) if ci else None,
        }
    )


@router.get("/sweeps/{uid}/coverage", operation_id="getSweepCoverage", response_model=list[Subnet], dependencies=_READ)
async def get_coverage(request: Request, uid: str) -> object:
    """Tell of each subnet how many targets are alive, identified, and failed for which cause."""
    context = context_of(request)
    await _one(context, uid)
    async with context.store.read() as connection:
        return await sweeps.coverage(connection, uid)


@router.get(
    "/sweeps/{uid}/events", operation_id="followSweep", dependencies=_READ, response_class=Response,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)  # fmt: skip
async def follow(request: Request, uid: str) -> Response:
    """Follow a sweep: `counts` each time they move, `ended` at the end; both with state and counts."""
    context = context_of(request)
    await _one(context, uid)

    async def look() -> tuple[dict[str, Any], bool]:
        sweep = await _one(context, uid)
        return {"state": sweep.state, "counts": dict(sweep.counts)}, sweep.has_ended

    return stream(request, look)
