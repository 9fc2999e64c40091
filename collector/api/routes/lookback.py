"""`/api/v1/backtests` and `/log-only`: the past judged by other terms, and where findings open no incident."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request

from collector.api import asking, lookback_shapes
from collector.api.access import requires
from collector.api.context import context_of
from collector.api.shapes import CiName, instant
from collector.modes import LogOnly
from collector.security.roles import Permission
from collector.services import cis
from collector.services.lookback import lanes
from collector.services.lookback.asked import WIDEST_MIN, Asked, asked_of
from collector.services.lookback.moments import moment_of
from collector.services.lookback.report import Report, Row
from collector.services.refused import Refused
from collector.yamlfile import MAX_BYTES

router = APIRouter(tags=["findings"])
Minutes = Annotated[
    int | None, Query(ge=0, le=WIDEST_MIN, description="a margin in minutes; as it is now when left out")
]
Time = Annotated[str | None, Query(max_length=40)]
_TOO_LARGE: Final = f"a table of at most {MAX_BYTES} bytes is expected"


@router.post(
    "/backtests", operation_id="backtest", response_model=lookback_shapes.Backtest,
    dependencies=[requires(Permission.CHANGES_GOVERN)],
)  # fmt: skip
async def backtest(
    request: Request,
    start: Annotated[str, Query(alias="from", max_length=40)],
    end: Annotated[str | None, Query(alias="to", max_length=40)] = None,
    pre: Minutes = None,
    post: Minutes = None,
    reach: Minutes = None,
) -> object:
    """Judge what moved in a past period by what is known now and other terms; nothing is written.

    The body is a table of attributes (YAML, as `rules/attributes.yaml`); empty: the present one.
    """
    context = context_of(request)
    named = {"pre": pre, "post": post, "reach": reach}
    now = context.clock()
    ends = asking.moment(end, "to")
    asked: Asked = asked_of(
        asking.moment(start, "from") or 0, now if ends is None else ends, await _text(request),
        {name: value for name, value in named.items() if value is not None}, now,
    )  # fmt: skip
    return _shape(await context.backtests.run(context.store, asked, now))


async def _text(request: Request) -> str:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BYTES:
            raise Refused(_TOO_LARGE, "policy")
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise Refused("UTF-8 is expected", "policy") from None


def _shape(report: Report) -> lookback_shapes.Backtest:
    counts = [lookback_shapes.Count(was=was, would_be=would, count=count) for was, would, count in report.counts]
    return lookback_shapes.Backtest(
        start=instant(report.start), end=instant(report.end), cis=report.cis, items=report.items,
        flagged=report.flagged, would_flag=report.would_flag, differing=report.differing, counts=counts,
        rows=[_moved(each) for each in report.rows],
    )  # fmt: skip


def _moved(row: Row) -> lookback_shapes.Moved:
    item = row.item
    return lookback_shapes.Moved(
        ci=CiName.model_validate(row.ci), section=item.path.section, key=item.path.key,
        field=item.field, source=item.source, last_before_at=instant(item.lo),
        first_after_at=instant(item.hi), before=item.old, after=item.new, was=str(row.was or ""),
        would_be=str(row.would_be or ""), change=row.change,
    )  # fmt: skip


@router.get(
    "/log-only", operation_id="listLogOnly", response_model=list[lookback_shapes.LogOnly],
    dependencies=[requires(Permission.FINDINGS_READ)],
)  # fmt: skip
async def list_log_only(request: Request) -> tuple[LogOnly, ...]:
    """List where findings open no incident now, until when and why."""
    context = context_of(request)
    return context.modes.active(context.clock())


@router.get(
    "/cis/{uid}/lanes", operation_id="getCiLanes", response_model=lookback_shapes.Lanes,
    dependencies=[requires(Permission.CIS_READ)],
)  # fmt: skip
async def get_lanes(
    request: Request,
    uid: str,
    section: Annotated[asking.Word, Query()],
    key: Annotated[str, Query(max_length=4096)],
    at: Time = None,
    known_at: Time = None,
) -> object:
    """Get one value in every lane, now or as of a moment (as far as it was known at another)."""
    context = context_of(request)
    moment = moment_of(asking.moment(at, "at"), asking.moment(known_at, "known_at"), context.clock())
    async with context.store.read() as connection:
        ci = await cis.one(connection, uid)
        return await lanes.at(connection, ci.id, section, key, moment)
