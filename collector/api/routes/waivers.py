"""`/api/v1/waivers` and `/maintenance-windows`: what is let off and until when, and when nobody is to be called."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from collector.api import alert_shapes
from collector.api.access import requires
from collector.api.acting import acting
from collector.api.alert_shapes import WaiverAsked, WaiverDecided, WaiverShape, WindowAsked, WindowShape
from collector.api.asking import moment
from collector.api.change_shapes import Made
from collector.api.context import context_of
from collector.maintenance import Recurrence
from collector.security.roles import Permission
from collector.services import maintenance_windows, waivers

router = APIRouter(tags=["rules"])
_READ = [requires(Permission.RULES_READ)]
_WAIVE = [requires(Permission.RULES_WAIVE)]


@router.get("/waivers", operation_id="listWaivers", response_model=list[WaiverShape], dependencies=_READ)
async def list_waivers(request: Request) -> object:
    """List waivers, those to be decided on first."""
    context = context_of(request)
    async with context.store.read() as connection:
        rows = await waivers.listed(connection, context.rulebook.rules, context.clock())
    return [alert_shapes.waiver(row) for row in rows]


@router.get("/waivers/{number}", operation_id="getWaiver", response_model=WaiverShape, dependencies=_READ)
async def get_waiver(request: Request, number: str) -> object:
    """Get one waiver."""
    context = context_of(request)
    async with context.store.read() as connection:
        return alert_shapes.waiver(await waivers.one(connection, context.rulebook.rules, number, context.clock()))


@router.post("/waivers", operation_id="askWaiver", status_code=201, response_model=Made, dependencies=_WAIVE)
async def ask(request: Request, asked: WaiverAsked) -> object:
    """Ask for a waiver; it holds once somebody else grants it."""
    new = waivers.Asked(
        asked.rule, asked.reason, moment(asked.expires, "expires") or 0, asked.effect, asked.level, asked.scope,
        asked.instance, asked.risk, asked.ticket, moment(asked.starts, "starts") or 0,
    )  # fmt: skip
    async with acting(request) as act:
        number = await waivers.ask(act, new, context_of(request).rulebook.rules)
    return {"number": number}


@router.post("/waivers/{number}/decisions", operation_id="decideWaiver", response_model=Made, dependencies=_WAIVE)
async def decide(request: Request, number: str, asked: WaiverDecided) -> object:
    """Grant or refuse a waiver somebody else asks for, or end one before its time."""
    rules = context_of(request).rulebook.rules
    async with acting(request) as act:
        await waivers.decide(act, asked.decision, number, rules, asked.reason)
    return {"number": number}


@router.get(
    "/maintenance-windows", operation_id="listMaintenanceWindows", response_model=list[WindowShape], dependencies=_READ
)
async def list_windows(request: Request) -> object:
    """List maintenance windows and silences: those that are held first, then those to come."""
    context = context_of(request)
    async with context.store.read() as connection:
        rows = await maintenance_windows.listed(connection, context.clock())
    return [alert_shapes.window(row) for row in rows]


@router.post("/maintenance-windows", operation_id="setMaintenanceWindow", status_code=201, dependencies=_WAIVE)
async def set_window(request: Request, asked: WindowAsked) -> dict[str, str]:
    """Set a maintenance window or a silence."""
    again = asked.recurrence
    new = maintenance_windows.Asked(
        asked.name, moment(asked.start, "start") or 0, moment(asked.end, "end") or 0, asked.kind, asked.reason,
        Recurrence(again.rrule, again.zone, moment(again.until, "until") or 0) if again else None, tuple(asked.cis),
        tuple(asked.classes), asked.match, asked.children, tuple(asked.rules), asked.instance,
    )  # fmt: skip
    async with acting(request) as act:
        uid = await maintenance_windows.set_(act, new, context_of(request).rulebook.rules)
    return {"id": uid}


@router.delete("/maintenance-windows/{uid}", operation_id="endMaintenanceWindow", status_code=204, dependencies=_WAIVE)
async def end_window(request: Request, uid: str) -> Response:
    """End a window before its time."""
    async with acting(request) as act:
        await maintenance_windows.end(act, uid)
    return Response(status_code=204)
