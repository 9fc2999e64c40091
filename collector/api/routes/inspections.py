"""`/api/v1/inspections`: runs of plans, with their report; filled in, signed, reviewed, added to."""

from __future__ import annotations

from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from collector.api import inspection_shapes as its
from collector.api import shapes
from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.api.files import FILES, FormatAsked, LanguageAsked, is_kept, of_report, words_of
from collector.api.photos import SCHEMA, photo_of
from collector.security.roles import Permission
from collector.services.inspecting import answers, finding, reporting, runs, seen, signing
from collector.services.inspecting.answers import Filling
from collector.store.browse.inspections import RunQuery

log = structlog.get_logger(__name__)
router = APIRouter(tags=["periodic maintenance"])
_READ = [requires(Permission.INSPECTIONS_READ)]
_DO = [requires(Permission.INSPECTIONS_DO)]
_FILL = [requires(Permission.INSPECTIONS_DO, files=1)]
_PLAN = [requires(Permission.INSPECTIONS_PLAN)]
_FORM: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": {
        "type": "object", "required": ["item", "key"], "properties": {
            "item": {"type": "string"}, "value": {"type": "string"}, "note": {"type": "string"},
            "key": {"type": "string", "description": "makes what is sent twice count once"},
            "photo": SCHEMA,
        },
    }}}},
}  # fmt: skip


@router.get(
    "/inspections", operation_id="listInspections", response_model=shapes.Paged[its.RunShape], dependencies=_READ
)
async def list_inspections(request: Request, asked: Annotated[its.RunsAsked, Query()]) -> object:
    """List inspections, newest first."""
    context = context_of(request)
    query = RunQuery(tuple(asked.states), asked.who, context.clock() if asked.overdue else 0, asked.q)
    async with context.store.read() as connection:
        found = await seen.listed(connection, query, asked.window)
    return found.of([its.run_shape(run) for run in found.items])


@router.get(
    "/inspections/{number}", operation_id="getInspection", response_model=its.WholeShape, dependencies=_READ
)  # fmt: skip
async def get_inspection(request: Request, number: str) -> object:
    """Get an inspection with every check, item and note."""
    return await _one(request, number)


@router.get(
    "/inspections/{number}/incidents", operation_id="foreseeIncidents", response_model=list[its.ForeseenShape],
    dependencies=_READ,
)  # fmt: skip
async def foresee(request: Request, number: str) -> object:
    """List what signing it now makes of what was found: which incidents it opens, opens again, or names."""
    context = context_of(request)
    async with context.store.read() as connection:
        found = await seen.one(connection, number)
        foreseen = await finding.foreseen(connection, context.inspector.rules, found, context.clock())
    return [its.foreseen_shape(each) for each in foreseen]


async def _one(request: Request, number: str) -> dict[str, Any]:
    async with context_of(request).store.read() as connection:
        return its.whole_shape(await seen.one(connection, number))


@router.get(
    "/inspections/{number}/report", operation_id="getInspectionReport", response_class=StreamingResponse,
    responses=FILES, dependencies=_READ,
)  # fmt: skip
async def get_report(
    request: Request, number: str, form: FormatAsked = "json", language: LanguageAsked = None
) -> StreamingResponse:
    """Get the report as a file."""
    context = context_of(request)
    async with context.store.read() as connection:
        found = await seen.one(connection, number)
    titles = {name: rule.rule for name, rule in context.inspector.rules.items()}
    its = reporting.report(found, titles, context.store, context.clock())
    return of_report(its, number, form, words_of(request, language), kept=is_kept(form))


@router.post(
    "/inspections/{number}/answers", operation_id="answerInspection", response_model=its.ItemShape, dependencies=_FILL,
    openapi_extra=_FORM,
)  # fmt: skip
async def answer(request: Request, number: str) -> object:
    """Fill in one item: an answer, a photo, or both."""
    async with request.form(max_files=1, max_fields=20) as given:
        said = {name: str(given.get(name, "")) for name in ("item", "key", "value", "note")}
        content = await photo_of(given)
    async with acting(request) as act:
        filled = await answers.fill(act, number, Filling(**said, photo=content))
    return its.item_shape(filled)


@router.post("/inspections/{number}/look", operation_id="lookAgain", response_model=its.WholeShape, dependencies=_DO)
async def look_again(request: Request, number: str) -> object:
    """Put what is found now in the place of what was found."""
    context = context_of(request)
    async with context.store.read() as connection:
        looked = await runs.asked_again(connection, context.inspector, number, context.clock())
    async with acting(request) as act:
        await runs.look_again(act, number, looked)
    return await _one(request, number)


@router.post(
    "/inspections/{number}/sign", operation_id="signInspection", response_model=its.DigestShape, dependencies=_DO
)
async def sign(request: Request, number: str, asked: its.SignAsked | None = None) -> object:
    """Sign it as its inspector; nothing of it is written any more then, but notes."""
    async with acting(request) as act:
        drawn = asked.drawing if asked else b""
        digest = await signing.sign(act, context_of(request).inspector, number, drawn)
    log.info("inspection signed", number=number, by=request.state.principal.name)
    return {"digest": digest}


@router.post(
    "/inspections/{number}/review", operation_id="reviewInspection", response_model=its.WholeShape, dependencies=_DO
)
async def review(request: Request, number: str, asked: its.SignAsked | None = None) -> object:
    """Sign it as the second person; its incident is resolved."""
    async with acting(request) as act:
        await signing.review(act, context_of(request).inspector, number, asked.drawing if asked else b"")
    return await _one(request, number)


@router.post(
    "/inspections/{number}/return", operation_id="returnInspection", response_model=its.WholeShape, dependencies=_DO
)
async def send_back(request: Request, number: str, asked: its.ReasonAsked) -> object:
    """Let the inspector do it again."""
    async with acting(request) as act:
        await signing.send_back(act, number, asked.reason)
    return await _one(request, number)


@router.post(
    "/inspections/{number}/notes",
    operation_id="noteInspection",
    status_code=201,
    response_model=its.WholeShape,
    dependencies=_DO,
)
async def add_note(request: Request, number: str, asked: its.NoteAsked) -> object:
    """Add to it, signed or not; what was signed stays."""
    async with acting(request) as act:
        await signing.add_note(act, number, asked.text)
    return await _one(request, number)


@router.put(
    "/inspections/{number}/people", operation_id="assignInspection", response_model=its.WholeShape, dependencies=_PLAN
)
async def assign(request: Request, number: str, asked: its.PeopleAsked) -> object:
    """Give it to somebody else."""
    async with acting(request) as act:
        await runs.assign(act, number, asked.assignee, asked.deputy)
    return await _one(request, number)
