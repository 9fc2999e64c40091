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
from collector.api.once import Once
from collector.api.problems import STATUSES
from collector.api.release import VERSION
from collector.api.routes import (
    accounts,
    agents,
    alerts,
    answers,
    arrival_rules,
    audit,
    campaigns,
    change_calendar,
    changes,
    channels,
    cis,
    configurations,
    credentials,
    events,
    identity,
    imports,
    inbound,
    incidents,
    inspection_plans,
    inspections,
    knowledge,
    labels,
    locks,
    lookback,
    noise,
    pagerduty_webhook,
    pins,
    presence,
    problem_records,
    reachability,
    records,
    registration,
    relations,
    reports,
    round_plans,
    rule_health,
    stocktakes,
    sweep_plans,
    sweeps,
    ticket_systems,
    topology,
    troubles,
    unknown_models,
    unverified,
    waivers,
    whole,
)
from collector.security.throttle import Throttle
from collector.web import errors
from collector.web.pages import accounts as accounts_pages
from collector.web.pages import agents as agents_pages
from collector.web.pages import arrival_rules as arrival_rules_pages
from collector.web.pages import audit as audit_pages
from collector.web.pages import backtest as backtest_pages
from collector.web.pages import campaigns as campaigns_pages
from collector.web.pages import case as case_pages
from collector.web.pages import change_calendar as change_calendar_pages
from collector.web.pages import change_forms as change_forms_pages
from collector.web.pages import changes as changes_pages
from collector.web.pages import channels as channels_pages
from collector.web.pages import ci as ci_pages
from collector.web.pages import cis as cis_pages
from collector.web.pages import configurations as configurations_pages
from collector.web.pages import credential_trials as credential_trials_pages
from collector.web.pages import credentials as credentials_pages
from collector.web.pages import duplicates as duplicates_pages
from collector.web.pages import events as events_pages
from collector.web.pages import findings as findings_pages
from collector.web.pages import foreign_alerts as foreign_alerts_pages
from collector.web.pages import help as help_pages
from collector.web.pages import imports as imports_pages
from collector.web.pages import incidents as incidents_pages
from collector.web.pages import inspection_plans as inspection_plans_pages
from collector.web.pages import inspection_runs as inspection_runs_pages
from collector.web.pages import inspection_walk as inspection_walk_pages
from collector.web.pages import knowledge as knowledge_pages
from collector.web.pages import labels as labels_pages
from collector.web.pages import locks as locks_pages
from collector.web.pages import login as login_pages
from collector.web.pages import map as map_pages
from collector.web.pages import new_ci as new_ci_pages
from collector.web.pages import noise as noise_pages
from collector.web.pages import overview as overview_pages
from collector.web.pages import pins as pins_pages
from collector.web.pages import presence as presence_pages
from collector.web.pages import problems as problems_pages
from collector.web.pages import record as record_pages
from collector.web.pages import registration as registration_pages
from collector.web.pages import relation_list as relation_list_pages
from collector.web.pages import relations as relations_pages
from collector.web.pages import reports as reports_pages
from collector.web.pages import results as results_pages
from collector.web.pages import round_plans as round_plans_pages
from collector.web.pages import settings as settings_pages
from collector.web.pages import stocktakes as stocktakes_pages
from collector.web.pages import sweep_plans as sweep_plans_pages
from collector.web.pages import sweeps as sweeps_pages
from collector.web.pages import unknown_models as unknown_models_pages
from collector.web.pages import unverified as unverified_pages
from collector.web.pages import waivers as waivers_pages
from collector.web.pages import walk as walk_pages
from collector.web.pages import windows as windows_pages
from collector.web.render import STATIC
from collector.web.viewer import words_of

API = "/api/v1"
API_ROUTERS = (
    cis.router, records.router, relations.router, locks.router, imports.router, configurations.router,
    arrival_rules.router, registration.router, identity.router,
    agents.router, campaigns.router, noise.router, unverified.router, lookback.router,
    rule_health.router, troubles.router, incidents.router, problem_records.router, answers.router, changes.router,
    change_calendar.router, ticket_systems.router, topology.router,
    sweeps.router, sweep_plans.router, unknown_models.router, credentials.router, pins.router, presence.router,
    reachability.router,
    accounts.router, audit.router, reports.router, channels.router, inbound.router,
    pagerduty_webhook.router, events.router,
    round_plans.router,  # before its neighbour, whose numbers would take "plans" for one
    stocktakes.router, labels.router, inspection_plans.router, inspections.router, whole.router, alerts.router,
    waivers.router, knowledge.router,
)  # fmt: skip
OTHER_ROUTERS = (
    metrics.router,
    health.router,
    inbound.api_v2,
    login_pages.router,
    overview_pages.router,
    cis_pages.router,
    map_pages.router,
    registration_pages.router,
    new_ci_pages.router,
    arrival_rules_pages.router,
    record_pages.router,
    relation_list_pages.router,
    relations_pages.router,
    locks_pages.router,
    imports_pages.router,
    ci_pages.router,
    configurations_pages.router,
    change_calendar_pages.router,
    change_forms_pages.router,
    changes_pages.router,
    campaigns_pages.router,
    noise_pages.router,
    reports_pages.router,
    events_pages.router,
    backtest_pages.router,
    unverified_pages.router,  # before its neighbour, which would take its file for a finding
    findings_pages.router,
    help_pages.router,
    incidents_pages.router,
    problems_pages.router,
    foreign_alerts_pages.router,
    results_pages.router,
    waivers_pages.router,
    knowledge_pages.router,
    windows_pages.router,
    inspection_plans_pages.router,
    inspection_runs_pages.router,
    inspection_walk_pages.router,
    round_plans_pages.router,  # before its neighbour, likewise
    stocktakes_pages.router,
    walk_pages.router,
    labels_pages.router,
    duplicates_pages.router,
    case_pages.router,
    sweep_plans_pages.router,
    sweeps_pages.router,
    unknown_models_pages.router,
    credentials_pages.router,
    credential_trials_pages.router,
    pins_pages.router,
    presence_pages.router,
    agents_pages.router,
    settings_pages.router,
    channels_pages.router,
    accounts_pages.router,
    audit_pages.router,
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
    app.state.words_of = words_of
    app.state.throttle = Throttle(context.clock)
    for router in API_ROUTERS:
        app.include_router(router, prefix=API, responses=_ERRORS)
    for router in OTHER_ROUTERS:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for kind in (HTTPException, RequestValidationError, *STATUSES):
        app.add_exception_handler(kind, _answer)
    app.add_middleware(Once)
    app.add_middleware(Frame, answer=_answer)
    return app


async def _answer(request: Request, error: Exception) -> Response:
    if request.url.path.startswith(_FOR_PROGRAMS):
        return problems.of_error(error)
    return await errors.of_error(request, error)
