"""Stock-takes: the list, a new one, and one of them with its report."""

from __future__ import annotations

from typing import Final

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api import photos
from collector.api.access import requires
from collector.api.context import context_of
from collector.api.files import of_report
from collector.security.roles import CLASSES, Permission
from collector.services import signatures
from collector.services.exports import FORMATS
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.services.stocktaking import closing, evidence, opening, seen
from collector.services.stocktaking.closing import Closing
from collector.services.stocktaking.reporting import report
from collector.services.stocktaking.seen import Seen
from collector.stocktake import STATES, Kind, Row
from collector.store.browse.stocktakes import StocktakeQuery, StocktakeRow
from collector.web import forms, units
from collector.web.catalogue import Texts
from collector.web.drawn import WRONG, drawn_of
from collector.web.forms import Form
from collector.web.list_page import ListPage
from collector.web.listing import Column, Listing, Spec
from collector.web.render import page
from collector.web.sending import attempt, sent, was_done
from collector.web.viewer import texts_of, viewer_of

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False)
_READ = [requires(Permission.CIS_READ)]
_LEAD = [requires(Permission.CIS_WRITE)]
_RAISE = [requires(Permission.CHANGES_RAISE)]

SPEC = Spec(
    "/stocktakes",
    (
        Column("number"), Column("stocktake_kind"), Column("title"), Column("stocktake_state"),
        Column("counted_by"), Column("counted", numeric=True), Column("due_at"), Column("opened"), Column("closed"),
    ),
    {
        "stocktake_kind": tuple(Kind), "stocktake_state": ("open", "closed", "cancelled"), "overdue": ("yes",),
        "mine": ("yes",),
    },
)  # fmt: skip
PERSON, CLASS = "person", "class"
"""Fields with several values."""
SHOWN: Final = 500
"""Lines a page shows; all of them stand in the files."""
REFUSED: Final = {
    "title": "form.required", "people": "stocktake.wrong.people", "scope": "stocktake.wrong.scope",
    "cis": "stocktake.wrong.cis", "rest": "stocktake.wrong.rest", "closed": "stocktake.wrong.closed",
    "moved": "stocktake.wrong.moved", "reason": "form.required", "place": "stocktake.wrong.line",
    "label_from": "stocktake.wrong.line", "label_to": "stocktake.wrong.line", "drawing": WRONG,
}  # fmt: skip


def _query(request: Request, asked: Listing) -> StocktakeQuery:
    who = request.state.principal.name if asked.chosen["mine"] else ""
    overdue_at = context_of(request).clock() if asked.chosen["overdue"] else 0
    return StocktakeQuery(asked.chosen["stocktake_kind"], asked.chosen["stocktake_state"], who, asked.q, overdue_at)


def _cells(row: StocktakeRow, texts: Texts) -> dict[str, object]:
    return {
        "number": row.number, "stocktake_kind": texts.label("stocktake_kind", row.kind), "title": row.title,
        "stocktake_state": texts.label("stocktake_state", row.state), "counted_by": row.people,
        "counted": f"{row.said} / {row.lines}", "due_at": units.exact(row.due_at) if row.due_at else "",
        "opened": units.exact(row.opened_at), "closed": units.exact(row.closed_at) if row.closed_at else "",
    }  # fmt: skip


LIST = ListPage(SPEC, _query, seen.listed, _cells)


@router.get("/stocktakes", dependencies=_READ)
async def stocktakes_page(request: Request) -> Response:
    return await LIST.page(request, "stocktakes.html")


@router.get("/stocktakes.csv", dependencies=_READ)
async def stocktakes_csv(request: Request) -> Response:
    return LIST.csv(request)


# --- a new one


@router.get("/stocktakes/new", dependencies=_LEAD)
async def new_page(request: Request, like: str = "") -> Response:
    form = forms.of_values({"kind": Kind.ROUND})
    if like:
        async with context_of(request).store.read() as connection:
            form = _like(await seen.one(connection, like))
    return await _form(request, form)


def _like(found: Seen) -> Form:
    new = found.kept.new
    scope = new.scope
    return forms.of_values({
        "kind": new.kind, "title": new.title, "person": found.kept.people, "class": scope.classes,
        "place": scope.place, "label_from": scope.label_from, "label_to": scope.label_to,
        "cis": "\n".join(scope.cis), "blind": "yes" if new.blind else "",
    })  # fmt: skip


async def _form(request: Request, form: Form, count: int | None = None) -> Response:
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        people = await opening.counters(connection)
    return page(
        viewer, "stocktake_form.html", 200 if form.is_right else 400, form=form, people=people, classes=CLASSES,
        kinds=tuple(Kind), count=count,
        chosen=form.texts(PERSON), chosen_classes=form.texts(CLASS),
    )  # fmt: skip


