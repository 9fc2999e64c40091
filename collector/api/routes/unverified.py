"""`/api/v1/findings/unverified`: what nobody saw in time after a change."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request

from collector.api import finding_shapes
from collector.api.access import requires
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services.changes import unverified

router = APIRouter(tags=["findings"], dependencies=[requires(Permission.FINDINGS_READ)])


@router.get(
    "/findings/unverified", operation_id="listUnverified", response_model=list[finding_shapes.Unverified]
)  # fmt: skip
async def list_unverified(request: Request, change: str = "") -> object:
    """List the lines nobody has seen since the work was over, the oldest first; of one change or of all."""
    async with context_of(request).store.read() as connection:
        return [_shape(each) for each in await unverified.listed(connection, change[:64])]


def _shape(each: unverified.Missed) -> finding_shapes.Unverified:
    names = ("change", "title", "owner", "section", "key", "field", "how", "over_at", "opened_at")
    said = {name: getattr(each, name) for name in names}
    return finding_shapes.Unverified.model_validate(
        {**said, "line": each.place + 1, "ci": each.ci, "value": json.loads(each.value)}
    )
