"""Findings: the list, one of them, and the list as CSV."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from collector.api.access import requires
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services import findings
from collector.services.missing import NotFound
from collector.store.browse.findings import FindingQuery, FindingRow
from collector.web import csvfile, units
from collector.web.listing import Column, Listing, Spec, everything, read
from collector.web.render import page
from collector.web.viewer import texts_of, viewer_of

router = APIRouter(include_in_schema=False, dependencies=[requires(Permission.FINDINGS_READ)])

SPEC = Spec(
    "/findings",
    (Column("finding"), Column("ci"), Column("what"), Column("verdict"), Column("between"), Column("opened")),
    {"state": ("open", "closed")},
)


def _query(asked: Listing) -> FindingQuery:
    return FindingQuery(asked.chosen["state"], q=asked.q)


@router.get("/findings")
async def findings_page(request: Request) -> Response:
    asked = read(SPEC, request)
    if shorter := asked.shorter(request):
        return RedirectResponse(shorter, 303)
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await findings.listed(connection, _query(asked), asked.window)
    return page(viewer, "findings.html", listing=asked.of(found))


@router.get("/findings.csv")
async def findings_csv(request: Request) -> Response:
    asked, texts = read(SPEC, request), texts_of(request, request.state.principal)

    def row(each: FindingRow) -> list[object]:
        what = "; ".join(f"{texts.label('section', item.section)} {item.key}" for item in each.items)
        between = f"{units.exact(each.lo)} – {units.exact(each.hi)}"
        verdict = texts.label("verdict", each.verdict)
        return [each.id, each.ci.name, what, verdict, between, units.exact(each.opened_at)]

    rows = everything(
        context_of(request).store,
        lambda connection, window: findings.listed(connection, _query(asked), window),
        row,
    )
    return csvfile.answer("findings", asked.head(texts), rows)


@router.get("/findings/{number}")
async def finding_page(request: Request, number: str) -> HTMLResponse:
    if not (number.isascii() and number.isdecimal() and len(number) <= 15):
        raise NotFound("finding", number)
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await findings.one(connection, int(number))
        raised = await findings.incident_of(connection, found)
    return page(viewer, "finding.html", finding=found, rows=findings.rows(found), incident=raised)
