"""`/api/v1/cis/{id}/configurations`: the versions that are kept, their text, and what differs between two."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from collector.api import configuration_shapes as shapes
from collector.api.access import requires
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services import cis, configurations

router = APIRouter(tags=["cis"], dependencies=[requires(Permission.CIS_READ)])

Digest = Annotated[str, Query(min_length=64, max_length=64)]


@router.get("/cis/{uid}/configurations", operation_id="listCiConfigurations", response_model=list[shapes.Version])
async def list_configurations(request: Request, uid: str) -> object:
    """List the configurations of one CI that are known, newest first."""
    async with context_of(request).store.read() as connection:
        return (await configurations.of_ci(connection, await cis.one(connection, uid))).versions


@router.get(
    "/cis/{uid}/configurations/difference", operation_id="compareCiConfigurations", response_model=shapes.Difference
)
async def compare_configurations(request: Request, uid: str, old: Digest, new: Digest) -> object:
    """Compare two of them line by line; secrets are hidden, and it is told where one is not what it was."""
    async with context_of(request).store.read() as connection:
        return await configurations.compared(connection, await cis.one(connection, uid), old, new)


@router.get(
    "/cis/{uid}/configurations/{sha256}", operation_id="getCiConfiguration", response_class=Response,
    responses={200: {"content": {"text/plain": {}}, "description": "The text, secrets as keyed hashes."}},
)  # fmt: skip
async def get_configuration(request: Request, uid: str, sha256: str) -> Response:
    """Get the text of one of them."""
    async with context_of(request).store.read() as connection:
        text = await configurations.text(connection, await cis.one(connection, uid), sha256)
    return Response(text, media_type="text/plain; charset=utf-8")
