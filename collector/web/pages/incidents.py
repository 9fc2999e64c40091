"""Incidents: the list, one of them, and the list as CSV."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from collector.api.access import requires
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services.incidents import listed as incidents
from collector.store.browse.incidents import IncidentQuery, IncidentRow
from collector.web import csvfile, units
from collector.web.listing import Column, Listing, Spec, everything, read
from collector.web.render import page
from collector.web.viewer import texts_of, viewer_of
from collector.web.words import INCIDENT_KINDS, SEVERITIES

router = APIRouter(include_in_schema=False, dependencies=[requires(Permission.INCIDENTS_READ)])

SPEC = Spec(
    "/incidents",
    (
        Column("number"),
        Column("severity"),
        Column("title"),
        Column("ci"),
        Column("kind"),
        Column("state"),
        Column("opened"),
    ),
    {"state": ("open", "resolved"), "severity": SEVERITIES, "kind": INCIDENT_KINDS},
)


def _query(asked: Listing) -> IncidentQuery:
    chosen = asked.chosen
    return IncidentQuery(chosen["state"], chosen["severity"], chosen["kind"], asked.q)


@router.get("/incidents")
async def incidents_page(request: Request) -> Response:
    asked = read(SPEC, request)
    if shorter := asked.shorter(request):
        return RedirectResponse(shorter, 303)
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await incidents.listed(connection, _query(asked), asked.window)
    return page(viewer, "incidents.html", listing=asked.of(found))


@router.get("/incidents.csv")
async def incidents_csv(request: Request) -> Response:
    asked, texts = read(SPEC, request), texts_of(request, request.state.principal)

    def row(each: IncidentRow) -> list[object]:
        kind, state = texts.label("incident_kind", each.kind), texts.label("incident_state", each.state)
        severity, opened = texts.label("severity", each.severity), units.exact(each.opened_at)
        ci = each.ci.name if each.ci else ""
        return [each.number, severity, texts.own(each.title), ci, kind, state, opened]

    rows = everything(
        context_of(request).store,
        lambda connection, window: incidents.listed(connection, _query(asked), window),
        row,
    )
    return csvfile.answer("incidents", asked.head(texts), rows)


@router.get("/incidents/{number}")
async def incident_page(request: Request, number: str) -> HTMLResponse:
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await incidents.one(connection, number)
        told = await incidents.told(connection, found)
    detail = found.detail
    return page(
        viewer,
        "incident.html",
        incident=found,
        told=told,
        rule=detail.get("rule"),
        rule_title=_mapping(detail.get("rule_title")),
        instance=detail.get("instance"),
        category=detail.get("category"),
        finding=detail.get("finding"),
        credential=_mapping(detail.get("credential")),
        run=_mapping(detail.get("run")),
        refused_by=detail.get("refused_by") or [],
        evidence=_mapping(detail.get("evidence")),
        runbook=_mapping(detail.get("runbook")),
        items=_items(detail.get("items")),
        more=detail.get("more"),
    )


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
