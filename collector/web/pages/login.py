"""Coming in and going out: password, one-time link, and the choice of language and theme."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import COOKIE, BadForm, check_form, public, requires
from collector.api.acting import acting, actor
from collector.api.context import context_of
from collector.security import accounts, audit, sessions
from collector.security.accounts import BadLogin
from collector.security.roles import Permission
from collector.security.sessions import Principal
from collector.security.throttle import Throttle
from collector.store import accounts as kept_accounts
from collector.store.accounts import AccountRow
from collector.web.catalogue import LANGUAGES
from collector.web.render import page
from collector.web.viewer import (
    FORM_COOKIE,
    LANGUAGE_COOKIE,
    THEME_COOKIE,
    THEMES,
    own_path,
    remember,
    viewer_of,
)

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False)
_PUBLIC = [public()]


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


@router.get("/login", dependencies=_PUBLIC)
async def login_page(request: Request) -> Response:
    if request.state.principal is not None:
        return RedirectResponse(own_path(request.query_params.get("next", "/")), 303)
    return await _form(request)


async def _form(request: Request, status: int = 200, error: str = "", name: str = "") -> Response:
    following = own_path(request.query_params.get("next", "/"))
    return page(await viewer_of(request), "login.html", status, error=error, name=name, following=following)


@router.post("/login", dependencies=_PUBLIC)
async def log_in(request: Request) -> Response:
    """Log in by name and password; whatever was wrong, the answer is the same."""
    context, address = context_of(request), _address(request)
    throttle: Throttle = request.app.state.throttle
    form = await request.form(max_files=0, max_fields=20)
    if not sessions.csrf_matches(request.cookies.get(FORM_COOKIE, ""), str(form.get("csrf", ""))):
        return await _form(request, 400, "login.expired_form")
    name = str(form.get("name", ""))[:64]
    if throttle.blocks(address):
        return await _form(request, 429, "login.slow_down", name)
    try:
        account = await accounts.log_in(context.store, name, str(form.get("password", "")), context.clock)
    except BadLogin:
        throttle.failed(address)
        log.warning("login refused", address=address)
        return await _form(request, 401, "login.wrong", name)
    throttle.forget(address)
    return await _begin(request, account, own_path(str(form.get("next", "/"))))


@router.get("/login/{key}", dependencies=_PUBLIC)
async def log_in_by_link(request: Request, key: str) -> Response:
    """Log in by a one-time link. A browser that only looks ahead does not use it up."""
    context = context_of(request)
    if "prefetch" in request.headers.get("sec-purpose", "") or "prefetch" in request.headers.get("purpose", ""):
        return Response(status_code=503)
    try:
        async with context.store.write() as connection:
            account = await accounts.use_link(connection, key, context.clock)
    except BadLogin:
        log.warning("login link refused", address=_address(request))
        return await _form(request, 401, "login.bad_link")
    return await _begin(request, account, "/")


async def _begin(request: Request, account: AccountRow, following: str) -> Response:
    context = context_of(request)
    who = actor(request, account.name, "page")
    async with audit.acting(context.store, who, context.clock) as act:
        key = await sessions.begin(act, account, _address(request))
    log.info("logged in", account=account.name, address=_address(request))
    response = RedirectResponse(following, 303)
    remember(request, response, COOKIE, key, context.settings.session_max_s)
    response.delete_cookie(FORM_COOKIE)
    return response


@router.post("/logout", dependencies=[requires(Permission.OWN)])
async def log_out(request: Request) -> Response:
    async with acting(request) as act:
        await sessions.end(act, request.state.principal)
    response = RedirectResponse("/login", 303)
    response.delete_cookie(COOKIE)
    return response


@router.post("/preferences", dependencies=_PUBLIC)
async def prefer(request: Request) -> Response:
    """Remember language and theme: in the browser, and in the account of whoever is logged in."""
    principal: Principal | None = request.state.principal
    form = await request.form(max_files=0, max_fields=20)
    if principal:
        await check_form(request, principal)
    elif not sessions.csrf_matches(request.cookies.get(FORM_COOKIE, ""), str(form.get("csrf", ""))):
        raise BadForm
    response = RedirectResponse(own_path(str(form.get("back", "/"))), 303)
    language, theme = str(form.get("language", "")), str(form.get("theme", ""))
    if language in LANGUAGES:
        remember(request, response, LANGUAGE_COOKIE, language)
    if theme in THEMES:
        remember(request, response, THEME_COOKIE, theme)
    if principal:
        await _keep(request, principal, language, theme)
    return response


async def _keep(request: Request, principal: Principal, language: str, theme: str) -> None:
    async with context_of(request).store.write() as connection:
        if language in LANGUAGES:
            await kept_accounts.set_language(connection, principal.account_id, language)
        if theme in THEMES:
            await kept_accounts.set_theme(connection, principal.account_id, theme)
