"""Changes: the list, and one of them with its steps."""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import APIRouter, Request, Response

from collector.api.access import requires
from collector.api.context import context_of
from collector.change.flow import Step
from collector.change.lifecycle import Why
from collector.change.record import ChangeType, State
from collector.change.verification import DECIDED, LineState
from collector.security.roles import Permission
from collector.services.changes import expecting, picking, seen
from collector.services.changes.desk import actor_of
from collector.store.browse.changes import ChangeQuery, ChangeRow
from collector.web import units
from collector.web.catalogue import Texts
from collector.web.forms import Form
from collector.web.list_page import ListPage
from collector.web.listing import Column, Listing, Spec
from collector.web.owed import missing
from collector.web.render import page
from collector.web.sending import sent, stepped
from collector.web.viewer import viewer_of

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False)
_READ = [requires(Permission.CHANGES_READ)]
_WRITE = [requires(Permission.CHANGES_WRITE)]

SPEC = Spec(
    "/changes",
    (
        Column("number"), Column("change_type"), Column("title"), Column("change_state"), Column("unverified"),
        Column("ci"), Column("initiator"), Column("implementer"), Column("window"), Column("created", shown=False),
    ),
    {"change_type": tuple(ChangeType), "change_state": tuple(State), "mine": ("yes",), "unverified": ("yes",)},
    moments=True,
)  # fmt: skip
DECISIONS = tuple(sorted(DECIDED))


def _query(request: Request, asked: Listing) -> ChangeQuery:
    who, owed = request.state.principal.name if asked.chosen["mine"] else "", bool(asked.chosen["unverified"])
    types, states = asked.chosen["change_type"], asked.chosen["change_state"]
    return ChangeQuery(types, states, who, asked.q, at=asked.at, unverified=owed)


def _cells(row: ChangeRow, texts: Texts) -> dict[str, object]:
    window = f"{units.exact(row.window_start)} – {units.exact(row.window_end or 0)}" if row.window_start else ""
    return {
        "number": row.number, "change_type": texts.label("change_type", row.type), "title": row.title,
        "change_state": texts.label("change_state", row.state), "ci": row.first.name if row.first else "",
        "initiator": row.initiator, "implementer": row.implementer, "window": window,
        "created": units.exact(row.created_at), "unverified": missing(row.unverified, texts),
    }  # fmt: skip


LIST = ListPage(SPEC, _query, seen.listed, _cells)


@router.get("/changes", dependencies=_READ)
async def changes_page(request: Request) -> Response:
    return await LIST.page(request, "changes.html", missing=missing)


@router.get("/changes.csv", dependencies=_READ)
async def changes_csv(request: Request) -> Response:
    return LIST.csv(request)


@router.get("/changes/{number}", dependencies=_READ)
async def change_page(request: Request, number: str) -> Response:
    return await _one(request, number)


async def _one(request: Request, number: str, denied: tuple[Why, ...] = (), form: Form | None = None) -> Response:
    context, principal = context_of(request), request.state.principal
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        who = actor_of(principal.name, principal.roles)
        found = await seen.one(connection, context.changes, number, who, context.clock())
        people = await picking.people(connection)
    refused = form.refused if form else ""
    return page(
        viewer, "change.html", 409 if denied else 400 if refused else 200, seen=found, change=found.change,
        denied=denied, refused=refused, reason=form.text("reason") if form else "", people=people,
        written=expecting.written, missing=missing, decisions=DECISIONS,
    )  # fmt: skip


async def _tried(request: Request, number: str, form: Form, do: Any) -> Response:
    """Do one thing to a change and show it."""
    return await stepped(request, form, do, lambda why: _one(request, number, why, form), f"/changes/{number}")


@router.post("/changes/{number}/steps", dependencies=_WRITE)
async def take_step(request: Request, number: str) -> Response:
    form, principal = await sent(request), request.state.principal
    asked, version = form.text("step"), form.text("version")
    if asked not in set(Step):
        return await _one(request, number, (Why.NOT_IN_THIS_STATE,), form)
    seen_version = int(version) if version.isascii() and version.isdecimal() and len(version) < 10 else None
    desk, who = context_of(request).changes, actor_of(principal.name, principal.roles)
    log.info("change step asked for", change=number, step=asked, by=principal.name)
    return await _tried(
        request, number, form,
        lambda act: desk.step(act, who, number, Step(asked), form.text("reason"), seen_version),
    )  # fmt: skip


@router.post("/changes/{number}/tasks", dependencies=_WRITE)
async def entrust(request: Request, number: str) -> Response:
    form, principal = await sent(request), request.state.principal
    desk, who = context_of(request).changes, actor_of(principal.name, principal.roles)
    return await _tried(
        request, number, form, lambda act: desk.entrust(act, who, number, form.text("text"), form.text("assignee"))
    )


@router.post("/changes/{number}/tasks/{place}/done", dependencies=_WRITE)
async def done(request: Request, number: str, place: int) -> Response:
    form, principal = await sent(request), request.state.principal
    desk, who = context_of(request).changes, actor_of(principal.name, principal.roles)
    return await _tried(request, number, form, lambda act: desk.done(act, who, number, place))


@router.post("/changes/{number}/lines/{place}", dependencies=_WRITE)
async def decide(request: Request, number: str, place: int) -> Response:
    form, principal = await sent(request), request.state.principal
    desk, who, state = context_of(request).changes, actor_of(principal.name, principal.roles), form.text("state")
    if state not in DECIDED:
        return await _one(request, number, (Why.NOT_IN_THIS_STATE,), form)
    return await _tried(
        request, number, form,
        lambda act: desk.decide(act, who, number, place, LineState(state), form.text("reason")),
    )  # fmt: skip
