"""`/api/v1/search`, `/me`, `/openapi.json` and `/sd/prometheus`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from collector.api import asking, once, shapes, trouble_shapes
from collector.api.access import public, requires
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.security.sessions import Principal
from collector.services import agents, search, targets
from collector.services.targets import Target

router = APIRouter()


@router.get(
    "/search", operation_id="search", tags=["search"],
    response_model=trouble_shapes.Found, dependencies=[requires(Permission.OWN)],
)  # fmt: skip
async def find(request: Request, q: Annotated[asking.Search, Query(min_length=1)]) -> object:
    """Find CIs, incidents, problems, changes, articles, agents and a finding; only what the asker may read."""
    context = context_of(request)
    principal: Principal = request.state.principal
    before = agents.silent_before(context.settings, context.clock())
    async with context.store.read() as connection:
        return await search.find(connection, q, principal.allowed, before, context.wiring)


@router.get(
    "/me", operation_id="getMe", tags=["accounts"], response_model=shapes.Me, dependencies=[requires(Permission.OWN)]
)
async def get_me(request: Request) -> shapes.Me:
    """Tell who asks, and what they may."""
    principal: Principal = request.state.principal
    allowed = sorted(str(each) for each in principal.allowed)
    return shapes.Me(name=principal.name, roles=list(principal.roles), permissions=allowed)


@router.get(
    "/sd/prometheus", operation_id="listPrometheusTargets", tags=["metrics"],
    dependencies=[requires(Permission.METRICS_READ, loopback=True)],
)  # fmt: skip
async def prometheus_targets(
    request: Request,
    port: Annotated[int, Query(ge=1, le=65535)] = 9100,
    classes: Annotated[list[Literal["server", "pc"]] | None, Query(alias="class")] = None,
) -> list[dict[str, Any]]:
    """List hosts for Prometheus http_sd; 503 rather than an empty list when in doubt."""
    async with context_of(request).store.read() as connection:
        found = await targets.targets(connection, tuple(classes or ()), port)
    return [{"targets": [each.address], "labels": _labels(each)} for each in found]


def _labels(target: Target) -> dict[str, str]:
    ci = target.ci
    return {
        "__meta_muster_ci": ci.uid,
        "__meta_muster_name": ci.name,
        "__meta_muster_class": ci.ci_class,
        "__meta_muster_type": ci.ci_type,
        "__meta_muster_state": ci.state,
    }


@router.get("/openapi.json", include_in_schema=False, dependencies=[public()])
async def openapi(request: Request) -> Response:
    """Describe this API."""
    return JSONResponse(once.described(request.app.openapi()))
