"""Entering a CI by hand: gear that nothing discovers."""

from __future__ import annotations

from typing import Final

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.record import FIELDS
from collector.security.roles import Permission
from collector.services import cis
from collector.services.by_hand import MAX_SEEN, NotEntered
from collector.web import forms, register_form
from collector.web.forms import Form
from collector.web.render import page
from collector.web.sending import sent
from collector.web.viewer import viewer_of

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False, dependencies=[requires(Permission.CIS_WRITE)])

NAMED: Final = ("name", "label", "asset_number", "vendor", "serial", "model", "hostname", "address")
"""What it is called and known by, in the order of the page."""
KEPT: Final = ("owner", "department", "place", "environment", "purpose", "contact")
"""What people say of it."""


async def _show(request: Request, form: Form, known: str = "") -> Response:
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        ci = await cis.one(connection, known) if known else None
    return page(
        viewer, "new_ci.html", 200 if form.is_right else 400, form=form, known=ci, names=NAMED, kept=KEPT,
        limits={name: FIELDS.get(name, MAX_SEEN) for name in (*NAMED, *KEPT)},
        registering=register_form.offered(request.state.principal.roles),
    )  # fmt: skip


@router.get("/cis/new")
async def new_page(request: Request) -> Response:
    return await _show(request, forms.of_values({}))


@router.post("/cis/new")
async def enter(request: Request) -> Response:
    """Enter a CI and go on to it; one that is known already is gone on to as well, where nothing differs."""
    principal, form = request.state.principal, await sent(request)
    ci_class, _, ci_type = form.text("type")[:80].partition("/")
    said = register_form.said(form, (*NAMED, *KEPT)) | {"class": ci_class, "type": ci_type}
    try:
        async with acting(request) as act:
            entered = await context_of(request).by_hand.enter(act, principal.roles, said)
    except NotEntered as error:
        form.mark(error.field or "name", f"enter.why.{error.why}")
        return await _show(request, form, error.ci)
    log.info("entered", ci=entered.ci, outcome=entered.outcome, by=principal.name)
    left = f"/register?left={entered.left}" if entered.left else ""
    return RedirectResponse(f"/cis/{entered.ci}{left}", 303)
