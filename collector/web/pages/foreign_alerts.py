"""Alerts of other systems that stand: the list, one of them, and the word of a person on which CI it is about."""

from __future__ import annotations

from typing import Final

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from collector.api.access import requires
from collector.api.context import context_of
from collector.security.audit import Act
from collector.security.roles import Permission
from collector.services.changes import picking
from collector.services.inbound import assigning, listed
from collector.services.inbound.listed import ForeignQuery, ForeignRow
from collector.store.browse.ref import CiRef
from collector.web import units
from collector.web.catalogue import Texts
from collector.web.forms import Form
from collector.web.list_page import ListPage
from collector.web.listing import Column, Listing, Spec
from collector.web.render import page
from collector.web.sending import attempt, sent, was_done
from collector.web.viewer import viewer_of
from collector.web.words import SEVERITIES

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False)
_READ = [requires(Permission.INCIDENTS_READ)]
_WORK = [requires(Permission.INCIDENTS_WORK)]
PATH: Final = "/foreign-alerts"
PICKED: Final = 12
"""CIs that are offered for a word; who does not find theirs among them types more of it."""
UNBOUND, BOUND = "unbound", "bound"
FAMILIES: Final = {"bound": "foreign_bound", "severity": "severity"}
SPEC: Final = Spec(
    PATH,
    (
        Column("severity"), Column("foreign_title"), Column("source"), Column("foreign_kind"), Column("foreign_names"),
        Column("ci"), Column("since"), Column("told", shown=False),
    ),
    {"bound": (UNBOUND, BOUND), "severity": SEVERITIES},
)  # fmt: skip
MARKS: Final = {"ci": "foreign.no_ci"}
DONE: Final = ("forgotten",)


def _query(_: Request, asked: Listing) -> ForeignQuery:
    which = asked.chosen["bound"]
    return ForeignQuery(asked.chosen["severity"], bound=which[0] == BOUND if len(which) == 1 else None, q=asked.q)


def _cells(row: ForeignRow, texts: Texts) -> dict[str, object]:
    its = row.kept.alert
    return {
        "severity": texts.label("severity", its.severity), "foreign_title": its.title, "source": its.source,
        "foreign_kind": its.name, "foreign_names": " ".join(f"{kind}={said}" for kind, said in its.names.items()),
        "ci": row.ci.name if row.ci else "", "since": units.exact(its.started_at),
        "told": units.exact(row.kept.seen_at),
    }  # fmt: skip


LIST: Final = ListPage(SPEC, _query, listed.list_foreign, _cells)


@router.get(PATH, dependencies=_READ)
async def alerts_page(request: Request) -> Response:
    return await LIST.page(request, "foreign_alerts.html", families=FAMILIES)


@router.get(f"{PATH}.csv", dependencies=_READ)
async def alerts_csv(request: Request) -> Response:
    return LIST.csv(request)


@router.get(f"{PATH}/labels", dependencies=_READ)
async def labels_page(request: Request) -> Response:
    """Show what people said of labels."""
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        found = await assigning.listed(connection)
    done = request.query_params.get("done", "")
    return page(viewer, "foreign_labels.html", labels=found, done=done if done in DONE else "")


@router.post(f"{PATH}/labels/{{number}}/forget", dependencies=_WORK)
async def forget_label(request: Request, number: int) -> Response:
    form = await sent(request)
    await was_done(request, form, lambda act: assigning.forget_label(act, number), {})
    log.info("label of alerts forgotten", label=number, by=request.state.principal.name)
    return RedirectResponse(f"{PATH}/labels?done=forgotten", 303)


@router.get(f"{PATH}/{{number}}", dependencies=_READ)
async def alert_page(request: Request, number: int) -> Response:
    return await _one(request, number, Form({}))


async def _one(request: Request, number: int, form: Form, offered: tuple[CiRef, ...] = ()) -> Response:
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
        row = await listed.one(connection, number)
    done = request.query_params.get("done", "")
    return page(
        viewer, "foreign_alert.html", 200 if form.is_right else 400, row=row, kept=row.kept, alert=row.kept.alert,
        form=form, offered=offered, labels=listed.labels_of(row.kept),
        done=int(done) if done.isascii() and done.isdecimal() and len(done) < 7 else 0,
    )  # fmt: skip


async def _offered(request: Request, form: Form) -> tuple[CiRef, ...]:
    """Return the CIs somebody may mean who has chosen none yet."""
    if form.text("ci") or not form.text("device"):
        return ()
    async with context_of(request).store.read() as connection:
        return await picking.matching(connection, form.text("device"), PICKED)


@router.post(f"{PATH}/{{number}}", dependencies=_WORK)
async def bind(request: Request, number: int) -> Response:
    """Say which CI it is about; a word that names more than one CI, or none, comes back with those it may mean."""
    form = await sent(request)
    uid, offered = form.text("ci"), await _offered(request, form)
    if not uid:
        if len(offered) != 1:
            form.mark("device", "foreign.many" if offered else "foreign.no_ci")
            return await _one(request, number, form, offered)
        uid = offered[0].uid
    inbox, label = context_of(request).inbox, form.text("label")

    async def said(act: Act) -> int:
        if label:
            return await assigning.bind_label(act, inbox, number, label, uid)
        await assigning.bind(act, inbox, number, uid)
        return 1

    count = await attempt(request, form, said, MARKS)
    if count is None:
        return await _one(request, number, form, offered)
    log.info("alert bound", alert=number, ci=uid, by=request.state.principal.name)
    return RedirectResponse(f"{PATH}/{number}?done={count}", 303)
