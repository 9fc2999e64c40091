"""Labels: which no longer say what the record says, and new ones to print."""

from __future__ import annotations

import asyncio
from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.datastructures import FormData

from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.labels import FORMATS
from collector.security.roles import CLASSES, Permission
from collector.services import label_pdf, labels
from collector.services.labels import STATES, Batch
from collector.services.refused import Refused
from collector.web import forms
from collector.web.forms import Form
from collector.web.render import page
from collector.web.viewer import texts_of, viewer_of

router = APIRouter(include_in_schema=False)
SHOWN: Final = 500
CHOSEN: Final = "ci"
"""The field that names the CIs."""
REFUSED: Final = {"cis": "labels.wrong.cis", "skip": "labels.wrong.skip", "format": "form.choice"}


@router.get("/labels", dependencies=[requires(Permission.CIS_READ)])
async def labels_page(request: Request) -> Response:
    return await _show(request, forms.of_values({"format": "a4_70x37", "skip": "0", "code": "link"}))


async def _show(request: Request, form: Form) -> Response:
    asked = request.query_params
    chosen, cis = asked.get("state", "stale"), set(asked.getlist(CHOSEN))
    state = chosen if chosen in STATES else "stale"
    classes = [each for each in asked.getlist("class") if each in CLASSES]
    q = asked.get("q", "")[:200]
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        every = await labels.listed(connection, (), classes, q)
    rows = [row for row in every if (row.thing.uid in cis if cis else row.state == state)]
    counts = {each: sum(row.state == each for row in every) for each in STATES}
    return page(
        viewer, "labels.html", 200 if form.is_right else 400, rows=rows[:SHOWN], many=len(rows), counts=counts,
        state="" if cis else state, states=STATES, q=q, form=form, formats=FORMATS,
        picked=cis | {*form.texts(CHOSEN)},
    )  # fmt: skip


@router.post("/labels", dependencies=[requires(Permission.CIS_WRITE)])
async def print_labels(request: Request) -> Response:
    """Return the labels as a PDF; what they say is kept."""
    sent_form: FormData = await request.form()
    form = forms.of_form(sent_form.multi_items())
    try:
        batch = await _batch(request, form)
    except Refused as error:
        form.mark(error.field, REFUSED.get(error.field, "form.choice"), **_limits(form))
        return await _show(request, form)
    pdf = await asyncio.to_thread(label_pdf.draw, batch, texts_of(request, request.state.principal))
    async with acting(request) as act:
        await labels.printed(act, batch)
    return Response(pdf, media_type="application/pdf", headers={"Content-Disposition": 'inline; filename="labels.pdf"'})


async def _batch(request: Request, form: Form) -> Batch:
    base = "" if form.text("code") == "id" else str(request.base_url)
    skip = int(form.text("skip")) if form.text("skip").isascii() and form.text("skip").isdecimal() else -1
    asked = labels.Asked(form.texts(CHOSEN), form.text("format"), base, skip if skip < 1000 else -1)
    async with context_of(request).store.read() as connection:
        return await labels.batch(connection, asked)


def _limits(form: Form) -> dict[str, int]:
    paper = FORMATS.get(form.text("format"))
    return {"n": labels.MAX_LABELS, "most": paper.on_a_page - 1 if paper else 0}
