"""Incidents: the list, one of them with what can be done next, and the list as CSV."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.api.access import requires
from collector.api.context import context_of
from collector.desk.flow import Deed, State
from collector.desk.lifecycle import Person, Why
from collector.desk.table import BUILT_IN, PRIORITIES, Table
from collector.security.roles import Permission
from collector.services import knowledge
from collector.services.incidents import listed as incidents
from collector.services.incidents import seen
from collector.services.incidents.desk import FIELDS, Wish, person_of
from collector.services.incidents.linkable import LINKS
from collector.services.knowledge import Listed
from collector.services.problems import seen as problems
from collector.store.browse.incident_query import IncidentQuery
from collector.store.browse.incidents import IncidentRow
from collector.web import units
from collector.web.catalogue import Texts
from collector.web.forms import Form
from collector.web.list_page import ListPage
from collector.web.listing import Column, Listing, Spec
from collector.web.render import page
from collector.web.sending import sent, stepped
from collector.web.viewer import Viewer, viewer_of
from collector.web.words import CLASSES, INCIDENT_KINDS, INCIDENT_SOURCES, SEVERITIES

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False)
_READ = [requires(Permission.INCIDENTS_READ)]
_REPORT = [requires(Permission.INCIDENTS_REPORT)]
_WORK = [requires(Permission.INCIDENTS_WORK)]

SPEC = Spec(
    "/incidents",
    (
        Column("number"), Column("priority"), Column("title"), Column("ci"), Column("incident_state"),
        Column("handler"), Column("due"), Column("opened"), Column("severity", shown=False),
        Column("kind", shown=False), Column("incident_source", shown=False), Column("category", shown=False),
    ),
    {
        "desk": ("mine", "my_line", "unassigned", "overdue", "escalated"), "state": ("open", *State),
        "priority": PRIORITIES, "line": ("1", "2", "3"), "source": INCIDENT_SOURCES, "severity": SEVERITIES,
        "kind": INCIDENT_KINDS, "class": tuple(CLASSES),
    },
    moments=True,
)  # fmt: skip
FAMILIES = {
    "desk": "incident_desk", "state": "incident_state", "priority": "priority", "line": "incident_line",
    "source": "incident_source", "severity": "severity", "kind": "incident_kind", "class": "class",
}  # fmt: skip
BUTTONS = (Deed.TAKE, Deed.RESUME)
"""Acts that need no more than a click."""


def who(request: Request) -> Person:
    return person_of(request.state.principal.name, request.state.principal.roles)


def _query(request: Request, asked: Listing) -> IncidentQuery:
    chosen, person = asked.chosen, who(request)
    lines = tuple(int(each) for each in chosen["line"])
    mine = seen.my_lines(person) or (0,) if "my_line" in chosen["desk"] else ()
    return IncidentQuery(
        chosen["state"], chosen["severity"], chosen["kind"], asked.q, priorities=chosen["priority"],
        sources=chosen["source"], classes=chosen["class"], lines=lines or mine,
        assignee=person.name if "mine" in chosen["desk"] else "", unassigned="unassigned" in chosen["desk"],
        overdue_at=context_of(request).clock() if "overdue" in chosen["desk"] else None,
        escalated="escalated" in chosen["desk"], at=asked.at,
    )  # fmt: skip


def _cells(row: IncidentRow, texts: Texts, desk: Table = BUILT_IN) -> dict[str, object]:
    return {
        "number": row.number, "priority": row.priority, "title": texts.own(row.title),
        "ci": row.ci.name if row.ci else "", "incident_state": texts.label("incident_state", row.state),
        "handler": row.assignee or texts.label("incident_line", row.line),
        "due": units.exact(row.due_at) if row.due_at else "", "opened": units.exact(row.opened_at),
        "severity": texts.label("severity", row.severity), "kind": texts.label("incident_kind", row.kind),
        "incident_source": texts.label("incident_source", row.source),
        "category": texts.own(desk.category_text(row.category)) or row.category,
    }  # fmt: skip


LIST = ListPage(SPEC, _query, incidents.listed, _cells)


@router.get("/incidents", dependencies=_READ)
async def incidents_page(request: Request) -> Response:
    context = context_of(request)

    async def counted(connection: AsyncConnection, viewer: Viewer, listing: Listing) -> dict[str, Any]:
        newest = await incidents.newest(connection)
        counts = await incidents.counts(connection, newest, context.clock())
        return {"newest": newest, "counts": counts, "proposed": await problems.proposed(connection)}

    return await LIST.page(request, "incidents.html", counted, families=FAMILIES, words=context.service_desk.table)


@router.get("/incidents.csv", dependencies=_READ)
async def incidents_csv(request: Request) -> Response:
    words = partial(_cells, desk=context_of(request).service_desk.table)
    return replace(LIST, cells=words).csv(request)


@router.get("/incidents/{number}", dependencies=_READ)
async def incident_page(request: Request, number: str) -> Response:
    return await _one(request, number)


async def _one(request: Request, number: str, denied: tuple[Why, ...] = (), form: Form | None = None) -> Response:
    """Return the page of an incident; what was refused stands on it with the reasons, and what was typed stays."""
    context = context_of(request)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await seen.one(connection, context.service_desk, number, who(request), context.clock())
        people = await seen.people(connection) if viewer.may(Permission.INCIDENTS_WORK) else ()
        suggested = await suggestions_of(connection, viewer, found.row)
    refused = form.refused if form else ""
    detail = found.row.detail
    return page(
        viewer, "incident.html", 409 if denied else 400 if refused else 200, seen=found, incident=found.row,
        denied=denied, refused=refused, form=form or Form({}), people=people, words=context.service_desk.table,
        buttons=BUTTONS, link_kinds=LINKS, clock_text=clock_text, may=_mine(found, viewer.may("incidents:report")),
        detail=detail, rule=detail.get("rule"), rule_title=_mapping(detail.get("rule_title")),
        instance=detail.get("instance"),
        finding=detail.get("finding"), credential=_mapping(detail.get("credential")), run=_mapping(detail.get("run")),
        refused_by=detail.get("refused_by") or [], evidence=_mapping(detail.get("evidence")),
        runbook=_mapping(detail.get("runbook")), items=_items(detail.get("items")), more=detail.get("more"),
        suggested=suggested,
    )  # fmt: skip


async def suggestions_of(connection: AsyncConnection, viewer: Viewer, row: IncidentRow) -> list[Listed] | None:
    """Return what the knowledge base has on what is not solved yet; None: nobody asks."""
    if row.resolved_at:
        return None
    text = " ".join([*row.title.values(), row.description])
    return await suggestions(connection, viewer, text, row.ci.ci_class if row.ci else "")


async def suggestions(connection: AsyncConnection, viewer: Viewer, text: str, ci_class: str) -> list[Listed] | None:
    """Return what it has on a text; None: it is not for this viewer."""
    if not viewer.may(Permission.KNOWLEDGE_READ):
        return None
    return await knowledge.suggest(connection, text, ci_class) if text.strip() else []


def _mine(found: seen.Seen, may_act: bool) -> frozenset[str]:
    return found.may if may_act else frozenset()


def clock_text(texts: Any, ms: int) -> Any:
    """Return working time as people say it: 2 小时 10 分."""
    hours, minutes = divmod(abs(ms) // 60_000, 60)
    if not hours:
        return texts("unit.min", n=minutes)
    return texts("incident.span", h=f"{hours:,}", m=minutes) if minutes else texts("unit.h", n=f"{hours:,}")


async def tried(request: Request, number: str, form: Form, do: Any) -> Response:
    """Do one thing to an incident and show it."""
    return await stepped(request, form, do, lambda why: _one(request, number, why, form), f"/incidents/{number}")


@router.post("/incidents/{number}/acts", dependencies=_REPORT)
async def act_on(request: Request, number: str) -> Response:
    form = await sent(request)
    asked = form.text("act")
    if asked not in set(Deed):
        return await _one(request, number, (Why.NOT_IN_THIS_STATE,), form)
    desk, person = context_of(request).service_desk, who(request)
    log.info("incident step asked for", incident=number, act=asked, by=person.name)
    return await tried(
        request, number, form, lambda act: desk.do(act, person, number, Deed(asked), wish_of(form), version_of(form))
    )


def wish_of(form: Form) -> Wish:
    line, score = form.text("line"), form.text("score")
    return Wish(
        form.text("text"), form.text("to"), int(line) if line in ("1", "2", "3") else 0, form.text("code"),
        form.text("vendor"), int(score) if score in ("1", "2", "3", "4", "5") else None,
    )  # fmt: skip


def version_of(form: Form) -> int | None:
    text = form.text("version")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


@router.post("/incidents/{number}/edit", dependencies=_WORK)
async def edit(request: Request, number: str) -> Response:
    form, person = await sent(request), who(request)
    desk, said = context_of(request).service_desk, {name: form.text(name) for name in FIELDS if name in form.sent}
    major = form.text("major") == "yes" if "major" in form.sent else None
    return await tried(
        request, number, form,
        lambda act: desk.edit(act, person, number, said, major=major, version=version_of(form)),
    )  # fmt: skip


@router.post("/incidents/{number}/links", dependencies=_WORK)
async def link(request: Request, number: str) -> Response:
    """Link it; `act` unlink: take the link back."""
    form, person, desk = await sent(request), who(request), context_of(request).service_desk
    do = desk.unlink if form.text("act") == "unlink" else desk.link
    return await tried(
        request, number, form, lambda act: do(act, person, number, form.text("kind"), form.text("reference"))
    )


@router.post("/incidents/{number}/parent", dependencies=_WORK)
async def set_parent(request: Request, number: str) -> Response:
    form, person, desk = await sent(request), who(request), context_of(request).service_desk
    return await tried(
        request, number, form, lambda act: desk.set_parent(act, person, number, form.text("parent"))
    )  # fmt: skip


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _items(value: Any) -> list[dict[str, Any]]:
    """The items of a finding as its incident recorded them, those that can be shown."""
    listed = value if isinstance(value, list) else []
    return [
        _whole(each) for each in listed if isinstance(each, dict) and {"section", "key", "old", "new"} <= each.keys()
    ]


def _whole(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item with its values under the name of the field that moved, where it is one."""
    field = item.get("field")
    return item | {side: {field: item[side]} for side in ("old", "new")} if field else item
