"""`/api/v1/accounts`: who may come in, and the one-time links they come in by."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from collector.api import shapes
from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.security import accounts
from collector.security.roles import Permission
from collector.services.missing import NotFound
from collector.store import accounts as kept_accounts

log = structlog.get_logger(__name__)
router = APIRouter(tags=["accounts"])


class AccountAsked(BaseModel):
    """A new account: it has no password; its owner comes in by a link."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=2, max_length=64)
    roles: list[str] = Field(max_length=20)


@router.get(
    "/accounts", operation_id="listAccounts", response_model=list[shapes.Account],
    dependencies=[requires(Permission.ACCOUNTS_READ)],
)  # fmt: skip
async def list_accounts(request: Request) -> object:
    """List accounts."""
    async with context_of(request).store.read() as connection:
        return await kept_accounts.everyone(connection)


@router.post(
    "/accounts", operation_id="createAccount", status_code=201, response_model=shapes.LoginLink,
    dependencies=[requires(Permission.ACCOUNTS_WRITE)],
)  # fmt: skip
async def create_account(request: Request, asked: AccountAsked) -> shapes.LoginLink:
    """Add an account and make its first login link."""
    async with acting(request) as act:
        made = await accounts.create(act, asked.name.strip().lower(), tuple(asked.roles))
        path = await accounts.login_link(act, made)
    log.info("account made", account=made.name, by=request.state.principal.name)
    return shapes.LoginLink(name=made.name, path=path)


@router.post(
    "/accounts/{name}/login-link", operation_id="createLoginLink", status_code=201, response_model=shapes.LoginLink,
    dependencies=[requires(Permission.ACCOUNTS_WRITE)],
)  # fmt: skip
async def create_link(request: Request, name: str) -> shapes.LoginLink:
    """Make a link that logs an account in once, within 30 minutes."""
    async with acting(request) as act:
        found = await kept_accounts.by_name(act.tx, name)
        if found is None:
            raise NotFound("account", name)
        path = await accounts.login_link(act, found)
    log.info("login link made", account=name, by=request.state.principal.name)
    return shapes.LoginLink(name=name, path=path)
