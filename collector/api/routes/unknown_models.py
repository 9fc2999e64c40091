"""`/api/v1/unknown-models`: devices no definition knows, and the samples to write one from."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from collector.api.access import requires
from collector.api.context import context_of
from collector.api.files import kept_as
from collector.api.sweep_shapes import UnknownModel
from collector.security.roles import Permission
from collector.services import unknown_models

router = APIRouter(tags=["sweeps"], dependencies=[requires(Permission.SWEEPS_READ)])


@router.get("/unknown-models", operation_id="listUnknownModels", response_model=list[UnknownModel])
async def list_models(request: Request, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> object:
    """List devices no definition knows by sysObjectID and maker, those with most devices first."""
    async with context_of(request).store.read() as connection:
        return (await unknown_models.models(connection))[:limit]


@router.get(
    "/unknown-models/samples/{uid}", operation_id="getSample", response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)  # fmt: skip
async def get_sample(request: Request, uid: str) -> Response:
    """Get the newest sample of a CI as a `.snmprec`: names, addresses and secrets are taken out; look it over."""
    async with context_of(request).store.read() as connection:
        found = await unknown_models.sample(connection, uid)
    return Response(found.lines, media_type="text/plain; charset=utf-8", headers=kept_as(found.file))
