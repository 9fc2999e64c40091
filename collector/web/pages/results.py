"""Results and rules: what every rule says of every CI, and what the rules are."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from collector.api.access import requires
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services import alert_explained, inspections, rules
from collector.services.inspections import ResultRow
from collector.store.browse.alerts import AlertQuery
from collector.store.browse.page import Window
from collector.web import csvfile, units
from collector.web.catalogue import SHORT
from collector.web.listing import Column, Listing, Spec, everything, read
from collector.web.render import page
from collector.web.viewer import texts_of, viewer_of

router = APIRouter(include_in_schema=False, dependencies=[requires(Permission.RULES_READ)])

COLUMNS = (Column("outcome"), Column("rule"), Column("ci"), Column("instance"), Column("says"), Column("since"))


def _asked(request: Request) -> Listing:
    """The rules one may choose are those of the rulebook."""
    offered = {"outcome": inspections.OUTCOMES, "rule": tuple(context_of(request).rulebook.rules)}
    return read(Spec("/results", COLUMNS, offered), request)


def _query(asked: Listing) -> AlertQuery:
    return AlertQuery(asked.chosen["outcome"], asked.chosen["rule"], asked.q)


@router.get("/results")
async def results_page(request: Request) -> Response:
    context = context_of(request)
    asked = _asked(request)
    if shorter := asked.shorter(request):
        return RedirectResponse(shorter, 303)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await inspections.listed(connection, context.rulebook.rules, _query(asked), asked.window)
        counts = await inspections.by_outcome(connection)
    titles = {name: viewer.texts.own(rule.rule.title) for name, rule in context.rulebook.rules.items()}
    return page(
        viewer, "results.html", listing=asked.of(found), counts=counts, titles=titles,
        language=SHORT[viewer.texts.language],
    )  # fmt: skip


@router.get("/results.csv")
async def results_csv(request: Request) -> Response:
    context = context_of(request)
    asked, texts = _asked(request), texts_of(request, request.state.principal)

    def row(each: ResultRow) -> list[object]:
        alert = each.alert
        title = texts.own(each.rule.title) if each.rule else alert.rule
        says = each.sentence(SHORT[texts.language]) or alert.reason
        outcome = texts.label("outcome", alert.outcome)
        return [outcome, title, alert.ci.name, alert.instance, says, units.exact(alert.since)]

    rows = everything(
        context.store,
        lambda connection, window: inspections.listed(connection, context.rulebook.rules, _query(asked), window),
        row,
    )
    return csvfile.answer("results", asked.head(texts), rows)


@router.get("/results/{rule_id}/{uid}")
async def alert_page(request: Request, rule_id: str, uid: str, instance: str | None = None) -> HTMLResponse:
    context = context_of(request)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await alert_explained.explained(connection, context.rulebook.rules, rule_id, uid, viewer.now, instance)
    return page(viewer, "alert.html", found=found)


@router.get("/rules")
async def rules_page(request: Request) -> HTMLResponse:
    context = context_of(request)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await rules.listed(connection, context.rulebook.rules)
    return page(viewer, "rules.html", rules=found)


@router.get("/rules/{rule_id}")
async def rule_page(request: Request, rule_id: str) -> HTMLResponse:
    context = context_of(request)
    async with context.store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await rules.one(connection, context.rulebook.rules, rule_id)
        query = AlertQuery(("PROBLEM", "UNKNOWN", "ERROR"), (rule_id,))
        results = await inspections.listed(connection, context.rulebook.rules, query, Window(50))
    return page(viewer, "rule.html", row=found, results=results, language=SHORT[viewer.texts.language])
