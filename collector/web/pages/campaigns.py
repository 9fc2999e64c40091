"""Campaigns: what moved alike on many CIs, each as one thing to answer; and several findings accepted at once."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from collector.api.access import requires
from collector.api.context import context_of
from collector.security.audit import Act
from collector.security.roles import Permission
from collector.services import campaigns
from collector.services.answering import MOST, LeftFinding, may_answer
from collector.web.forms import Form
from collector.web.pages.change_forms import is_number
from collector.web.render import page
from collector.web.sending import attempt, sent
from collector.web.viewer import own_path, viewer_of

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False)
TICKED = "finding"
"""Field of the findings that were chosen."""


@router.get("/findings/campaigns", dependencies=[requires(Permission.FINDINGS_READ)])
async def campaigns_page(request: Request) -> HTMLResponse:
    roles = request.state.principal.roles
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await campaigns.listed(connection)
    may = viewer.may(Permission.FINDINGS_ANSWER)
    mine = {
        each.number: [one.id for one in each.findings if may_answer(roles, one.ci.ci_class)][:MOST] if may else []
        for each in found
    }
    return page(viewer, "campaigns.html", found=found, mine=mine)


@router.post("/findings/accept", dependencies=[requires(Permission.FINDINGS_ANSWER)])
async def accept_alike(request: Request) -> Response:
    """Accept what was chosen, and come back; what was left is told with its reasons."""
    form, principal = await sent(request), request.state.principal
    numbers = {int(each) for each in form.texts(TICKED)[: MOST + 1] if is_number(each)}
    back, left = own_path(form.text("back") or "/findings"), None
    if numbers:
        left = await attempt(request, form, lambda act: _accepted(request, act, form, numbers), {})
    log.info("findings accepted", count=len(numbers) - len(left or ()), by=principal.name)
    if left == ():
        return RedirectResponse(back, 303)
    count = 0 if left is None else len(numbers) - len(left)
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
    return page(
        viewer, "answered.html", 400 if form.refused else 200, count=count, left=left or (), back=back,
        refused=form.refused,
    )  # fmt: skip


async def _accepted(request: Request, act: Act, form: Form, numbers: set[int]) -> tuple[LeftFinding, ...]:
    roles = request.state.principal.roles
    left = await context_of(request).answering.accept_alike(act, roles, numbers, form.text("reason"))
    if len(left) == len(numbers):
        act.tell("finding.accept", "finding", {}, {"left": [each.id for each in left]})
    return left
