"""`/api/v1/change-templates` and `/api/v1/freezes`: what is approved beforehand, and when nothing is done."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from collector.api.access import requires
from collector.api.acting import acting
from collector.api.asking import moment
from collector.api.change_bodies import FreezeAsked, TemplateAsked, TemplateDecided
from collector.api.change_shapes import FreezeShape, Made, TemplateShape
from collector.api.context import context_of
from collector.api.routes.changes import who, window_of
from collector.model import Path
from collector.security.roles import Permission
from collector.services.changes import freezing, templates
from collector.services.changes.templates import NewTemplate
from collector.services.missing import NotFound

router = APIRouter(tags=["changes"])
_READ = [requires(Permission.CHANGES_READ)]
_RAISE = [requires(Permission.CHANGES_RAISE)]
_GOVERN = [requires(Permission.CHANGES_GOVERN)]


@router.get(
    "/change-templates", operation_id="listChangeTemplates", response_model=list[TemplateShape], dependencies=_READ
)
async def list_templates(request: Request) -> object:
    """List templates of standard changes, newest first."""
    async with context_of(request).store.read() as connection:
        return await templates.everyone(connection)


@router.post(
    "/change-templates", operation_id="proposeChangeTemplate", status_code=201, response_model=Made,
    dependencies=_RAISE,
)  # fmt: skip
async def propose(request: Request, asked: TemplateAsked) -> object:
    """Propose a template; it covers nothing until a supervisor approves it."""
    paths = [Path(each.section, each.key) for each in asked.paths]
    new = NewTemplate(asked.title, asked.text, paths, moment(asked.until, "until") or 0)
    async with acting(request) as act:
        number = await templates.propose(act, new)
    return {"number": number}


@router.post("/change-templates/{number}/decisions", operation_id="decideChangeTemplate", dependencies=_GOVERN)
async def decide(request: Request, number: str, asked: TemplateDecided) -> Made:
    """Approve, refuse or withdraw a template."""
    async with acting(request) as act:
        await templates.decide(act, who(request), number, asked.decision, asked.reason)
    return Made(number=number)


@router.get("/freezes", operation_id="listFreezes", response_model=list[FreezeShape], dependencies=_READ)
async def list_freezes(request: Request) -> object:
    """List freezes that are not over, the earliest first."""
    context = context_of(request)
    async with context.store.read() as connection:
        rows = await freezing.since(connection, context.clock())
    return [
        {
            "id": row.uid, "name": row.freeze.name, "start": row.freeze.window.start, "end": row.freeze.window.end,
            "classes": sorted(row.freeze.ci_classes), "created_by": row.created_by, "created_at": row.created_at,
        }
        for row in rows
    ]  # fmt: skip


@router.post("/freezes", operation_id="setFreeze", status_code=201, dependencies=_GOVERN)
async def set_freeze(request: Request, asked: FreezeAsked) -> dict[str, str]:
    """Set a freeze: nothing but emergencies is planned in it."""
    async with acting(request) as act:
        uid = await freezing.set_(act, asked.name, window_of(asked.window), frozenset(asked.classes))
    return {"id": uid}


@router.delete("/freezes/{uid}", operation_id="liftFreeze", status_code=204, dependencies=_GOVERN)
async def lift_freeze(request: Request, uid: str) -> Response:
    """Lift a freeze."""
    async with acting(request) as act:
        found = await freezing.lift(act, uid)
    if not found:
        raise NotFound("freeze", uid)
    return Response(status_code=204)
