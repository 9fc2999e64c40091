"""`/api/v1/stocktakes`: opened, counted, closed; what has moved proposed as a change."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from collector.api import photos, shapes, stocktake_shapes
from collector.api.access import requires
from collector.api.acting import acting
from collector.api.context import context_of
from collector.api.files import FILES, FormatAsked, LanguageAsked, is_kept, of_report, words_of
from collector.api.photos import photo_of
from collector.api.stocktake_shapes import (
    CloseAsked,
    MarkAsked,
    PeopleAsked,
    ProposeAsked,
    StocktakeAsked,
    StocktakesAsked,
)
from collector.security.roles import Permission
from collector.services.refused import Refused
from collector.services.stocktaking import closing, counting, evidence, opening, seen
from collector.services.stocktaking.closing import Closing
from collector.services.stocktaking.evidence import Showing
from collector.services.stocktaking.reporting import report
from collector.store.browse.stocktakes import StocktakeQuery

log = structlog.get_logger(__name__)
router = APIRouter(tags=["stock-takes"])
_READ = [requires(Permission.CIS_READ)]
_LEAD = [requires(Permission.CIS_WRITE)]
_COUNT = [requires(Permission.STOCKTAKES_COUNT)]
_SHOW = [requires(Permission.STOCKTAKES_COUNT, files=1)]
_RAISE = [requires(Permission.CHANGES_RAISE)]
_PHOTO: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": {
        "type": "object", "required": ["photo"], "properties": {
            "ci": {"type": "string"}, "text": {"type": "string"}, "photo": photos.SCHEMA,
        },
    }}}},
}  # fmt: skip


async def _one(request: Request, number: str) -> dict[str, Any]:
    async with context_of(request).store.read() as connection:
        found = await seen.one(connection, number)
    return stocktake_shapes.stocktake_shape(found, seen.is_hidden(found.kept, request.state.principal.name))


@router.get(
    "/stocktakes", operation_id="listStocktakes", response_model=shapes.Paged[stocktake_shapes.StocktakeName],
    dependencies=_READ,
)  # fmt: skip
async def list_stocktakes(request: Request, asked: Annotated[StocktakesAsked, Query()]) -> object:
    """List stock-takes, newest first."""
    context = context_of(request)
    overdue_at = context.clock() if asked.overdue else 0
    query = StocktakeQuery(tuple(asked.kinds), tuple(asked.states), asked.who, asked.q, overdue_at)
    async with context.store.read() as connection:
        return await seen.listed(connection, query, asked.window)


@router.get(
    "/stocktakes/{number}", operation_id="getStocktake", response_model=stocktake_shapes.StocktakeShape,
    dependencies=_READ,
)  # fmt: skip
async def get_stocktake(request: Request, number: str) -> object:
    """Get a stock-take and where it stands."""
    return await _one(request, number)


@router.get(
    "/stocktakes/{number}/report", operation_id="getStocktakeReport", response_class=StreamingResponse,
    responses=FILES, dependencies=_READ,
)  # fmt: skip
async def get_report(
    request: Request, number: str, form: FormatAsked = "json", language: LanguageAsked = None
) -> StreamingResponse:
    """Get every line and what was found beside, as a file."""
    context = context_of(request)
    async with context.store.read() as connection:
        found = await seen.one(connection, number)
    if seen.is_hidden(found.kept, request.state.principal.name):
        raise Refused("who counts blind is shown the report once it is closed")
    its = report(found, context.store, context.clock())
    return of_report(its, number, form, words_of(request, language), kept=is_kept(form))


@router.post(
    "/stocktakes", operation_id="openStocktake", status_code=201, response_model=stocktake_shapes.StocktakeShape,
    dependencies=_LEAD,
)  # fmt: skip
async def open_stocktake(request: Request, asked: StocktakeAsked) -> object:
    """Freeze what is in scope and let people count it."""
    wanted = opening.Asked(
        asked.kind, asked.title, tuple(asked.people), tuple(asked.classes), asked.place, asked.label_from,
        asked.label_to, tuple(asked.cis), asked.blind,
    )  # fmt: skip
    async with acting(request) as act:
        number = await opening.open_(act, context_of(request).wiring, wanted)
    log.info("stock-take opened", number=number, by=request.state.principal.name)
    return await _one(request, number)


@router.put(
    "/stocktakes/{number}/people", operation_id="assignStocktake", response_model=stocktake_shapes.StocktakeShape,
    dependencies=_LEAD,
)  # fmt: skip
async def assign(request: Request, number: str, asked: PeopleAsked) -> object:
    """Say who counts from now on."""
    async with acting(request) as act:
        await opening.assign(act, number, asked.people)
    return await _one(request, number)


@router.post(
    "/stocktakes/{number}/marks", operation_id="markStocktake", response_model=stocktake_shapes.TakenShape,
    dependencies=_COUNT,
)  # fmt: skip
async def mark(request: Request, number: str, asked: MarkAsked) -> object:
    """Say what one sees; only who was asked to count does."""
    async with acting(request) as act:
        taken = await counting.say(act, number, counting.Said(**asked.model_dump()))
        kept = await seen.find(act.tx, number)
    hidden, made = seen.is_hidden(kept, request.state.principal.name), taken.mark
    return {
        "outcome": "counted" if hidden else str(made.outcome),
        "ci": counting.plain(made.thing) if hidden else made.thing,
        "place": made.place, "seen": made.seen, "printed": taken.printed,
    }  # fmt: skip


@router.post(
    "/stocktakes/{number}/photos", operation_id="showStocktakePhoto", status_code=201,
    response_model=list[stocktake_shapes.PhotoShape], dependencies=_SHOW, openapi_extra=_PHOTO,
)  # fmt: skip
async def add_photo(request: Request, number: str) -> object:
    """Keep a photo of a CI that is counted here (`ci`, its id), or of what nobody knows (`text`, as it was seen)."""
    async with request.form(max_files=1, max_fields=20) as given:
        showing = Showing(await photo_of(given), str(given.get("ci", "")), str(given.get("text", "")))
    async with acting(request) as act:
        found = await evidence.attach(act, number, showing)
    return [{"name": each.name_in(number), **asdict(each)} for each in found]


@router.get("/stocktakes/{number}/photos/{photo_id}", operation_id="getStocktakePhoto", dependencies=_READ)
async def get_photo(request: Request, number: str, photo_id: int) -> Response:
    """Get a photo."""
    async with context_of(request).store.read() as connection:
        about, content = await evidence.one(connection, number, photo_id, request.state.principal.name)
    return photos.answer(about, content, number)


@router.post(
    "/stocktakes/{number}/close", operation_id="closeStocktake", response_model=stocktake_shapes.DigestShape,
    dependencies=_LEAD,
)  # fmt: skip
async def close(request: Request, number: str, asked: CloseAsked) -> object:
    """End a stock-take; nothing of it is written after that."""
    async with acting(request) as act:
        how = Closing(asked.rest_is_missing, asked.note, asked.drawing)
        digest = await closing.close(act, context_of(request).closer, number, how)
    log.info("stock-take closed", number=number, by=request.state.principal.name)
    return {"digest": digest}


@router.post(
    "/stocktakes/{number}/changes", operation_id="proposeStocktakeChange", status_code=201,
    response_model=stocktake_shapes.ChangeNumber, dependencies=_RAISE,
)  # fmt: skip
async def propose(request: Request, number: str, asked: ProposeAsked) -> object:
    """Raise one standard change for what has moved and has none yet."""
    async with acting(request) as act:
        change = await closing.propose(act, context_of(request).changes, number, asked.reason, set(asked.cis))
    return {"number": change}
