"""The HTTP side composed: API, metrics, health and pages in one application."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from collector.api import health, metrics, problems, shapes
from collector.api.access import conditions
from collector.api.context import Context
from collector.api.frame import Frame
from collector.api.problems import STATUSES
from collector.api.release import VERSION
from collector.api.routes import accounts, agents, cis, troubles, whole
from collector.security.throttle import Throttle
from collector.web import errors
from collector.web.pages import accounts as accounts_pages
from collector.web.pages import agents as agents_pages
from collector.web.pages import ci as ci_pages
from collector.web.pages import cis as cis_pages
from collector.web.pages import duplicates as duplicates_pages
from collector.web.pages import findings as findings_pages
from collector.web.pages import incidents as incidents_pages
from collector.web.pages import inspections as inspections_pages
from collector.web.pages import login as login_pages
from collector.web.pages import overview as overview_pages
from collector.web.pages import settings as settings_pages
from collector.web.render import STATIC

API = "/api/v1"
API_ROUTERS = (cis.router, agents.router, troubles.router, accounts.router, whole.router)
OTHER_ROUTERS = (
    metrics.router,
    health.router,
    login_pages.router,
    overview_pages.router,
    cis_pages.router,
    ci_pages.router,
    findings_pages.router,
    incidents_pages.router,
    inspections_pages.router,
    duplicates_pages.router,
    agents_pages.router,
    settings_pages.router,
    accounts_pages.router,
)
ROUTERS: tuple[APIRouter, ...] = (*API_ROUTERS, *OTHER_ROUTERS)
_FOR_PROGRAMS = ("/api/", "/metrics", "/healthz", "/readyz", "/static/")
_ERRORS: dict[int | str, dict[str, Any]] = {status: {"model": shapes.Problem, "description": text} for status, text in (
    (400, "The request cannot be met."), (401, "Nobody is logged in."), (403, "Not permitted."), (404, "Not there."),
    (422, "The request does not keep to this description."),
)}  # fmt: skip


class Unguarded(Exception):
    """A route names no permission, or several: the collector does not start with it."""


def create_app(context: Context) -> FastAPI:
    """Return the application; raise `Unguarded` for a route that does not say who may use it."""
    for route, found in conditions(ROUTERS).items():
        if len(found) != 1:
            raise Unguarded(f"{route} has {len(found)} conditions")
    app = FastAPI(
        title="Muster", version=VERSION, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    app.state.context = context
    app.state.throttle = Throttle(context.clock)
    for router in API_ROUTERS:
        app.include_router(router, prefix=API, responses=_ERRORS)
    for router in OTHER_ROUTERS:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for kind in (HTTPException, RequestValidationError, *STATUSES):
        app.add_exception_handler(kind, _answer)
    app.add_middleware(Frame, answer=_answer)
    return app


async def _answer(request: Request, error: Exception) -> Response:
    if request.url.path.startswith(_FOR_PROGRAMS):
        return problems.of_error(error)
    return await errors.of_error(request, error)
