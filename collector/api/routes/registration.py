"""CIs that are entered, and proposed ones that are registered or are said to replace another: below `/api/v1/cis`."""

from __future__ import annotations

from typing import Annotated, Literal

import structlog
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from collector.api import shapes
from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.record import FIELDS
from collector.security.roles import Permission
from collector.services import cis
from collector.services.by_hand import MAX_SEEN
from collector.services.decisions import MAX_REASON
from collector.services.registration import ALIKE, MOST, Named
from collector.services.replacing import Replacement, replace

log = structlog.get_logger(__name__)
router = APIRouter(tags=["cis"], dependencies=[requires(Permission.CIS_WRITE)])

Word = Annotated[str, StringConstraints(pattern=r"^[a-z_]{0,40}$")]


Told = Annotated[str, StringConstraints(max_length=MAX_SEEN)]
Uid = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]
Record = Annotated[dict[str, Annotated[str, Field(max_length=4096)]], Field(max_length=len(FIELDS))]


class NamedAsked(BaseModel):
    """What it is, where no source could say so, and what its record shall say."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    ci_class: Word = Field("", alias="class")
    ci_type: Word = Field("", alias="type")
    record: Record = Field(default_factory=dict, description=f"any of {', '.join(FIELDS)}")


class RegisterAsked(BaseModel):
    """The proposed CIs that are meant, and what the record of each of them shall say."""

    model_config = ConfigDict(extra="forbid")

    ids: list[Uid] = Field(min_length=1, max_length=MOST)
    record: Record = Field(default_factory=dict, description=f"any of {', '.join(ALIKE)}")


class EnterAsked(BaseModel):
    """A CI as a person enters it; a serial needs its vendor, and one of serial, label and asset number is needed."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    ci_class: Word = Field("", alias="class", description="a type alone is enough")
    ci_type: Annotated[str, Field(min_length=1, max_length=40)] = Field(alias="type")
    vendor: Told = ""
    model: Told = ""
    serial: Told = ""
    hostname: Told = ""
    address: Told = ""
    mac: Told = ""
    record: Record = Field(min_length=1, description=f"any of {', '.join(FIELDS)}; a name is needed")

    def said(self) -> dict[str, str]:
        """Return field → text, as a line of a list says it."""
        told = self.model_dump(exclude={"record"})
        return {"class": told.pop("ci_class"), "type": told.pop("ci_type")} | told | self.record


class EnteredShape(shapes.Shape):
    """What came of a CI that was entered."""

    id: str = Field(validation_alias="ci")
    outcome: Literal["made", "changed", "same"] = Field(description="changed: it was proposed already")
    left: Literal["", "doubt"] = Field(description="doubt: it stays proposed until its identity is decided")


class ReplaceAsked(BaseModel):
    """The registered CI that is replaced; it goes on, with the hardware of the proposed one."""

    model_config = ConfigDict(extra="forbid")

    ci: Uid = Field(description="id of the CI that is replaced")
    reason: str = Field("", max_length=MAX_REASON)


class LeftShape(shapes.Shape):
    """A CI that was left as it is."""

    ci: shapes.CiName
    why: Literal["standing", "doubt", "class"]


class RegisteredShape(shapes.Shape):
    """How many were registered, and which were not."""

    registered: int
    left: list[LeftShape]


@router.post("/cis", operation_id="enterCi", response_model=EnteredShape, status_code=201)
async def enter_ci(request: Request, response: Response, asked: EnterAsked) -> object:
    """Enter a CI that nothing discovers, and register it; of one that is known already, say which one it is."""
    context, principal = context_of(request), request.state.principal
    async with acting(request) as act:
        entered = await context.by_hand.enter(act, principal.roles, asked.said())
    log.info("entered", ci=entered.ci, outcome=entered.outcome, by=principal.name)
    response.status_code = 201 if entered.outcome == "made" else 200
    response.headers["Location"] = f"/api/v1/cis/{entered.ci}"
    return entered


@router.post("/cis/{uid}/register", operation_id="registerCi", response_model=shapes.Ci)
async def register_ci(request: Request, uid: str, asked: NamedAsked | None = None) -> object:
    """Register a proposed CI: what it shows and what is said of it is authorised; what moves later is held to it."""
    context, principal = context_of(request), request.state.principal
    named = Named(asked.ci_class, asked.ci_type) if asked else Named()
    async with acting(request) as act:
        await context.registrar.register_one(act, principal.roles, uid, named, asked.record if asked else {})
    log.info("registered", ci=uid, by=principal.name)
    async with context.store.read() as connection:
        return await cis.one(connection, uid)


@router.post("/cis/register", operation_id="registerCis", response_model=RegisteredShape)
async def register_cis(request: Request, asked: RegisterAsked) -> object:
    """Register several proposed CIs, as far as each of them can be."""
    principal, ids = request.state.principal, set(asked.ids)
    async with acting(request) as act:
        left = await context_of(request).registrar.register(act, principal.roles, ids, asked.record)
    log.info("registered", cis=len(ids) - len(left), left=len(left), by=principal.name)
    return {"registered": len(ids) - len(left), "left": left}


@router.post("/cis/{uid}/replace", operation_id="replaceCi", response_model=shapes.Ci)
async def replace_ci(request: Request, uid: str, asked: ReplaceAsked) -> object:
    """Say which registered CI a proposed one replaces, and get that one; undone as any merge is."""
    context, principal = context_of(request), request.state.principal
    async with acting(request) as act:
        await replace(act, context.decider, principal.roles, Replacement(uid, asked.ci, asked.reason))
    context.decider.decided()
    log.info("replaced", ci=asked.ci, new=uid, by=principal.name)
    async with context.store.read() as connection:
        return await cis.one(connection, asked.ci)
