"""`/api/v1/channels`: ways by which incidents reach people and other systems, and how each fares."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import APIRouter, Path, Request, Response

from collector.api.access import requires
from collector.api.acting import acting
from collector.api.channel_shapes import AgainShape, AnswerShape, ChannelAsked, ChannelShape, channel_shape
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services.channels import setup, trying

log = structlog.get_logger(__name__)
router = APIRouter(tags=["channels"])
_READ = [requires(Permission.CHANNELS_READ)]
_WRITE = [requires(Permission.CHANNELS_WRITE)]
Name = Annotated[str, Path(max_length=40)]


async def _one(request: Request, name: str) -> ChannelShape:
    context = context_of(request)
    async with context.store.read() as connection:
        return channel_shape(await setup.one(connection, name), context.clock())


@router.get("/channels", operation_id="listChannels", response_model=list[ChannelShape], dependencies=_READ)
async def list_channels(request: Request) -> object:
    """List the channels, without what logs in there, and how each fares."""
    context = context_of(request)
    async with context.store.read() as connection:
        return [channel_shape(each, context.clock()) for each in await setup.listed(connection)]


@router.get("/channels/{name}", operation_id="getChannel", response_model=ChannelShape, dependencies=_READ)
async def get_channel(request: Request, name: Name) -> object:
    """Get one channel, and how it fares."""
    return await _one(request, name)


@router.put("/channels/{name}", operation_id="saveChannel", response_model=ChannelShape, dependencies=_WRITE)
async def save_channel(request: Request, name: Name, asked: ChannelAsked) -> object:
    """Set a channel up, or write it anew; at another address it needs what logs in again."""
    async with acting(request) as act:
        await setup.save(act, context_of(request).vault, asked.plain(name), asked.secret)
    log.info("channel saved", channel=name, kind=asked.kind, by=request.state.principal.name)
    context_of(request).wake_courier()
    return await _one(request, name)


@router.delete("/channels/{name}", operation_id="removeChannel", status_code=204, dependencies=_WRITE)
async def remove_channel(request: Request, name: Name) -> Response:
    """Forget a channel and what logs in there; what waits for it is not sent any more."""
    async with acting(request) as act:
        await setup.remove(act, name)
    log.info("channel removed", channel=name, by=request.state.principal.name)
    context_of(request).wake_courier()
    return Response(status_code=204)


@router.post("/channels/{name}/tests", operation_id="testChannel", response_model=AnswerShape, dependencies=_WRITE)
async def test_channel(request: Request, name: Name) -> object:
    """Send a message that only tries whether the channel works; a ticket system is only asked."""
    context = context_of(request)
    return await trying.tried(lambda: acting(request), context.vault, context.clock, name)


@router.post("/channels/{name}/again", operation_id="resendChannel", response_model=AgainShape, dependencies=_WRITE)
async def again(request: Request, name: Name) -> object:
    """Have what was given up for a channel tried again."""
    async with acting(request) as act:
        count = await setup.again(act, name)
    context_of(request).wake_courier()
    return AgainShape(messages=count)
