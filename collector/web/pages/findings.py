"""Findings: the list, one of them, and the list as CSV."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.api.access import requires
from collector.api.context import context_of
from collector.model import Verdict
from collector.security.audit import Act
from collector.security.roles import Permission
from collector.services import findings, flapping, reverting
from collector.services.answering import ACCEPT, CALL_OFF, UNDO, WAIVE, may_answer
from collector.services.changes import picking, unverified
from collector.services.lookback import logged
from collector.services.missing import NotFound
from collector.store.browse.findings import FindingQuery, FindingRow
from collector.web import units
from collector.web.catalogue import Texts
from collector.web.forms import Form
from collector.web.list_page import ListPage
from collector.web.listing import Column, Listing, Spec
from collector.web.render import page
from collector.web.sending import attempt, sent
from collector.web.viewer import Viewer, viewer_of

log = structlog.get_logger(__name__)
MAX_NUMBER = 2**62
router = APIRouter(include_in_schema=False)
_READ = [requires(Permission.FINDINGS_READ)]
_ANSWER = [requires(Permission.FINDINGS_ANSWER)]

SPEC = Spec(
    "/findings",
    (
        Column("finding"), Column("ci"), Column("what"), Column("verdict"), Column("due"), Column("between"),
        Column("opened"),
    ),
    {"state": ("open", "closed"), "verdict": tuple(Verdict), "revert": ("mine", "anybody", "overdue")},
    moments=True,
)  # fmt: skip


def _query(request: Request, asked: Listing) -> FindingQuery:
    tasks = asked.chosen["revert"]
    return FindingQuery(
        asked.chosen["state"], asked.chosen["verdict"], asked.q, to_put_back=bool(tasks),
        assignee=request.state.principal.name if "mine" in tasks else "",
        overdue_at=context_of(request).clock() if "overdue" in tasks else None, at=asked.at, known_at=asked.known_at,
    )  # fmt: skip


def _cells(row: FindingRow, texts: Texts) -> dict[str, object]:
    return {
        "finding": row.id, "ci": row.ci.name, "verdict": texts.label("verdict", row.verdict),
        "what": "; ".join(f"{texts.label('section', item.section)} {item.key}" for item in row.items),
        "due": units.exact(row.due_at) if row.due_at else "",
        "between": f"{units.exact(row.lo) if row.lo else ''} – {units.exact(row.hi)}",
        "opened": units.exact(row.opened_at),
    }  # fmt: skip


LIST = ListPage(SPEC, _query, findings.listed, _cells)


async def _mine(connection: AsyncConnection, viewer: Viewer, listing: Listing) -> dict[str, Any]:
    """Which of the findings shown the viewer may answer; and what nobody saw after a change."""
    may = viewer.may(Permission.FINDINGS_ANSWER) and listing.at is None
    rows = listing.page.items if listing.page and may else []
    roles = viewer.request.state.principal.roles
    return {
        "mine": {row.id for row in rows if row.is_open and may_answer(roles, row.ci.ci_class)},
        "written": unverified.written,
        "unverified": () if listing.is_filtered or listing.at else await unverified.listed(connection),
    }


@router.get("/findings", dependencies=_READ)
async def findings_page(request: Request) -> Response:
    context = context_of(request)
    return await LIST.page(
        request, "findings.html", _mine, log_only=context.modes.active(context.clock()), now=context.clock()
    )


@router.get("/findings.csv", dependencies=_READ)
async def findings_csv(request: Request) -> Response:
    return LIST.csv(request)


@router.get("/findings/{number}", dependencies=_READ)
async def finding_page(request: Request, number: str) -> HTMLResponse:
    if not (number.isascii() and number.isdecimal() and len(number) <= 15):
        raise NotFound("finding", number)
    return await _one(request, int(number))


async def _one(request: Request, number: int, form: Form | None = None) -> HTMLResponse:
    context = context_of(request)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await findings.one(connection, number)
        raised = await findings.incident_of(connection, found)
        marks = await findings.marks(connection, number)
        may = viewer.may(Permission.FINDINGS_ANSWER) and may_answer(request.state.principal.roles, found.ci.ci_class)
        people = await picking.people(connection) if may else ()
        fluttering = await flapping.of_finding(connection, found, context_of(request).registrar.governance)
        present = await findings.present(connection, found)
        log_only = await logged.of_ci(connection, context.modes, found.ci_id, context.clock())
    told = {each for item in found.items for each in item.refused}
    return page(
        viewer, "finding.html", 400 if form else 200, finding=found, rows=findings.rows(found), incident=raised,
        marks=marks, may_answer=may, people=people, form=form, wrong=form.refused if form else "", flapping=fluttering,
        refused=sorted(told), log_only=log_only, flags=sorted({flag for item in found.items for flag in item.flags}),
        present=present, actors=sorted({item.actor for item in found.items if item.actor}),
        claimed=any(item.claimed for item in found.items if item.actor), now=context.clock(),
    )  # fmt: skip


@router.post("/findings/{number}/answers", dependencies=_ANSWER)
async def answer(request: Request, number: int) -> Response:
    """Answer a finding; what is refused comes back with why."""
    if not 0 < number < MAX_NUMBER:
        raise NotFound("finding", str(number))
    form, roles = await sent(request), request.state.principal.roles
    answering, act_name, reason = context_of(request).answering, form.text("act"), form.text("reason")
    dos: dict[str, Callable[[Act], Awaitable[None]]] = {
        ACCEPT: lambda act: answering.accept(act, roles, number, reason),
        WAIVE: lambda act: answering.waive(act, roles, number, _end_of(form.text("until")), reason),
        UNDO: lambda act: answering.undo(act, roles, number, form.text("assignee"), reason, _end_of(form.text("due"))),
        CALL_OFF: lambda act: answering.call_off(act, roles, number, reason),
    }
    await attempt(request, form, dos.get(act_name, dos[ACCEPT]), {})
    if form.refused:
        return await _one(request, number, form)
    log.info("finding answered", finding=number, act=act_name, by=request.state.principal.name)
    return RedirectResponse(f"/findings/{number}", 303)


@router.post("/findings/{number}/put-back", dependencies=[requires(Permission.CHANGES_WRITE)])
async def put_back(request: Request, number: int) -> Response:
    """Say that it is put back; what is refused comes back with why."""
    if not 0 < number < MAX_NUMBER:
        raise NotFound("finding", str(number))
    form = await sent(request)
    await attempt(request, form, lambda act: reverting.done(act, number, form.text("note")), {})
    if form.refused:
        return await _one(request, number, form)
    log.info("finding said to be put back", finding=number, by=request.state.principal.name)
    return RedirectResponse(f"/findings/{number}", 303)


def _end_of(day: str) -> int:
    """Return the end of a day here (ms), 0 for what is none."""
    try:
        return int((datetime.fromisoformat(day).astimezone() + timedelta(days=1)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return 0
