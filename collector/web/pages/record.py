"""The record of a CI as a form: what people say of it, for those who administer its class."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.record import ENVIRONMENTS, FIELDS, BadValue
from collector.security.roles import Permission
from collector.services import cis, records
from collector.services.records import NotTheirs
from collector.services.refused import Refused
from collector.web import forms
from collector.web.forms import Form
from collector.web.render import page
from collector.web.viewer import viewer_of

WRONG = {"long": "form.too_long", "choice": "form.choice"}

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False, dependencies=[requires(Permission.CIS_WRITE)])


def _state(standing: Mapping[str, str]) -> str:
    """Return a text that is another one when the record is."""
    return hashlib.sha256(json.dumps(standing, sort_keys=True).encode()).hexdigest()[:32]


async def _show(request: Request, uid: str, form: Form | None = None, note: str = "") -> Response:
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        ci = await cis.one(connection, uid)
        standing = await records.standing(connection, ci.id)
    shown = form or forms.of_values(standing)
    status = 200 if shown.is_right and not note else 400
    return page(
        viewer, "record.html", status, ci=ci, form=shown, fields=FIELDS, environments=ENVIRONMENTS,
        seen=_state(standing), standing=standing, note=note,
    )  # fmt: skip


@router.get("/cis/{uid}/record")
async def record_page(request: Request, uid: str) -> Response:
    return await _show(request, uid)


@router.post("/cis/{uid}/record")
async def write(request: Request, uid: str) -> Response:
    """Write what was changed in the form, unless the record has moved since it was shown."""
    context, principal = context_of(request), request.state.principal
    form = forms.of_form((await request.form()).multi_items())
    async with context.store.read() as connection:
        standing = await records.standing(connection, (await cis.one(connection, uid)).id)
    if form.text("seen") != _state(standing):
        return await _show(request, uid, form, "record.moved")
    said = {name: form.text(name) for name in FIELDS if name in form.sent and form.text(name) != standing.get(name, "")}
    try:
        if said:
            async with acting(request) as act:
                await context.recorder.write(act, principal.roles, uid, said)
    except NotTheirs:
        return await _show(request, uid, form, "record.not_yours")
    except BadValue as error:
        form.mark(error.field, WRONG.get(error.code, "record.line"), n=error.most)
        return await _show(request, uid, form)
    except Refused as error:
        form.mark(error.field or "name", "record.label_taken" if error.field == "label" else "record.closed")
        return await _show(request, uid, form)
    log.info("record written", ci=uid, fields=sorted(said), by=principal.name)
    return RedirectResponse(f"/cis/{uid}#s-record", 303)
