"""The knowledge base: articles found and read, written, reviewed, and retired."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import requires
from collector.api.context import context_of
from collector.knowledge import LANGUAGES, PUBLISHED, STATES, Body
from collector.security.roles import Permission
from collector.services import knowledge
from collector.services.knowledge import Question, Whole
from collector.services.missing import NotFound
from collector.web.forms import Form
from collector.web.prose import blocks
from collector.web.render import page
from collector.web.sending import attempt, sent, was_done
from collector.web.viewer import Viewer, viewer_of
from collector.web.words import CLASSES

router = APIRouter(include_in_schema=False)
_READ = [requires(Permission.KNOWLEDGE_READ)]
_VOTE = [requires(Permission.KNOWLEDGE_VOTE)]
_WRITE = [requires(Permission.KNOWLEDGE_WRITE)]
_PUBLISH = [requires(Permission.KNOWLEDGE_PUBLISH)]
MARKS: Final = {
    "title": "form.required", "problem": "form.required", "solution": "form.required",
    "category": "knowledge.wrong.category", "tags": "knowledge.wrong.tags", "note": "form.required",
}  # fmt: skip
MAX_ASKED: Final = 200


def _sees_drafts(viewer: Viewer) -> bool:
    return viewer.may(Permission.DRAFTS_READ)


@router.get("/knowledge", dependencies=_READ)
async def knowledge_page(request: Request) -> Response:
    given = request.query_params
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        drafts = _sees_drafts(viewer)
        state = given.get("state", "") if drafts and given.get("state") in STATES else PUBLISHED
        ci_class = given.get("class", "") if given.get("class") in CLASSES else ""
        states = () if state == PUBLISHED else (state,)
        question = Question(given.get("q", "")[:MAX_ASKED] if not states else "", states, ci_class)
        found = await knowledge.listed(connection, question)
        counts = await knowledge.counts(connection) if drafts else {}
    return page(
        viewer, "knowledge.html", articles=found, question=question, state=state, states=STATES, counts=counts,
        drafts=drafts, classes=CLASSES, words=context_of(request).service_desk.table,
    )  # fmt: skip


@router.get("/knowledge/new", dependencies=_WRITE)
async def new(request: Request) -> Response:
    return await _written(request, Form({"title": [request.query_params.get("title", "")[:MAX_ASKED]]}))


@router.post("/knowledge", dependencies=_WRITE)
async def write(request: Request) -> Response:
    form, categories = await sent(request), _categories(request)
    number = await attempt(request, form, lambda act: knowledge.write(act, _body(form), categories), MARKS)
    return await _written(request, form) if number is None else RedirectResponse(f"/knowledge/{number}", 303)


@router.get("/knowledge/{number}", dependencies=_READ)
async def article_page(request: Request, number: str) -> Response:
    return await _one(request, number, Form({}))


@router.get("/knowledge/{number}/edit", dependencies=_WRITE)
async def edit(request: Request, number: str) -> Response:
    async with context_of(request).store.read() as connection:
        found = await knowledge.one(connection, number, context_of(request).rulebook.rules, True)
    body = found.article.body
    form = Form({
        "title": [body.title], "problem": [body.problem], "solution": [body.solution], "category": [body.category],
        "classes": body.classes, "tags": [", ".join(body.tags)], "language": [body.language],
        "version": [str(found.article.version)],
    })  # fmt: skip
    return await _written(request, form, number)


@router.post("/knowledge/{number}", dependencies=_WRITE)
async def rewrite(request: Request, number: str) -> Response:
    form, categories = await sent(request), _categories(request)
    version = int(form.text("version")) if form.text("version").isascii() and form.text("version").isdigit() else 0
    body = _body(form)
    if not await was_done(request, form, lambda act: knowledge.rewrite(act, number, body, version, categories), MARKS):
        return await _written(request, form, number)
    return RedirectResponse(f"/knowledge/{number}", 303)


@router.post("/knowledge/{number}/submit", dependencies=_WRITE)
async def submit(request: Request, number: str) -> Response:
    return await _moved(request, number, ("submit",))


@router.post("/knowledge/{number}/decide", dependencies=_PUBLISH)
async def decide(request: Request, number: str) -> Response:
    return await _moved(request, number, ("publish", "refuse", "retire"))


@router.post("/knowledge/{number}/votes", dependencies=_VOTE)
async def vote(request: Request, number: str) -> Response:
    form = await sent(request)
    await attempt(request, form, lambda act: knowledge.vote(act, number, form.text("helpful") == "yes"), {})
    return RedirectResponse(f"/knowledge/{number}", 303)


async def _moved(request: Request, number: str, offered: tuple[str, ...]) -> Response:
    form = await sent(request)
    what = form.text("act") if form.text("act") in offered else offered[0] if len(offered) == 1 else ""
    marks = {"note": "form.required"}
    if not await was_done(request, form, lambda act: knowledge.move(act, number, what, form.text("note")), marks):
        return await _one(request, number, form)
    return RedirectResponse(f"/knowledge/{number}", 303)


async def _one(request: Request, number: str, form: Form) -> Response:
    context = context_of(request)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await knowledge.one(connection, number, context.rulebook.rules, _sees_drafts(viewer))
    version = _version(found, request.query_params.get("version", ""))
    body = version.body if version else found.article.body
    return page(
        viewer, "article.html", 200 if form.is_right else 400, found=found, article=found.article, body=body,
        reading=version, form=form, problem=blocks(body.problem), solution=blocks(body.solution),
        words=context.service_desk.table,
        decides=viewer.principal is not None and found.may_decide(viewer.principal.name),
    )  # fmt: skip


def _version(found: Whole, asked: str) -> knowledge.Version | None:
    """Return the version asked for, else the one readers see, else the newest; raise `NotFound`."""
    if asked:
        version = next((each for each in found.versions if str(each.version) == asked), None)
        if version is None:
            raise NotFound("version", asked[:20])
        return version
    return found.seen or (found.versions[0] if found.versions else None)


async def _written(request: Request, form: Form, number: str = "") -> Response:
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
    return page(
        viewer, "article_form.html", 200 if form.is_right else 400, form=form, number=number, classes=CLASSES,
        languages=LANGUAGES, words=context_of(request).service_desk.table,
    )  # fmt: skip


def _categories(request: Request) -> frozenset[str]:
    return frozenset(context_of(request).service_desk.table.categories)


def _body(form: Form) -> Body:
    return Body(
        form.text("title"), form.text("problem"), form.text("solution"), form.text("category"), form.texts("classes"),
        form.listed("tags"), form.text("language") or LANGUAGES[0],
    )  # fmt: skip