def _asked(form: Form) -> opening.Asked:
    return opening.Asked(
        form.text("kind"), form.text("title"), form.texts(PERSON), form.texts(CLASS), form.text("place"),
        form.text("label_from"), form.text("label_to"), form.lines("cis"), form.text("blind") == "yes",
    )  # fmt: skip


@router.post("/stocktakes", dependencies=_LEAD)
async def open_stocktake(request: Request) -> Response:
    form, context = await sent(request), context_of(request)
    if form.text("do") == "count":
        return await _counted(request, form)
    number = await attempt(request, form, lambda act: opening.open_(act, context.wiring, _asked(form)), REFUSED)
    if number is None:
        return await _form(request, form)
    log.info("stock-take opened", number=number, by=request.state.principal.name)
    return RedirectResponse(f"/stocktakes/{number}", 303)


async def _counted(request: Request, form: Form) -> Response:
    """Show how many CIs the scope holds; nothing is written."""
    try:
        async with context_of(request).store.read() as connection:
            return await _form(request, form, await opening.count(connection, _asked(form)))
    except Refused as error:
        form.mark(error.field, REFUSED.get(error.field, "form.choice"))
        return await _form(request, form)


# --- one of them


@router.get("/stocktakes/{number}", dependencies=_READ)
async def stocktake_page(request: Request, number: str, show: str = "") -> Response:
    return await _one(request, number, forms.of_values({}), show)


async def _one(request: Request, number: str, form: Form, show: str = "") -> Response:
    context, who = context_of(request), request.state.principal.name
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await seen.one(connection, number)
        people = await opening.counters(connection)
    wanted = show if show in (*STATES, "contested") else ""
    rows = [row for row in found.result.rows if _is_shown(row, wanted)]
    return page(
        viewer, "stocktake.html", 200 if form.is_right else 400, seen=found, kept=found.kept, new=found.kept.new,
        form=form, people=people, hidden=seen.is_hidden(found.kept, who), rows=rows[:SHOWN], many=len(rows),
        counted_by_me=seen.is_counted_by(found.kept, who), show=wanted, states=STATES,
        contested=sum(row.contested for row in found.result.rows), formats=tuple(FORMATS),
    )  # fmt: skip


def _is_shown(row: Row, wanted: str) -> bool:
    return not wanted or row.state == wanted or (wanted == "contested" and row.contested)


@router.post("/stocktakes/{number}/people", dependencies=_LEAD)
async def assign(request: Request, number: str) -> Response:
    form = await sent(request)
    if not await was_done(request, form, lambda act: opening.assign(act, number, form.texts(PERSON)), REFUSED):
        return await _one(request, number, form)
    return RedirectResponse(f"/stocktakes/{number}", 303)


@router.post("/stocktakes/{number}/close", dependencies=_LEAD)
async def close(request: Request, number: str) -> Response:
    form, closer = await sent(request), context_of(request).closer
    how = Closing(form.text("rest") == "yes", form.text("note"), drawn_of(form))
    done = await attempt(request, form, lambda act: closing.close(act, closer, number, how), REFUSED)
    if done is None:
        return await _one(request, number, form)
    log.info("stock-take closed", number=number, by=request.state.principal.name)
    return RedirectResponse(f"/stocktakes/{number}", 303)


@router.post("/stocktakes/{number}/changes", dependencies=_RAISE)
async def propose(request: Request, number: str) -> Response:
    form, desk = await sent(request), context_of(request).changes
    reason = form.text("reason")
    change = await attempt(request, form, lambda act: closing.propose(act, desk, number, reason), REFUSED)
    if change is None:
        return await _one(request, number, form)
    return RedirectResponse(f"/changes/{change}", 303)


@router.get("/stocktakes/{number}/photos/{photo_id}", dependencies=_READ)
async def photo(request: Request, number: str, photo_id: int) -> Response:
    async with context_of(request).store.read() as connection:
        about, content = await evidence.one(connection, number, photo_id, request.state.principal.name)
    return photos.answer(about, content, number)


@router.get("/stocktakes/{number}/signatures/{role}", dependencies=_READ)
async def signature(request: Request, number: str, role: str) -> Response:
    async with context_of(request).store.read() as connection:
        drawn = await signatures.one(connection, f"stocktake/{number}", role)
    return photos.picture(drawn, "image/png", f"{number}-signature.png")


@router.get("/stocktakes/{number}/report.{form}", dependencies=_READ)
async def report_file(request: Request, number: str, form: str) -> Response:
    """Return the report as one of the files reports are written as."""
    context, principal = context_of(request), request.state.principal
    async with context.store.read() as connection:
        found = await seen.one(connection, number)
    if seen.is_hidden(found.kept, principal.name):
        raise NotFound("report of", number)
    return of_report(report(found, context.store, context.clock()), number, form, texts_of(request, principal))
