"""`/api/v1/in/pagerduty/{channel}`: what people said in PagerDuty of incidents we told it of; its signature logs in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Path, Request

from collector.api.access import NotLoggedIn, public
from collector.api.channel_shapes import HeardShape
from collector.api.context import context_of
from collector.services.channels.hearing import Hearing, NotSigned
from collector.services.channels.resolving import Resolving
from collector.services.inbound.pagerduty_webhook import HEADER

router = APIRouter(tags=["alerts"])


@router.post(
    "/in/pagerduty/{channel}", operation_id="hearFromPagerDuty", response_model=HeardShape, status_code=202,
    dependencies=[public()],
)  # fmt: skip
async def hear(
    request: Request,
    channel: Annotated[str, Path(max_length=40)],
    signature: Annotated[str, Header(alias=HEADER, max_length=1000)] = "",
) -> HeardShape:
    """Take a webhook (version 3) of PagerDuty: acknowledged or resolved there is so here."""
    context = context_of(request)
    hearing = Hearing(context.store, context.vault, context.clock, Resolving(context.service_desk))
    try:
        return HeardShape(changed=await hearing(channel, await request.body(), signature))
    except NotSigned:
        raise NotLoggedIn from None
