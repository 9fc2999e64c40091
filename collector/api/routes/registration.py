"""`/api/v1/cis/{id}/register` and `/api/v1/cis/register`: proposed CIs become ones that count."""

from __future__ import annotations

from typing import Annotated, Literal

import structlog
from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from collector.api import shapes
from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services import cis
from collector.services.registration import MOST, Named

log = structlog.get_logger(__name__)
router = APIRouter(tags=["cis"], dependencies=[requires(Permission.CIS_WRITE)])

Word = Annotated[str, StringConstraints(pattern=r"^[a-z_]{0,40}$")]


class NamedAsked(BaseModel):
    """What it is, where no source could say so."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    ci_class: Word = Field("", alias="class")
    ci_type: Word = Field("", alias="type")


class RegisterAsked(BaseModel):
    """The proposed CIs that are meant."""

    model_config = ConfigDict(extra="forbid")

    ids: list[Annotated[str, Field(min_length=1, max_length=64)]] = Field(min_length=1, max_length=MOST)


class LeftShape(shapes.Shape):
    """A CI that was left as it is."""

    ci: shapes.CiName
    why: Literal["standing", "doubt", "class"]


class RegisteredShape(shapes.Shape):
    """How many were registered, and which were not."""

    registered: int
    left: list[LeftShape]


@router.post("/cis/{uid}/register", operation_id="registerCi", response_model=shapes.Ci)
async def register_ci(request: Request, uid: str, asked: NamedAsked | None = None) -> object:
    """Register a proposed CI: what it shows now is authorised, and what moves later is held against that."""
    context, principal = context_of(request), request.state.principal
    named = Named(asked.ci_class, asked.ci_type) if asked else Named()
    async with acting(request) as act:
        await context.registrar.register_one(act, principal.roles, uid, named)
    log.info("registered", ci=uid, by=principal.name)
    async with context.store.read() as connection:
        return await cis.one(connection, uid)


@router.post("/cis/register", operation_id="registerCis", response_model=RegisteredShape)
async def register_cis(request: Request, asked: RegisterAsked) -> object:
    """Register several proposed CIs, as far as each of them can be."""
    principal, ids = request.state.principal, set(asked.ids)
    async with acting(request) as act:
        left = await context_of(request).registrar.register(act, principal.roles, ids)
    log.info("registered", cis=len(ids) - len(left), left=len(left), by=principal.name)
    return {"registered": len(ids) - len(left), "left": left}
