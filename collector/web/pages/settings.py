"""Settings: one's own password, tokens and sessions."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.security import accounts, sessions
from collector.security.accounts import BadAccount, BadLogin
from collector.security.roles import Permission
from collector.security.sessions import BadToken, Principal
from collector.services.missing import NotFound
from collector.store import accounts as kept_accounts
from collector.store import sessions as kept_sessions
from collector.web.render import page
from collector.web.viewer import viewer_of

router = APIRouter(include_in_schema=False, dependencies=[requires(Permission.OWN)])
DAYS = (30, 90, 366)


async def _own(request: Request, status: int = 200, **more: str) -> Response:
    principal: Principal = request.state.principal
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        tokens = await kept_sessions.tokens(connection, principal.account_id)
    shown = {"error": "", "done": "", "token": ""} | more
    return page(viewer, "settings.html", status, tokens=tokens, days=DAYS, **shown)


@router.get("/settings")
async def settings_page(request: Request) -> Response:
    done = request.query_params.get("done", "")
    return await _own(request, done=done if done in ("password", "sessions", "revoked") else "")


@router.post("/settings/password")
async def change_password(request: Request) -> Response:
    context = context_of(request)
    principal: Principal = request.state.principal
    form = await request.form()
    current, new = (str(form.get(name, "")) for name in ("current", "new"))
    if new != str(form.get("again", "")):
        return await _own(request, 400, error="account.password_differs")
    async with context.store.read() as connection:
        account = await kept_accounts.by_id(connection, principal.account_id)
    if account is None:
        raise NotFound("account", principal.name)
    try:
        hashed = await accounts.new_hash(context.store, account, current, new, context.clock)
    except BadLogin:
        return await _own(request, 400, error="account.wrong_password")
    except BadAccount as error:
        return await _own(request, 400, error=f"account.{error.code}")
    async with acting(request) as act:
        await accounts.change_password(act, account, hashed, principal.session)
    return RedirectResponse("/settings?done=password", 303)


@router.post("/settings/sessions")
async def end_sessions(request: Request) -> Response:
    """End every session but this one."""
    async with acting(request) as act:
        await sessions.end_others(act, request.state.principal)
    return RedirectResponse("/settings?done=sessions", 303)


@router.post("/settings/tokens")
async def make_token(request: Request) -> Response:
    """Make an API token and show it, the only time it is seen."""
    form = await request.form()
    days = next((each for each in DAYS if str(each) == form.get("days")), DAYS[0])
    try:
        async with acting(request) as act:
            text = await sessions.make_token(act, request.state.principal, str(form.get("name", "")), days)
    except BadToken:
        return await _own(request, 400, error="account.token_name")
    return await _own(request, token=text)


@router.post("/settings/tokens/{number}/revoke")
async def revoke_token(request: Request, number: int) -> Response:
    async with acting(request) as act:
        await sessions.revoke_token(act, request.state.principal, number)
    return RedirectResponse("/settings?done=revoked", 303)
