"""Problems: what keeps coming back, the list of it, and one with what is known and what is next."""

from __future__ import annotations

from typing import Final

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import requires
from collector.api.context import context_of
from collector.desk.problem import STEPS, Deed, State
from collector.security.roles import Permission
from collector.services.incidents import seen as incidents
from collector.services.problems import seen, working
from collector.services.problems.working import TEXTS, Edited
from collector.store.browse.problems import ProblemQuery, ProblemRow
from collector.web import units
from collector.web.catalogue import Texts
from collector.web.forms import Form
from collector.web.list_page import ListPage
from collector.web.listing import Column, Listing, Spec
from collector.web.render import page
from collector.web.sending import attempt, sent, was_done
from collector.web.viewer import viewer_of

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False)
_READ = [requires(Permission.INCIDENTS_READ)]
_WORK = [requires(Permission.INCIDENTS_WORK)]
_MANAGE = [requires(Permission.INCIDENTS_MANAGE)]
SPEC: Final = Spec(
    "/problems",
    (
        Column("number"), Column("problem_state"), Column("title"), Column("ci"), Column("incidents", numeric=True),
        Column("owner"), Column("last"), Column("raised"), Column("workaround", shown=False),
    ),
    {"state": tuple(State)},
)  # fmt: skip
FAMILIES: Final = {"state": "problem_state"}
DECIDED: Final = tuple(str(act) for act, step in STEPS.items() if step.managed)
WORKED: Final = tuple(str(act) for act, step in STEPS.items() if not step.managed and act is not Deed.EDIT)
MARKS: Final = {
    "text": "form.required", "workaround": "problem.needs_workaround", "solution": "problem.needs_solution",
    "owner": "problem.no_account", "title": "form.required",
}  # fmt: skip


def _query(_: Request, asked: Listing) -> ProblemQuery:
    return ProblemQuery(asked.chosen["state"], q=asked.q)


def _cells(row: ProblemRow, texts: Texts) -> dict[str, object]:
    its = row.problem
    return {
        "number": its.number, "problem_state": texts.label("problem_state", its.state), "title": texts.own(its.title),
        "ci": row.ci.name if row.ci else "", "incidents": row.incidents, "owner": its.owner,
        "last": units.exact(row.last_at) if row.last_at else "", "raised": units.exact(its.raised_at),
        "workaround": its.workaround,
    }  # fmt: skip


LIST: Final = ListPage(SPEC, _query, seen.listed, _cells)


@router.get("/problems", dependencies=_READ)
async def problems_page(request: Request) -> Response:
    return await LIST.page(request, "problems.html", families=FAMILIES)


@router.get("/problems.csv", dependencies=_READ)
async def problems_csv(request: Request) -> Response:
    return LIST.csv(request)


@router.get("/problems/{number}", dependencies=_READ)
async def problem_page(request: Request, number: str) -> Response:
    return await _one(request, number, Form({}))


@router.post("/problems", dependencies=_WORK)
async def raise_problem(request: Request) -> Response:
    """Make an incident a problem; where that cannot be, the incident's page says nothing has changed."""
    form = await sent(request)
    number = await attempt(request, form, lambda act: working.raised(act, form.text("incident")), {})
    return RedirectResponse(f"/problems/{number}" if number else "/problems", 303)


@router.post("/problems/{number}/acts", dependencies=_WORK)
async def act_on(request: Request, number: str) -> Response:
    return await _acted(request, number, WORKED)


@router.post("/problems/{number}/decisions", dependencies=_MANAGE)
async def decide(request: Request, number: str) -> Response:
    return await _acted(request, number, DECIDED)


async def _acted(request: Request, number: str, offered: tuple[str, ...]) -> Response:
    form = await sent(request)
    asked = form.text("act")
    if asked not in offered:
        return await _one(request, number, form, 400)
    deed, text, version = Deed(asked), form.text("text"), _version(form)
    done = await was_done(request, form, lambda act: working.do(act, number, deed, text, version), MARKS)
    return await _answer(request, number, form, done)


@router.post("/problems/{number}", dependencies=_WORK)
async def edit(request: Request, number: str) -> Response:
    form = await sent(request)
    said = {name: form.text(name) for name in ("title", "owner", *TEXTS) if name in form.sent}
    edited, version = Edited(**said), _version(form)
    done = await was_done(request, form, lambda act: working.edit(act, number, edited, version), MARKS)
    return await _answer(request, number, form, done)


@router.post("/problems/{number}/incidents", dependencies=_WORK)
async def link(request: Request, number: str) -> Response:
    """Let an incident belong to it, or no more."""
    form = await sent(request)
    do_it = working.unlink if form.text("act") == "unlink" else working.link
    done = await was_done(request, form, lambda act: do_it(act, number, form.text("incident")), {})
    return await _answer(request, number, form, done)


async def _answer(request: Request, number: str, form: Form, done: bool) -> Response:
    if not done:
        return await _one(request, number, form)
    return RedirectResponse(f"/problems/{number}", 303)


async def _one(request: Request, number: str, form: Form, status: int = 200) -> Response:
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await seen.one(connection, number, viewer.may(Permission.INCIDENTS_MANAGE))
        works = viewer.may(Permission.INCIDENTS_WORK)
        people = await incidents.people(connection) if works else ()
    return page(
        viewer, "problem.html", status if form.is_right else 400, seen=found, problem=found.problem, form=form,
        people=people, may=frozenset(map(str, found.offers)) if works else frozenset(), decided=DECIDED, texts=TEXTS,
    )  # fmt: skip


def _version(form: Form) -> int | None:
    text = form.text("version")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
