"""What somebody does through page or API: one transaction, with its row in the audit log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request

from collector.api.context import context_of
from collector.security import audit
from collector.security.audit import Act, Actor
from collector.security.sessions import Principal


def who(request: Request) -> Actor:
    """Return who asks, and from where. A route that lets only some in has made sure that somebody does."""
    principal: Principal = request.state.principal
    return actor(request, principal.name, "page" if principal.session else "token")


def actor(request: Request, name: str, by: str) -> Actor:
    return Actor(name, f"{by} {request.client.host}" if request.client else by)


@asynccontextmanager
async def acting(request: Request) -> AsyncIterator[Act]:
    """Let whoever asks act, in one transaction; what it does not tell, or what cannot be written down, is undone."""
    context = context_of(request)
    async with audit.acting(context.store, who(request), context.clock) as act:
        yield act
