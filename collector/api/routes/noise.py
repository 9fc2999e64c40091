"""`/api/v1/findings/noise` and what flaps: attributes that raise findings which turn out to be nothing."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from collector.api import finding_shapes
from collector.api.access import requires
from collector.api.context import context_of
from collector.change.flapping import Flapping
from collector.change.noise import BUDGET
from collector.security.roles import Permission
from collector.services import findings, flapping, noise
from collector.services.noise import Attribute

router = APIRouter(tags=["findings"], dependencies=[requires(Permission.FINDINGS_READ)])


@router.get("/findings/noise", operation_id="getNoise", response_model=finding_shapes.Noise)
async def get_noise(
    request: Request, month: Annotated[str, Query(pattern=r"^(\d{4}-\d{2})?$", description="UTC; empty: this one")] = ""
) -> object:
    """Get how often the findings on each attribute were dismissed in a month."""
    context = context_of(request)
    async with context.store.read() as connection:
        found = await noise.of_month(connection, month, context.clock())
    return finding_shapes.Noise(
        month=found.month, cis=found.cis, dismissed_rate=found.rate, budget=BUDGET,
        attributes=[_attribute(each) for each in found.attributes],
    )  # fmt: skip


@router.get("/findings/{number}/flapping", operation_id="getFlapping", response_model=list[finding_shapes.FlappingPath])
async def get_flapping(request: Request, number: Annotated[int, Path(ge=1, lt=2**62)]) -> object:
    """Get which values of a finding went to and fro, and what could be done about it."""
    context = context_of(request)
    async with context.store.read() as connection:
        found = await findings.one(connection, number)
        paths = await flapping.of_finding(connection, found, context.registrar.governance)
    return [_path(each) for each in paths]


def _attribute(each: Attribute) -> finding_shapes.NoisyAttribute:
    answered = each.answered
    return finding_shapes.NoisyAttribute(
        section=each.section, name=each.name, confirmed=answered.confirmed, dismissed=answered.dismissed,
        error_rate=answered.error_rate, is_for_review=each.is_for_review,
    )  # fmt: skip


def _path(each: Flapping) -> finding_shapes.FlappingPath:
    return finding_shapes.FlappingPath.model_validate({
        "section": each.path.section, "key": each.path.key, "flips": each.flips, "since": each.since,
        "until": each.until, "remedies": list(each.remedies),
        "settings": [each.key(remedy) for remedy in each.remedies], "holds_until": each.holds_until,
    })  # fmt: skip
