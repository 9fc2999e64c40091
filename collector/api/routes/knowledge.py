"""`/api/v1/knowledge`: articles found, written, reviewed, judged and retired."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from collector.api import knowledge_shapes
from collector.api.access import requires
from collector.api.acting import acting
from collector.api.change_shapes import Made
from collector.api.context import context_of
from collector.api.knowledge_shapes import (
    ArticleAsked,
    ArticleRewritten,
    ArticleShape,
    ArticleWhole,
    Decided,
    Submitted,
    Voted,
)
from collector.security.roles import Permission
from collector.services import knowledge
from collector.services.knowledge import Question

router = APIRouter(tags=["knowledge"])
_READ = [requires(Permission.KNOWLEDGE_READ)]
_VOTE = [requires(Permission.KNOWLEDGE_VOTE)]
_WRITE = [requires(Permission.KNOWLEDGE_WRITE)]
_PUBLISH = [requires(Permission.KNOWLEDGE_PUBLISH)]
State = Literal["published", "draft", "submitted", "retired"]


def _drafts(request: Request) -> bool:
    return bool(request.state.principal.may(Permission.DRAFTS_READ))


def _categories(request: Request) -> frozenset[str]:
    return frozenset(context_of(request).service_desk.table.categories)


@router.get("/knowledge", operation_id="listKnowledge", response_model=list[ArticleShape], dependencies=_READ)
async def list_articles(
    request: Request,
    q: Annotated[str, Query(max_length=200)] = "",
    state: State = "published",
    ci_class: Annotated[str, Query(alias="class", max_length=40)] = "",
) -> object:
    """List what answers `q`, the best first, or without it what is there; only writers see what is not published."""
    states = () if state == "published" or not _drafts(request) else (state,)
    async with context_of(request).store.read() as connection:
        return await knowledge.listed(connection, Question("" if states else q, states, ci_class))


@router.get("/knowledge/{number}", operation_id="getArticle", response_model=ArticleWhole, dependencies=_READ)
async def get_article(request: Request, number: str) -> object:
    """Get one article."""
    context = context_of(request)
    async with context.store.read() as connection:
        return knowledge_shapes.whole(await knowledge.one(connection, number, context.rulebook.rules, _drafts(request)))


@router.post(
    "/knowledge", operation_id="writeArticle", status_code=201, response_model=Made, dependencies=_WRITE
)  # fmt: skip
async def write(request: Request, asked: ArticleAsked) -> object:
    """Write an article, a draft."""
    async with acting(request) as act:
        return {"number": await knowledge.write(act, asked.body, _categories(request))}


@router.put("/knowledge/{number}", operation_id="rewriteArticle", status_code=204, dependencies=_WRITE)
async def rewrite(request: Request, number: str, asked: ArticleRewritten) -> Response:
    """Write the next version of an article; readers see the published one until this is."""
    async with acting(request) as act:
        await knowledge.rewrite(act, number, asked.body, asked.version, _categories(request))
    return Response(status_code=204)


@router.post(
    "/knowledge/{number}/submissions", operation_id="submitArticle", response_model=Made, dependencies=_WRITE
)  # fmt: skip
async def submit(request: Request, number: str, asked: Submitted) -> object:
    """Have an article reviewed."""
    async with acting(request) as act:
        await knowledge.move(act, number, "submit", asked.note)
    return {"number": number}


@router.post("/knowledge/{number}/decisions", operation_id="decideArticle", response_model=Made, dependencies=_PUBLISH)
async def decide(request: Request, number: str, asked: Decided) -> object:
    """Publish what somebody else wrote, send it back with a reason, or retire an article."""
    async with acting(request) as act:
        await knowledge.move(act, number, asked.decision, asked.note)
    return {"number": number}


@router.post("/knowledge/{number}/votes", operation_id="voteArticle", response_model=Made, dependencies=_VOTE)
async def vote(request: Request, number: str, asked: Voted) -> object:
    """Say whether an article helped; one's last word counts."""
    async with acting(request) as act:
        await knowledge.vote(act, number, asked.helpful)
    return {"number": number}
