"""A past period judged by other terms: what is asked, and what would have been flagged."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from collector.api.access import requires
from collector.api.context import context_of
from collector.security.roles import Permission
from collector.services.lookback.asked import MARGINS, WIDEST_MIN, Asked, asked_of
from collector.services.lookback.report import Report
from collector.services.refused import Refused
from collector.web import units
from collector.web.forms import Form
from collector.web.render import page
from collector.web.sending import sent
from collector.web.viewer import viewer_of

router = APIRouter(include_in_schema=False, dependencies=[requires(Permission.CHANGES_GOVERN)])
DAYS = 30
"""The period that is offered first."""


@router.get("/findings/backtest")
async def backtest_page(request: Request) -> Response:
    now = context_of(request).clock()
    form = Form({"from": [units.field_text(now - DAYS * 86_400_000)], "to": [units.field_text(now)]})
    return await _shown(request, form, None)


@router.post("/findings/backtest")
async def run_backtest(request: Request) -> Response:
    """Judge the period; what is not right comes back with why."""
    context, form = context_of(request), await sent(request)
    asked = _asked(form, context.clock())
    report = None
    try:
        report = await context.backtests.run(context.store, asked, context.clock()) if asked else None
    except Refused as error:
        form.refused = str(error)
    return await _shown(request, form, report)


def _asked(form: Form, now: int) -> Asked | None:
    """Return what is asked for, None where the form is not right; it then says why."""
    start, end = (units.read_field(form.text(name)) for name in ("from", "to"))
    for name, at in (("from", start), ("to", end)):
        if at is None:
            form.mark(name, "backtest.time")
    minutes = {name: each for name in MARGINS if (each := _minutes(form, name)) is not None}
    if start is None or end is None or not form.is_right:
        return None
    try:
        return asked_of(start, end, form.text("policy"), minutes, now)
    except Refused as error:
        form.refused = str(error)
        return None


def _minutes(form: Form, name: str) -> int | None:
    typed = form.text(name)
    if not typed:
        return None
    if not (typed.isascii() and typed.isdecimal() and len(typed) <= 6 and int(typed) <= WIDEST_MIN):
        form.mark(name, "backtest.minutes", most=WIDEST_MIN)
        return None
    return int(typed)


async def _shown(request: Request, form: Form, report: Report | None) -> Response:
    async with context_of(request).store.read() as connection:
        viewer = await viewer_of(request, connection)
    status = 200 if form.is_right else 400
    return page(viewer, "backtest.html", status, form=form, report=report, margins=MARGINS)
