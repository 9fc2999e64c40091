"""`/healthz` (does the process live?) and `/readyz` (can it do its work?)."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from collector.api.access import public
from collector.api.context import Context, context_of
from collector.services import duplicates

router = APIRouter(include_in_schema=False, dependencies=[public()])
ANSWER_S = 3.0
"""How long the database may take before it counts as not there."""


@router.get("/healthz")
async def alive() -> JSONResponse:
    return JSONResponse({"status": "alive"})


@router.get("/readyz")
async def ready(request: Request) -> JSONResponse:
    reasons = await _reasons(context_of(request))
    return (
        JSONResponse({"status": "not ready", "reasons": reasons}, 503) if reasons else JSONResponse({"status": "ready"})
    )


async def _reasons(context: Context) -> list[str]:
    reasons = [] if context.pipeline().alive else ["the pipeline does not run"]
    try:
        async with asyncio.timeout(ANSWER_S), context.store.read() as connection:
            await duplicates.count_open(connection)
    except (SQLAlchemyError, OSError, TimeoutError):
        reasons.append("the database does not answer")
    return reasons
