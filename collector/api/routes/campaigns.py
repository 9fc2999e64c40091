"""`/api/v1/findings/campaigns`: what moved alike on many CIs within a day."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request

from collector.api import finding_shapes
from collector.api.access import requires
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services import campaigns

router = APIRouter(tags=["findings"], dependencies=[requires(Permission.FINDINGS_READ)])


@router.get("/findings/campaigns", operation_id="listCampaigns", response_model=list[finding_shapes.Campaign])
async def list_campaigns(request: Request) -> object:
    """List the campaigns among the open findings, the widest first. Accept one by the ids of its findings."""
    async with context_of(request).store.read() as connection:
        return await campaigns.listed(connection)


@router.get("/findings/campaigns/{number}", operation_id="getCampaign", response_model=finding_shapes.Campaign)
async def get_campaign(request: Request, number: Annotated[int, Path(ge=1, lt=2**62)]) -> object:
    """Get the campaign to which a finding belongs."""
    async with context_of(request).store.read() as connection:
        return await campaigns.one(connection, number)
