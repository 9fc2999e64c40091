"""`/api/v1/arrival-rules`: which newcomers are accepted by themselves, tried beforehand on those that wait."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import APIRouter, Query, Request

from collector.api import arrival_shapes
from collector.api.access import requires
from collector.api.acting import acting
from collector.api.arrival_shapes import (
    ArrivalRuleAsked,
    ArrivalRuleChanged,
    ArrivalRuleShape,
    FitShape,
    TermsAsked,
    TurnedOn,
    TurnedOnAsked,
)
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services import arrival_rules, arrival_terms

log = structlog.get_logger(__name__)
router = APIRouter(tags=["cis"], prefix="/arrival-rules")
_READ = [requires(Permission.CIS_READ)]
_WRITE = [requires(Permission.CIS_WRITE)]


@router.get("", operation_id="listArrivalRules", response_model=list[ArrivalRuleShape], dependencies=_READ)
async def list_rules(request: Request) -> object:
    """List the rules as they stand, those that are on first."""
    context = context_of(request)
    async with context.store.read() as connection:
        return [arrival_shapes.rule(each) for each in await arrival_rules.listed(connection, context.clock())]


@router.get("/fit", operation_id="tryArrivalRule", response_model=FitShape, dependencies=_READ)
async def try_rule(request: Request, asked: Annotated[TermsAsked, Query()]) -> object:
    """Say which of those that wait a rule would accept that is not written yet, and which not and why."""
    context = context_of(request)
    rule = arrival_terms.checked(asked.terms, context.clock())
    async with context.store.read() as connection:
        return arrival_shapes.fit(await context.reception.fit(connection, rule))


@router.get("/{number}", operation_id="getArrivalRule", response_model=ArrivalRuleShape, dependencies=_READ)
async def get_rule(request: Request, number: str) -> object:
    """Get a rule as it stands."""
    return await _one(request, number)


@router.get(
    "/{number}/versions", operation_id="listArrivalRuleVersions", response_model=list[ArrivalRuleShape],
    dependencies=_READ,
)  # fmt: skip
async def list_versions(request: Request, number: str) -> object:
    """List what a rule said and when, the newest first."""
    context = context_of(request)
    async with context.store.read() as connection:
        found = await arrival_rules.versions(connection, number, context.clock())
    return [arrival_shapes.rule(each) for each in found]


@router.get("/{number}/fit", operation_id="fitArrivalRule", response_model=FitShape, dependencies=_READ)
async def fit_rule(request: Request, number: str) -> object:
    """Say which of those that wait a rule would accept if it were turned on now, and which not and why."""
    context = context_of(request)
    async with context.store.read() as connection:
        row = await arrival_rules.one(connection, number, context.clock())
        return arrival_shapes.fit(await context.reception.fit(connection, row.rule))


@router.post(
    "", operation_id="makeArrivalRule", status_code=201, response_model=ArrivalRuleShape, dependencies=_WRITE
)  # fmt: skip
async def make_rule(request: Request, asked: ArrivalRuleAsked) -> object:
    """Write a rule of a class one administers; it is off."""
    async with acting(request) as act:
        number = await arrival_rules.make(act, request.state.principal.roles, asked.asked)
    log.info("arrival rule made", number=number, by=request.state.principal.name)
    return await _one(request, number)


@router.put("/{number}", operation_id="changeArrivalRule", response_model=ArrivalRuleShape, dependencies=_WRITE)
async def change_rule(request: Request, number: str, asked: ArrivalRuleChanged) -> object:
    """Write the next version of a rule; it is off until it is turned on again."""
    async with acting(request) as act:
        await arrival_rules.change(act, request.state.principal.roles, number, asked.version, asked.asked)
    log.info("arrival rule changed", number=number, by=request.state.principal.name)
    return await _one(request, number)


@router.post("/{number}/on", operation_id="turnOnArrivalRule", response_model=TurnedOn, dependencies=_WRITE)
async def turn_on(request: Request, number: str, asked: TurnedOnAsked) -> object:
    """Let a rule accept what comes from now on, and of what waits those that are listed here, if they still fit."""
    context, principal = context_of(request), request.state.principal
    listed = [each.listed for each in asked.accept]
    async with acting(request) as act:
        accepted, left = await context.reception.turn_on(act, principal.roles, number, asked.version, listed)
    log.info("arrival rule on", number=number, accepted=accepted, left=len(left), by=principal.name)
    return TurnedOn(accepted=accepted, left=[arrival_shapes.left(each) for each in left])


@router.post("/{number}/off", operation_id="turnOffArrivalRule", response_model=ArrivalRuleShape, dependencies=_WRITE)
async def turn_off(request: Request, number: str) -> object:
    """Let a rule accept nobody from now on; what it accepted stays."""
    async with acting(request) as act:
        await arrival_rules.turn_off(act, request.state.principal.roles, number)
    log.info("arrival rule off", number=number, by=request.state.principal.name)
    return await _one(request, number)


async def _one(request: Request, number: str) -> ArrivalRuleShape:
    context = context_of(request)
    async with context.store.read() as connection:
        return arrival_shapes.rule(await arrival_rules.one(connection, number, context.clock()))
