"""`/api/v1/labels`: which labels no longer say what the record says, and new ones as a PDF."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from collector.api import stocktake_shapes
from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.api.files import words_of
from collector.api.stocktake_shapes import LabelsAsked, LabelsPrinted
from collector.security.roles import Permission
from collector.services import label_pdf, labels
from collector.services.labels import LabelRow

router = APIRouter(tags=["labels"])
_PDF = {200: {"content": {"application/pdf": {}}, "description": "The labels, ready to print."}}


@router.get(
    "/labels", operation_id="listLabels", response_model=stocktake_shapes.LabelsShape,
    dependencies=[requires(Permission.CIS_READ)],
)  # fmt: skip
async def list_labels(request: Request, asked: Annotated[LabelsAsked, Query()]) -> object:
    """List what stands on labels; with `state=stale` those whose text is not the record's any more."""
    async with context_of(request).store.read() as connection:
        rows = await labels.listed(connection, asked.states, asked.classes, asked.q)
    return {"items": [_row(row) for row in rows[: asked.limit]], "count": len(rows)}


def _row(row: LabelRow) -> dict[str, object]:
    made = row.printed
    return {
        "thing": row.thing, "state": row.state, "moved": row.moved, "printed": made and dict(made.text),
        "printed_at": made and made.at, "printed_by": made and made.who,
    }  # fmt: skip


@router.post(
    "/labels", operation_id="printLabels", response_class=Response, responses=_PDF,  # type: ignore[arg-type]
    dependencies=[requires(Permission.CIS_WRITE)],
)  # fmt: skip
async def print_labels(request: Request, asked: LabelsPrinted) -> Response:
    """Print labels; what they say is kept, so that it is known when they are stale."""
    wanted = labels.Asked(tuple(asked.cis), asked.format, asked.base, asked.skip)
    async with context_of(request).store.read() as connection:
        batch = await labels.batch(connection, wanted)
    pdf = await asyncio.to_thread(label_pdf.draw, batch, words_of(request, asked.language))
    async with acting(request) as act:
        await labels.printed(act, batch)
    return Response(pdf, media_type="application/pdf", headers={"Content-Disposition": 'inline; filename="labels.pdf"'})
