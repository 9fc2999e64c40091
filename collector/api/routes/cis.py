"""`/api/v1/cis` and `/api/v1/relations`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.api import asking, lock_shapes, shapes
from collector.api.access import requires
from collector.api.answer import tagged
from collector.api.context import context_of
from collector.model import Path
from collector.security.roles import Permission
from collector.services import because, cis, relations
from collector.services.lookback.moments import moment_of
from collector.store.browse.cis import CiQuery
from collector.store.browse.facts import Moment
from collector.store.browse.relations import RelationQuery
from collector.store.browse.steps import StepQuery

router = APIRouter(tags=["cis"], dependencies=[requires(Permission.CIS_READ)])

Time = Annotated[str | None, Query(max_length=40)]


@router.get("/cis", operation_id="listCis", response_model=shapes.Paged[shapes.Ci])
async def list_cis(request: Request, asked: Annotated[asking.CisAsked, Query()]) -> object:
    """List CIs; as of a moment: those known then, as they stood and with their values of then."""
    query = CiQuery(
        tuple(asked.classes), tuple(asked.types), tuple(asked.states), tuple(asked.environments), asked.q, asked.sort,
        _moment(asked.at, asked.known_at, context_of(request).clock()),
    )  # fmt: skip
    async with context_of(request).store.read() as connection:
        return await cis.listed(connection, query, asked.window)


@router.get("/cis/{uid}", operation_id="getCi", response_model=shapes.CiWhole)
async def get_ci(request: Request, uid: str, at: Time = None, known_at: Time = None) -> Response:
    """Get one CI with its facts, now or as of a moment (as it was known at another)."""
    context = context_of(request)
    moment = _moment(at, known_at, context.clock())
    async with context.store.read() as connection:
        return tagged(request, await whole(connection, uid, moment))


def _moment(at: str | None, known_at: str | None, now: int) -> Moment | None:
    return moment_of(asking.moment(at, "at"), asking.moment(known_at, "known_at"), now)


async def whole(connection: AsyncConnection, uid: str, moment: Moment | None = None) -> shapes.CiWhole:
    """Return one CI with its facts, now or at `moment`; raise `NotFound`."""
    ci = await cis.one(connection, uid, moment)
    standing = await cis.standing(connection, ci)
    sections = await cis.made_of(connection, ci, moment)
    return shapes.CiWhole.model_validate(ci).model_copy(
        update={
            "agent": standing.agent_uid,
            "outcomes": dict(standing.outcomes),
            "at": shapes.instant(moment.valid_at) if moment else None,
            "known_at": shapes.instant(moment.known_at) if moment else None,
            "sections": [shapes.Section.model_validate(each) for each in sections],
        }
    )


@router.get("/cis/{uid}/history", operation_id="getCiHistory", response_model=shapes.Paged[shapes.Step])
async def get_history(request: Request, uid: str, asked: Annotated[asking.HistoryAsked, Query()]) -> object:
    """List what moved on one CI, newest first, with before and after."""
    async with context_of(request).store.read() as connection:
        ci = await cis.one(connection, uid)
        query = StepQuery(ci.id, asked.section, asked.key, asked.arrival)
        return await cis.history(connection, query, asked.window)


@router.get("/cis/{uid}/why", operation_id="explainCiValue", response_model=lock_shapes.Explained)
async def get_why(
    request: Request,
    uid: str,
    section: Annotated[asking.Word, Query()],
    key: Annotated[str, Query(max_length=4096)],
) -> object:
    """Explain one value: every source's claim, which won and why, what is authorised, what it was before."""
    context = context_of(request)
    async with context.store.read() as connection:
        ci = await cis.one(connection, uid)
        why = await cis.why(connection, ci, section, key)
        counted = await because.explained(
            connection, ci, Path(section, key), context.locker.precedence, context.clock()
        )  # fmt: skip
        return lock_shapes.explained(why, counted)


@router.get("/cis/{uid}/relations", operation_id="listCiRelations", response_model=shapes.Paged[shapes.Relation])
async def get_ci_relations(request: Request, uid: str, asked: Annotated[asking.RelationsAsked, Query()]) -> object:
    """List what one CI touches, now or as of a moment (as it was known at another)."""
    moment = _moment(asked.at, asked.known_at, context_of(request).clock())
    async with context_of(request).store.read() as connection:
        ci = await cis.one(connection, uid)
        query = RelationQuery(ci.id, tuple(asked.kinds), moment, q=asked.q)
        return await relations.listed(connection, query, asked.window)


@router.get("/relations", operation_id="listRelations", response_model=shapes.Paged[shapes.Relation])
async def list_relations(request: Request, asked: Annotated[asking.RelationsAsked, Query()]) -> object:
    """List relations of all CIs, now or as of a moment (as it was known at another)."""
    moment = _moment(asked.at, asked.known_at, context_of(request).clock())
    query = RelationQuery(kinds=tuple(asked.kinds), moment=moment, q=asked.q)
    async with context_of(request).store.read() as connection:
        return await relations.listed(connection, query, asked.window)
