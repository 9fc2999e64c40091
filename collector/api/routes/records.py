"""`PATCH /api/v1/cis/{id}`: what people say of a CI."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from collector.api import shapes
from collector.api.access import requires
from collector.api.acting import acting
from collector.api.answer import check_seen, tagged
from collector.api.context import context_of
from collector.api.routes.cis import whole
from collector.record import FIELDS
from collector.security.roles import Permission

log = structlog.get_logger(__name__)
router = APIRouter(tags=["cis"])


class RecordAsked(BaseModel):
    """Values of the record to write; null takes one back, what is absent stays."""

    model_config = ConfigDict(extra="forbid")

    record: dict[str, Annotated[str, Field(max_length=4096)] | None] = Field(
        min_length=1, max_length=len(FIELDS), description=f"any of {', '.join(FIELDS)}"
    )


@router.patch(
    "/cis/{uid}", operation_id="changeCi", response_model=shapes.CiWhole,
    dependencies=[requires(Permission.CIS_WRITE)],
)  # fmt: skip
async def change_ci(request: Request, uid: str, asked: RecordAsked) -> Response:
    """Write values of a CI's record, in the classes one administers; `If-Match` names the ETag that was read."""
    context, principal = context_of(request), request.state.principal
    async with acting(request) as act:
        check_seen(request, await whole(act.tx, uid))
        await context.recorder.write(act, principal.roles, uid, asked.record)
    log.info("record written", ci=uid, fields=sorted(asked.record), by=principal.name)
    async with context.store.read() as connection:
        return tagged(request, await whole(connection, uid))
