"""Inspections: the list, one of them with its report, its signatures and its files."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.api import photos
from collector.api.access import requires
from collector.api.context import context_of
from collector.api.files import of_report
from collector.report.value import Report
from collector.security.audit import Act
from collector.security.roles import Permission
from collector.services import signatures
from collector.services.exports import FORMATS
from collector.services.inspecting import finding, plans, reporting, runs, seen, signing
from collector.services.inspecting.seen import Run, Seen, is_overdue
from collector.services.refused import Refused
from collector.store.browse.inspections import STATES, RunQuery
from collector.web import forms, units
from collector.web.catalogue import Texts
from collector.web.drawn import WRONG, drawn_of
from collector.web.forms import Form
from collector.web.list_page import ListPage
from collector.web.listing import Column, Listing, Spec
from collector.web.render import page
from collector.web.sending import sent, was_done
from collector.web.tabled import ShownTable, tabled
from collector.web.viewer import Viewer, texts_of, viewer_of

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False)
_READ = [requires(Permission.INSPECTIONS_READ)]
_DO = [requires(Permission.INSPECTIONS_DO)]
_PLAN = [requires(Permission.INSPECTIONS_PLAN)]
SPEC = Spec(
    "/inspections",
    (
        Column("number"), Column("title"), Column("inspection_state"), Column("scheduled_for"), Column("due_at"),
        Column("coverage", numeric=True), Column("problems", numeric=True), Column("doubts", numeric=True),
        Column("assignee"), Column("incident"),
    ),
    {"inspection_state": STATES, "overdue": ("yes",), "mine": ("yes",)},
)  # fmt: skip
SHOWN: Final = 200
"""Rows of a table a page shows; all of them stand in the files."""
FOLDED: Final = ("passed", "per_ci")
REFUSED: Final = {
    "items": "inspection.wrong.items", "who": "inspection.wrong.who", "reason": "form.required",
    "text": "form.required", "state": "inspection.wrong.state", "digest": "inspection.touched",
    "assignee": "inspection.wrong.person", "deputy": "inspection.wrong.deputy", "drawing": WRONG,
}  # fmt: skip


def _query(request: Request, asked: Listing) -> RunQuery:
    mine = request.state.principal.name if asked.chosen["mine"] else ""
    overdue_at = context_of(request).clock() if asked.chosen["overdue"] else 0
    return RunQuery(asked.chosen["inspection_state"], mine, overdue_at, asked.q)


def _cells(run: Run, texts: Texts) -> dict[str, object]:
    states, ratio = run.coverage.states, run.coverage.ratio
    return {
        "number": run.number, "title": texts.own(run.new.title),
        "inspection_state": texts.label("inspection_state", run.state),
        "scheduled_for": units.exact(run.new.scheduled_for), "due_at": units.exact(run.new.due_at),
        "coverage": "" if ratio is None else f"{100 * ratio:.1f} %", "problems": states.get("PROBLEM", 0),
        "doubts": states.get("UNKNOWN", 0) + states.get("ERROR", 0), "assignee": run.new.assignee,
        "incident": run.incident,
    }  # fmt: skip


LIST = ListPage(SPEC, _query, seen.listed, _cells)


async def _beside(connection: AsyncConnection, viewer: Viewer, _: Listing) -> dict[str, Any]:
    return {"counts": await seen.counts(connection, viewer.now), "has_plans": bool(await plans.every(connection))}


@router.get("/inspections", dependencies=_READ)
async def runs_page(request: Request) -> Response:
    return await LIST.page(request, "inspection_runs.html", _beside, is_overdue=is_overdue)


@router.get("/inspections.csv", dependencies=_READ)
async def runs_csv(request: Request) -> Response:
    return LIST.csv(request)


# --- one of them


@router.get("/inspections/runs/{number}", dependencies=_READ)
async def run_page(request: Request, number: str) -> Response:
    return await _one(request, number, forms.of_values({}))


async def _one(request: Request, number: str, form: Form) -> Response:
    context = context_of(request)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await seen.one(connection, number)
        people = await plans.inspectors(connection)
        foreseen = await finding.before_signing(connection, context.inspector.rules, found, viewer.now)
    report = _report(request, found)
    return page(
        viewer, "inspection_run.html", 200 if form.is_right else 400, seen=found, run=found.run, new=found.run.new,
        plan=found.plan, form=form, tables=await _tables(report, viewer.texts), folded=FOLDED, formats=tuple(FORMATS),
        overdue=found.is_overdue(viewer.now), fixed=reporting.fixed(found.lines), people=people,
        limits_text=reporting.limits_text, answer_of=reporting.answer_of, foreseen=foreseen,
    )  # fmt: skip


def _report(request: Request, found: Seen) -> Report:
    context = context_of(request)
    titles = {name: rule.rule for name, rule in context.inspector.rules.items()}
    return reporting.report(found, titles, context.store, context.clock())


async def _tables(report: Report, texts: Texts) -> dict[str, ShownTable]:
    """Return the tables as the page shows them; those that are long are cut."""
    shown = {}
    for table in report.tables:
        part = await table.fetch(None)
        part = replace(part, rows=part.rows[:SHOWN])
        shown[table.name] = tabled(report, table, part, texts, lambda _table, _cursor: "")
    return shown


@router.get("/inspections/runs/{number}/report.{form}", dependencies=_READ)
async def report_file(request: Request, number: str, form: str) -> Response:
    """Return the report as one of the files reports are written as."""
    async with context_of(request).store.read() as connection:
        found = await seen.one(connection, number)
    return of_report(_report(request, found), number, form, texts_of(request, request.state.principal))


@router.get("/inspections/runs/{number}/photos/{photo_id}", dependencies=_READ)
async def photo(request: Request, number: str, photo_id: int) -> Response:
    async with context_of(request).store.read() as connection:
        about, content = await seen.photo(connection, number, photo_id)
    return photos.answer(about, content, number)


@router.get("/inspections/runs/{number}/signatures/{role}", dependencies=_READ)
async def signature(request: Request, number: str, role: str) -> Response:
    async with context_of(request).store.read() as connection:
        drawn = await signatures.one(connection, f"inspection/{number}", role)
    return photos.picture(drawn, "image/png", f"{number}-signature.png")


# --- what is done with it


@router.post("/inspections/runs/{number}/look", dependencies=_DO)
async def look_again(request: Request, number: str) -> Response:
    form, context = await sent(request), context_of(request)
    try:
        async with context.store.read() as connection:
            looked = await runs.asked_again(connection, context.inspector, number, context.clock())
    except Refused as error:
        form.refused = str(error)
        return await _one(request, number, form)
    done = await was_done(request, form, lambda act: runs.look_again(act, number, looked), REFUSED)
    return await _done(request, number, form, done)


@router.post("/inspections/runs/{number}/assign", dependencies=_PLAN)
async def assign(request: Request, number: str) -> Response:
    form = await sent(request)
    assignee, deputy = form.text("assignee"), form.text("deputy")
    done = await was_done(request, form, lambda act: runs.assign(act, number, assignee, deputy), REFUSED)
    return await _done(request, number, form, done)


@router.post("/inspections/runs/{number}/sign", dependencies=_DO)
async def sign(request: Request, number: str) -> Response:
    form, inspector = await sent(request), context_of(request).inspector
    drawn = drawn_of(form)
    done = await was_done(request, form, lambda act: signing.sign(act, inspector, number, drawn), REFUSED)
    return await _done(request, number, form, done)


@router.post("/inspections/runs/{number}/review", dependencies=_DO)
async def review(request: Request, number: str) -> Response:
    """Sign it as the second person, or send it back."""
    form, inspector = await sent(request), context_of(request).inspector
    drawn = drawn_of(form)

    async def write(act: Act) -> None:
        if form.text("do") == "back":
            await signing.send_back(act, number, form.text("reason"))
        else:
            await signing.review(act, inspector, number, drawn)

    return await _done(request, number, form, await was_done(request, form, write, REFUSED))


@router.post("/inspections/runs/{number}/notes", dependencies=_DO)
async def add_note(request: Request, number: str) -> Response:
    form = await sent(request)
    done = await was_done(request, form, lambda act: signing.add_note(act, number, form.text("text")), REFUSED)
    return await _done(request, number, form, done)


async def _done(request: Request, number: str, form: Form, done: bool) -> Response:
    if not done:
        return await _one(request, number, form)
    return RedirectResponse(f"/inspections/runs/{number}", 303)
