"""`/api/v1/cis/{id}/locks`: values people hold in their place until a day, with what sources say against them."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.api import asking, lock_shapes
from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.model import Path
from collector.security.roles import Permission
from collector.services import cis, locks
from collector.services.locks import Asked

log = structlog.get_logger(__name__)
router = APIRouter(tags=["cis"])


@router.get(
    "/cis/{uid}/locks", operation_id="listCiLocks", response_model=list[lock_shapes.Lock],
    dependencies=[requires(Permission.CIS_READ)],
)  # fmt: skip
async def list_locks(request: Request, uid: str) -> object:
    """List what is locked on one CI: each a standing question where a source says something else."""
    async with context_of(request).store.read() as connection:
        return await _on(connection, uid)


@router.post(
    "/cis/{uid}/locks", operation_id="lockCiValue", response_model=list[lock_shapes.Lock],
    dependencies=[requires(Permission.CIS_WRITE)],
)  # fmt: skip
async def lock_value(request: Request, uid: str, asked: lock_shapes.LockAsked) -> object:
    """Lock a value until a day, or renew its lock, in the classes one administers; list what is locked then."""
    until = asking.moment(asked.until, "until") or 0
    wanted = Asked(Path(asked.section, asked.key), until, asked.reason, asked.change, asked.value)
    async with acting(request) as act:
        await context_of(request).locker.lock(act, request.state.principal.roles, uid, wanted)
        found = await _on(act.tx, uid)
    log.info("value locked", ci=uid, section=asked.section, by=request.state.principal.name)
    return found


@router.post(
    "/cis/{uid}/locks/release", operation_id="unlockCiValue", response_model=list[lock_shapes.Lock],
    dependencies=[requires(Permission.CIS_WRITE)],
)  # fmt: skip
async def unlock_value(request: Request, uid: str, asked: lock_shapes.UnlockAsked) -> object:
    """Let a value follow its sources again; list what is still locked."""
    path = Path(asked.section, asked.key)
    async with acting(request) as act:
        await context_of(request).locker.release(act, request.state.principal.roles, uid, path, asked.reason)
        found = await _on(act.tx, uid)
    log.info("value unlocked", ci=uid, section=asked.section, by=request.state.principal.name)
    return found


async def _on(connection: AsyncConnection, uid: str) -> list[lock_shapes.Lock]:
    ci = await cis.one(connection, uid)
    return [lock_shapes.lock(each) for each in await locks.on_ci(connection, ci.id)]
