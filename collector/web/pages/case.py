"""The page of one doubt about identity, and what a person decides on it; and why a CI is one CI."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.model import Identifier
from collector.security.roles import Permission, administers
from collector.services import cis, duplicates
from collector.services.decisions import DECISIONS, IN_BULK, MAX_REASON, MOST, Decision
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.web.render import page
from collector.web.viewer import viewer_of

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False)
_READ = [requires(Permission.CIS_READ)]
_WRITE = [requires(Permission.CIS_WRITE)]
MAX_NUMBER = 2**62


@router.get("/duplicates/{number}", dependencies=_READ)
async def case_page(request: Request, number: int, refused: str = "") -> HTMLResponse:
    principal = request.state.principal
    if not 0 < number < MAX_NUMBER:
        raise NotFound("case", str(number))
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await duplicates.one(connection, number)
    may = viewer.may("cis:write") and all(administers(principal.roles, each.ci.ci_class) for each in found.case.members)
    return page(viewer, "case.html", case=found.case, found=found, may=may, refused=refused)


@router.post("/duplicates/decide", dependencies=_WRITE)
async def decide_several(request: Request) -> Response:
    """Decide what was chosen in the list, all alike; what was left is told by standing there still."""
    decider, form = context_of(request).decider, await request.form()
    ids = {int(each) for each in form.getlist("case")[:MOST] if isinstance(each, str) and each.isdecimal()}
    word = str(form.get("decision", ""))
    try:
        async with acting(request) as act:
            asked = Decision(word if word in IN_BULK else "")
            left = await decider.decide_many(act, request.state.principal.roles, ids, asked)
    except Refused:
        return RedirectResponse("/duplicates?left=alike", 303)
    decider.decided()
    log.info("cases decided", count=len(ids) - len(left), decision=word, by=request.state.principal.name)
    return RedirectResponse(f"/duplicates?done={len(ids) - len(left)}&left={len(left)}", 303)


@router.post("/duplicates/{number}/decide", dependencies=_WRITE)
async def decide_one(request: Request, number: int) -> Response:
    decider, form = context_of(request).decider, await request.form()
    kind, _, value = str(form.get("identifier", ""))[:600].partition("|")
    word = str(form.get("decision", ""))
    asked = Decision(
        word if word in DECISIONS else "", str(form.get("ci", ""))[:64],
        Identifier(kind, value) if value else None, str(form.get("reason", "")).strip()[:MAX_REASON],
    )  # fmt: skip
    try:
        async with acting(request) as act:
            await decider.decide(act, request.state.principal.roles, number, asked)
    except Refused as error:
        return await case_page(request, number, str(error))
    decider.decided()
    log.info("case decided", case=number, decision=word, by=request.state.principal.name)
    return RedirectResponse(f"/duplicates/{number}", 303)


@router.get("/cis/{uid}/identity", dependencies=_READ)
async def identity_page(request: Request, uid: str, refused: str = "") -> HTMLResponse:
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        ci = await cis.one(connection, uid)
        found = await duplicates.identity(connection, ci)
    may = viewer.may("cis:write") and administers(request.state.principal.roles, ci.ci_class)
    return page(viewer, "identity.html", ci=ci, found=found, may=may, refused=refused)


@router.post("/cis/{uid}/unmerge", dependencies=_WRITE)
async def unmerge(request: Request, uid: str) -> Response:
    decider, number = context_of(request).decider, str((await request.form()).get("merge", ""))
    try:
        async with acting(request) as act:
            await decider.unmerge(act, request.state.principal.roles, int(number) if number.isdecimal() else 0)
    except Refused as error:
        return await identity_page(request, uid, str(error))
    decider.decided()
    log.info("merge undone", merge=number, by=request.state.principal.name)
    return RedirectResponse(f"/cis/{uid}/identity", 303)


@router.post("/cis/{uid}/split", dependencies=_WRITE)
async def split(request: Request, uid: str) -> Response:
    decider, form = context_of(request).decider, await request.form()
    codes = {each for each in form.getlist("source")[:MOST] if isinstance(each, str)}
    try:
        async with acting(request) as act:
            made = await decider.split(act, request.state.principal.roles, uid, codes)
    except Refused as error:
        return await identity_page(request, uid, str(error))
    decider.decided()
    log.info("CI split", ci=uid, made=made, by=request.state.principal.name)
    return RedirectResponse(f"/cis/{made}", 303)


@router.get("/quarantine", dependencies=_READ)
async def quarantine_page(request: Request) -> HTMLResponse:
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await duplicates.quarantine(connection)
    return page(viewer, "quarantine.html", found=found)


@router.post("/quarantine/lift", dependencies=_WRITE)
async def lift(request: Request) -> Response:
    decider, form = context_of(request).decider, await request.form()
    named = Identifier(str(form.get("kind", ""))[:64], str(form.get("value", ""))[:512])
    async with acting(request) as act:
        await decider.lift(act, named)
    decider.decided()
    log.info("quarantine lifted", kind=named.kind, by=request.state.principal.name)
    return RedirectResponse("/quarantine", 303)
