"""Accounts: who may come in, in which roles; for those who administer them."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.security import accounts
from collector.security.accounts import BadAccount
from collector.security.roles import ROLES, BadRoles, Permission
from collector.services.missing import NotFound
from collector.store import accounts as kept_accounts
from collector.store.accounts import AccountRow
from collector.web.render import page
from collector.web.viewer import viewer_of
from collector.web.words import CLASSES

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False)
_READ = [requires(Permission.ACCOUNTS_READ)]
_WRITE = [requires(Permission.ACCOUNTS_WRITE)]
_SCOPED = "config_admin"


async def _all(request: Request, status: int = 200, error: str = "", link: str = "", name: str = "") -> Response:
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await kept_accounts.everyone(connection)
    classes = [each for each in CLASSES if each != "unknown"]
    return page(
        viewer, "accounts.html", status, accounts=found, roles=[role for role in ROLES if role != _SCOPED],
        scoped=_SCOPED, classes=classes, error=error, link=link, name=name,
        has_scope=_has_scope,
    )  # fmt: skip


def _has_scope(roles: tuple[str, ...], ci_class: str) -> bool:
    return any(ci_class in role.partition(":")[2].split(",") for role in roles)


async def _roles(request: Request) -> tuple[str, ...]:
    """The roles a form asks for; classes of the configuration administrator are one role."""
    form = await request.form()
    roles = [str(each) for each in form.getlist("role")]
    scope = [str(each) for each in form.getlist("scope")]
    return (*roles, f"{_SCOPED}:{'*' if '*' in scope else ','.join(scope)}") if scope else tuple(roles)


async def _one(connection: AsyncConnection, number: int) -> AccountRow:
    found = await kept_accounts.by_id(connection, number)
    if found is None:
        raise NotFound("account", str(number))
    return found


@router.get("/settings/accounts", dependencies=_READ)
async def accounts_page(request: Request) -> Response:
    return await _all(request)


@router.post("/settings/accounts", dependencies=_WRITE)
async def create(request: Request) -> Response:
    """Add an account and show the one-time link its owner comes in by."""
    form = await request.form()
    name = str(form.get("name", "")).strip().lower()
    try:
        async with acting(request) as act:
            made = await accounts.create(act, name, await _roles(request))
            link = await accounts.login_link(act, made)
    except BadAccount as error:
        return await _all(request, 400, f"account.{error.code}")
    except BadRoles:
        return await _all(request, 400, "account.roles")
    log.info("account made", account=name, by=request.state.principal.name)
    return await _all(request, link=_whole(request, link), name=name)


@router.post("/settings/accounts/{number}/link", dependencies=_WRITE)
async def make_link(request: Request, number: int) -> Response:
    async with acting(request) as act:
        account = await _one(act.tx, number)
        link = await accounts.login_link(act, account)
    log.info("login link made", account=account.name, by=request.state.principal.name)
    return await _all(request, link=_whole(request, link), name=account.name)


@router.post("/settings/accounts/{number}/roles", dependencies=_WRITE)
async def set_roles(request: Request, number: int) -> Response:
    try:
        async with acting(request) as act:
            account = await _one(act.tx, number)
            await accounts.set_roles(act, account, await _roles(request))
    except BadAccount as error:
        return await _all(request, 400, f"account.{error.code}")
    except BadRoles:
        return await _all(request, 400, "account.roles")
    log.info("roles set", account=account.name, by=request.state.principal.name)
    return RedirectResponse("/settings/accounts", 303)


@router.post("/settings/accounts/{number}/state", dependencies=_WRITE)
async def set_state(request: Request, number: int) -> Response:
    """Disable or enable an account."""
    form = await request.form()
    try:
        async with acting(request) as act:
            account = await _one(act.tx, number)
            await (accounts.enable if form.get("state") == "active" else accounts.disable)(act, account)
    except BadAccount as error:
        return await _all(request, 400, f"account.{error.code}")
    log.info("account state set", account=account.name, state=form.get("state"), by=request.state.principal.name)
    return RedirectResponse("/settings/accounts", 303)


def _whole(request: Request, path: str) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{path}"
