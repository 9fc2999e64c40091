"""`/api/v1/pins`: who each address is known to be, and which of them shows another key now."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import APIRouter, Query, Request, Response

from collector.api import parts, sweep_shapes
from collector.api.access import requires
from collector.api.acting import acting
from collector.api.asking import PinsAsked
from collector.api.context import Context, context_of
from collector.api.sweep_shapes import Part, PinAccepted, PinNamed
from collector.security.roles import Permission
from collector.services import pins
from collector.services.missing import NotFound

log = structlog.get_logger(__name__)
router = APIRouter(tags=["credentials"])
_READ = [requires(Permission.CREDENTIALS_READ)]
_WRITE = [requires(Permission.CREDENTIALS_WRITE)]


async def _one(context: Context, named: PinNamed) -> pins.PinRow:
    async with context.store.read() as connection:
        found = await pins.one(connection, named.key)
    if found is None:
        raise NotFound("pin", named.address)
    return found


@router.get("/pins", operation_id="listPins", response_model=Part[sweep_shapes.Pin], dependencies=_READ)
async def list_pins(request: Request, asked: Annotated[PinsAsked, Query()]) -> object:
    """List host keys, TLS keys and SNMP engines by zone and address; `changed`: another one is shown now."""
    zone, address, kind = parts.after(asked.cursor, 3) or ("", "", "")
    behind = (zone, address, kind) if asked.cursor else None
    async with context_of(request).store.read() as connection:
        found = await pins.listed(connection, asked.state or "", behind, asked.limit + 1)
    return parts.part(found, asked.limit, lambda each: (each.zone, each.address, each.kind))


@router.post("/pins/accept", operation_id="acceptPin", response_model=sweep_shapes.Pin, dependencies=_WRITE)
async def accept_pin(request: Request, asked: PinAccepted) -> object:
    """Trust this key at this address from now on, in place of whatever was trusted before."""
    context = context_of(request)
    await _one(context, asked)
    async with acting(request) as act:
        await pins.accept(act, asked.key, asked.value)
    log.info("key accepted", zone=asked.zone, address=asked.address, kind=asked.kind, by=request.state.principal.name)
    return await _one(context, asked)


@router.post("/pins/forget", operation_id="forgetPin", status_code=204, dependencies=_WRITE)
async def forget_pin(request: Request, asked: PinNamed) -> Response:
    """Forget the key of an address: the next one it shows is as new."""
    await _one(context_of(request), asked)
    async with acting(request) as act:
        await pins.forget(act, asked.key)
    log.info("key forgotten", zone=asked.zone, address=asked.address, kind=asked.kind, by=request.state.principal.name)
    return Response(status_code=204)
