"""Results and rules: what every rule says of every CI, and what the rules are."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.api.access import requires
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services import alert_explained, inspections, rules
from collector.services.incidents import acknowledging
from collector.services.inspections import ResultRow
from collector.store.browse.alerts import AlertQuery
from collector.store.browse.page import Window
from collector.web import units
from collector.web.catalogue import SHORT, Texts
from collector.web.forms import Form
from collector.web.list_page import ListPage
from collector.web.listing import Column, Listing, Spec
from collector.web.render import page
from collector.web.sending import sent, was_done
from collector.web.viewer import Viewer, viewer_of

router = APIRouter(include_in_schema=False)
_READ = [requires(Permission.RULES_READ)]
_WORK = [requires(Permission.INCIDENTS_WORK)]

COLUMNS = (
    Column("outcome"), Column("rule"), Column("ci"), Column("instance"), Column("says"), Column("since"),
    Column("ack", shown=False),
)  # fmt: skip
SEEN = {"nobody": False, "somebody": True}
"""Whether somebody has said to have seen what fires."""


def _query(_: Request, asked: Listing) -> AlertQuery:
    seen = asked.chosen["ack"]
    is_seen = SEEN[seen[0]] if len(seen) == 1 else None
    return AlertQuery(asked.chosen["outcome"], asked.chosen["rule"], asked.q, is_seen=is_seen)


def _cells(row: ResultRow, texts: Texts) -> dict[str, object]:
    alert = row.alert
    return {
        "outcome": texts.label("outcome", alert.outcome), "ci": alert.ci.name, "instance": alert.instance,
        "rule": texts.own(row.rule.title) if row.rule else alert.rule,
        "says": row.sentence(SHORT[texts.language]) or alert.reason, "since": units.exact(alert.since),
        "ack": f"{alert.ack.who}: {alert.ack.reason}" if alert.ack else "",
    }  # fmt: skip


def _list(request: Request) -> ListPage[AlertQuery, ResultRow]:
    """The rules one may choose are those of the rulebook."""
    known = context_of(request).rulebook.rules
    spec = Spec("/results", COLUMNS, {"outcome": inspections.OUTCOMES, "ack": tuple(SEEN), "rule": tuple(known)})
    return ListPage(
        spec, _query, lambda connection, query, window: inspections.listed(connection, known, query, window), _cells
    )  # fmt: skip


@router.get("/results", dependencies=_READ)
async def results_page(request: Request) -> Response:
    known = context_of(request).rulebook.rules

    async def beside(connection: AsyncConnection, viewer: Viewer, _: Listing) -> dict[str, Any]:
        titles = {name: viewer.texts.own(rule.rule.title) for name, rule in known.items()}
        counts = await inspections.by_outcome(connection)
        unseen = await inspections.unseen(connection)
        return {"titles": titles, "counts": counts, "unseen": unseen, "language": SHORT[viewer.texts.language]}

    return await _list(request).page(request, "results.html", beside)


@router.get("/results.csv", dependencies=_READ)
async def results_csv(request: Request) -> Response:
    return _list(request).csv(request)


@router.get("/results/{rule_id}/{uid}", dependencies=_READ)
async def alert_page(request: Request, rule_id: str, uid: str, instance: str | None = None) -> HTMLResponse:
    return await _alert(request, rule_id, uid, instance, Form({}))


async def _alert(request: Request, rule_id: str, uid: str, instance: str | None, form: Form) -> HTMLResponse:
    context = context_of(request)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await alert_explained.explained(connection, context.rulebook.rules, rule_id, uid, viewer.now, instance)
    return page(viewer, "alert.html", 200 if form.is_right else 400, found=found, form=form)


@router.post("/results/{rule_id}/{uid}/seen", dependencies=_WORK)
async def acknowledge(request: Request, rule_id: str, uid: str) -> Response:
    """Say that one has seen an alert, or take that back."""
    form = await sent(request)
    do = acknowledging.withdraw if form.text("act") == "withdraw" else acknowledging.acknowledge
    said = (rule_id, uid, next(iter(form.texts("instance")), ""), form.text("reason"))
    if not await was_done(request, form, lambda act: do(act, *said), {"reason": "form.required"}):
        return await _alert(request, rule_id, uid, None, form)
    return RedirectResponse(f"/results/{quote(rule_id)}/{quote(uid)}", 303)


@router.get("/rules", dependencies=_READ)
async def rules_page(request: Request) -> HTMLResponse:
    context = context_of(request)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await rules.listed(connection, context.rulebook.rules)
    return page(viewer, "rules.html", rules=found)


@router.get("/rules/{rule_id}", dependencies=_READ)
async def rule_page(request: Request, rule_id: str) -> HTMLResponse:
    context = context_of(request)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await rules.one(connection, context.rulebook.rules, rule_id)
        query = AlertQuery(("PROBLEM", "UNKNOWN", "ERROR"), (rule_id,))
        results = await inspections.listed(connection, context.rulebook.rules, query, Window(50))
    return page(viewer, "rule.html", row=found, results=results, language=SHORT[viewer.texts.language])
